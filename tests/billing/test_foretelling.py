"""Before a program is published its page says what that means to who has a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from billing.addons import add_on_preview, add_on_set
from billing.models import Subscription
from billing.plans import plan_named
from loyalty.definition.read import document_shape
from loyalty.drafts import draft_replace
from loyalty.models import Program
from loyalty.publishing import draft_foretold
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.backoffice.sent import told as text_of
from tests.backoffice.test_pages import path_of
from tests.billing.cast import MONTHLY, YEARLY, Club, document
from tests.billing.desk import Entered, entered
from tests.billing.test_addons import MAX, PLUS, TOP
from tests.loyalty import shop

__all__ = ["entered"]
Json = dict[str, Any]


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[PLUS, MAX, TOP])
    brand.clock_shift = shift


def drafted(club: Club, *plans: Json) -> list[str]:
    """What is said of a draft with these plans."""
    program = Program.objects.get(pk=club.program.pk)
    terms = document(plans=list(plans))
    terms["rules"], terms["sections"]["benefits"] = [], {"benefits": []}
    draft_replace(
        program=program, document=document_shape(terms), expected_revision=program.draft_revision, actor=shop.STAFF
    )
    return draft_foretold(Program.objects.get(pk=program.pk))


def priced(plan: Json, *prices: Json) -> Json:
    return {**deepcopy(plan), "charge": {**plan["charge"], "prices": list(prices)}}


def members(club: Club) -> Subscription:
    """Three on Plus, one of them by the year and one with an add-on."""
    club.joined(club.somebody("Bea"))
    club.joined(club.somebody("Cas"), price="year-EUR")
    club.somebody("Test", is_test=True)
    row = club.joined(club.somebody("Ann"))
    extra = plan_named("extra")
    shown = add_on_preview(subscription=row, add_on=extra, quantity=1)
    return add_on_set(
        subscription=row, add_on=extra, quantity=1, shown_at=shown.shown_at, due_minor=shown.due_minor, actor=shop.STAFF
    )


def test_who_has_a_plan_that_isnt_sold_any_more_keeps_it_and_so_it_is_said(club: Club) -> None:
    members(club)
    assert drafted(club, PLUS, MAX, TOP) == []
    gone = ["Plus can’t be joined any more. 3 members who have it keep it."]
    alone = {**TOP, "charge": {**TOP["charge"], "to": ["max"]}}
    assert drafted(club, MAX, alone) == gone
    assert drafted(club, {**PLUS, "offered": False}, MAX, TOP) == gone
    assert drafted(club, PLUS, MAX) == ["Another box can’t be joined any more. 1 member who has it keeps it."]
    # Nobody has it.
    assert drafted(club, PLUS, {**TOP, "charge": {**TOP["charge"], "to": ["plus"]}}) == []


def test_who_pays_a_price_that_is_replaced_goes_on_paying_it_and_so_it_is_said(club: Club) -> None:
    members(club)
    dearer = {**MONTHLY, "amount_minor": 1200}
    assert drafted(club, priced(PLUS, dearer, YEARLY), MAX, TOP) == [
        "Plus has another price for who joins from now on. 2 members go on paying what they pay."
    ]
    assert drafted(club, priced(PLUS, MONTHLY), MAX, TOP) == [
        "Plus has another price for who joins from now on. 1 member goes on paying what they pay."
    ]
    with translation.override("nl"):
        [sentence] = drafted(club, priced(PLUS, dearer, YEARLY), MAX, TOP)
    assert sentence.startswith("Plus heeft een andere prijs voor wie vanaf nu lid wordt. 2 leden")


def test_it_stands_on_the_page_on_which_one_publishes(club: Club, entered: Entered) -> None:
    members(club)
    sentence = "Plus can’t be joined any more. 3 members who have it keep it."
    drafted(club, {**PLUS, "offered": False}, MAX, TOP)
    shown = text_of(entered("owner").get(path_of("loyalty_program_publish", club.program.pk)))
    assert sentence in shown
    drafted(club, PLUS, MAX, TOP)
    assert sentence not in text_of(entered("owner").get(path_of("loyalty_program_publish", club.program.pk)))
