"""What a member is written about their plan, and what of it is true when it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from billing.leaving import subscription_cancel, subscription_keep
from billing.models import PlanPrice, Subscription
from billing.noticing import notices_sweep
from core.outbox import outbox_drain
from members.models import Member
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import MONTHLY, YEARLY, Club
from tests.billing.test_behaviours_changes import bad_card
from tests.loyalty import shop

TRIAL: dict[str, Any] = {
    "code": "trial", "name": "Trial",
    "charge": {
        "kind": "recurring", "trial": {"days": 14},
        "prices": [MONTHLY, {**YEARLY, "amount_minor": 9000}],
    },
}  # fmt: skip


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), begins="2027-01-05T09:00", plans=[TRIAL])
    brand.clock_shift = shift


def letters(who: Member) -> list[tuple[str, str]]:
    """Subjects and texts, since the last time."""
    for _round in range(5):
        outbox_drain()
    found = [(str(each.subject), str(each.body)) for each in mail.outbox if each.to == [who.email]]
    mail.outbox.clear()
    return found


def paying(club: Club, language: str) -> tuple[Member, Subscription]:
    ann = club.somebody(email="ann@example.com", language=language)
    row = club.joined(ann, "trial")
    club.advance(days=15)
    club.settle()
    letters(ann)
    return ann, row


@pytest.mark.parametrize(
    ("language", "subject", "text"),
    [
        ("en", "Trial ends on 19 February 2027", "Trial ends on 19 February 2027 and isn’t renewed."),
        ("nl", "Trial eindigt op 19 februari 2027", "Trial eindigt op 19 februari 2027 en wordt niet verlengd."),
    ],
)
def test_who_leaves_is_written_when_it_ends_each_time_that_they_ask(
    club: Club, language: str, subject: str, text: str
) -> None:
    ann, row = paying(club, language)
    for _time in range(2):
        subscription_cancel(subscription=row, actor=shop.PARTNER)
        # A second click, and what Stripe tells of it, say nothing new.
        subscription_cancel(subscription=row, actor=shop.PARTNER)
        club.settle()
        [letter] = letters(ann)
        assert (letter[0], text in letter[1]) == (subject, True), letter
        subscription_keep(subscription=row, actor=shop.PARTNER)
        club.settle()
        assert letters(ann) == []
        club.advance(days=1)


@pytest.mark.parametrize(
    ("language", "subject", "owed", "button"),
    [
        ("en", "Your payment for Trial didn’t go through", "We couldn’t charge €10", "Pay or give another card"),
        ("nl", "Je betaling voor Trial is niet gelukt", "€\u00a010", "Betaal of geef een andere kaart"),
    ],
)
def test_who_couldnt_be_charged_is_written_what_is_owed_and_where_to_pay_it(
    club: Club, language: str, subject: str, owed: str, button: str
) -> None:
    ann, _row = paying(club, language)
    bad_card(club, ann)
    letters(ann)
    club.advance(days=32)
    club.settle()
    [letter] = [text for title, text in letters(ann) if title == subject][:1]
    assert owed in letter
    assert f"{button}:\nhttp://" in letter


def test_what_was_taken_back_before_the_letter_went_isnt_written(club: Club) -> None:
    ann, row = paying(club, "en")
    subscription_cancel(subscription=row, actor=shop.PARTNER)
    subscription_keep(subscription=row, actor=shop.PARTNER)
    assert letters(ann) == []


def test_who_leaves_at_once_is_written_that_it_has_ended_alone(club: Club) -> None:
    ann, row = paying(club, "en")
    subscription_cancel(subscription=row, when="now", actor=shop.PARTNER)
    club.settle()
    assert [subject for subject, _text in letters(ann)] == ["Trial has ended"]


def test_a_trials_letter_says_amount_and_period_of_the_change_that_is_kept(club: Club) -> None:
    ann = club.somebody(email="ann@example.com")
    row = club.joined(ann, "trial")
    year = PlanPrice.objects.get(plan=row.plan, every="year", replaced_at=None)
    Subscription.objects.filter(pk=row.pk).update(kept_price=year)
    club.advance(days=12)
    letters(ann)
    notices_sweep()
    [letter] = [text for subject, text in letters(ann) if "trial" in subject.lower()]
    assert "From then on it costs €90 a year." in letter
