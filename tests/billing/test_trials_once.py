"""A trial is had once by a member, whatever pages were open in whatever groups of plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from billing import joining
from billing.models import Checkout, Subscription
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import SECTION, Club

OTHER: dict[str, Any] = {**deepcopy(SECTION["plans"][3]), "code": "other", "name": "Other", "group": "others"}


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[*SECTION["plans"], OTHER])
    brand.clock_shift = shift


def test_a_page_with_a_trial_closes_the_one_of_another_group(club: Club) -> None:
    ann = club.somebody()
    first = club.join(ann, "trial")
    second = club.join(ann, "other")
    assert club.press(first.url).status != 303
    assert club.press(second.url).status == 303
    club.settle()
    assert [each.plan.code for each in Subscription.objects.filter(member=ann)] == ["other"]


def test_a_page_without_a_trial_leaves_that_of_another_group_open(club: Club) -> None:
    ann = club.somebody()
    first = club.join(ann, "trial")
    club.join(ann, "plus")
    assert club.press(first.url).status == 303


def test_a_second_trial_that_was_paid_for_all_the_same_is_ended_and_charges_nothing(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = club.somebody(email="ann@example.com")
    monkeypatch.setattr(joining, "pages_close", lambda *_given, **_more: None)
    pages = [club.join(ann, "trial"), club.join(ann, "other")]
    assert [club.press(each.url).status for each in pages] == [303, 303]
    club.settle()
    rows = {each.plan.code: each for each in Subscription.objects.filter(member=ann)}
    assert (rows["trial"].billing, rows["trial"].duplicate) == ("trialing", False)
    assert (rows["other"].billing, rows["other"].duplicate, rows["other"].access) == ("canceled", True, "none")
    [letter] = [each for each in mail.outbox if "Other" in each.subject]
    assert letter.subject == "Your trial of Other didn’t begin"
    club.advance(days=15)
    club.settle()
    assert club.charged() == 1000


def test_the_page_that_brought_a_second_trial_says_so(
    club: Club, client_for: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    from billing.returning import checkout_return, trial_refused

    ann = club.somebody()
    monkeypatch.setattr(joining, "pages_close", lambda *_given, **_more: None)
    pages = [club.join(ann, "trial"), club.join(ann, "other")]
    for each in pages:
        club.press(each.url)
    named = [each.checkout.stripe_id for each in pages if each.checkout is not None]
    found = [checkout_return(member=ann, session=each) for each in named]
    assert [trial_refused(each) for each in found] == [False, True]
    assert {each.state for each in Checkout.objects.all()} == {"complete"}
