"""A change that is planned for the period's end outlives what was asked for in its place and came to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing import acting, operations, planned
from billing.api.shapes import subscription_out
from billing.cards import card_change
from billing.changing import subscription_preview
from billing.errors import NotPossibleNow, PaymentNeeded, StripeRefused, StripeUnavailable
from billing.leaving import subscription_cancel
from billing.models import Subscription
from billing.planned import changes_put_back
from billing.plans import plan_named
from billing.selectors import subscription_named
from loyalty.drafts import section_put
from loyalty.publishing import program_publish
from members.models import Member
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import GOOD, MONTHLY, SECTION, Club
from tests.billing.test_behaviours_changes import MEMBER, bad_card, upgrade
from tests.conftest import ClientFor
from tests.loyalty import shop

LITE: dict[str, Any] = {
    "code": "lite", "name": "Lite", "level": 0,
    "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 500}]},
}  # fmt: skip
GRAND: dict[str, Any] = {
    "code": "grand", "name": "Grand", "level": 3,
    "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 990000}]},
}  # fmt: skip


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[*SECTION["plans"], LITE, GRAND])
    brand.clock_shift = shift


def on_plus_and_down_later(club: Club) -> tuple[Member, Subscription]:
    """On plus, and to a lower plan with the period's end."""
    ann = club.somebody()
    club.joined(ann)
    row = upgrade(club, ann, "lite")
    assert then(row) == "lite"
    return ann, row


def good_card(club: Club, who: Member) -> None:
    page = card_change(
        subscription=club.subscription(who), success_url="https://gem.example/ok", cancel_url="https://gem.example/no",
        actor=MEMBER,
    )  # fmt: skip
    assert club.press(page.url, GOOD).status == 303
    club.settle()


def then(row: Subscription) -> str:
    row.refresh_from_db()
    return row.next_price.plan.code if row.next_price is not None else ""


def test_a_change_that_was_planned_is_there_again_when_the_higher_plan_wasnt_paid_for(club: Club) -> None:
    ann, row = on_plus_and_down_later(club)
    bad_card(club, ann)
    club.advance(days=5)
    with pytest.raises(PaymentNeeded):
        upgrade(club, ann)
    # It may still be paid for until tomorrow.
    club.advance(days=0.2)
    assert (changes_put_back(), then(row)) == (1, "")
    club.advance(days=1)
    club.settle()
    assert (changes_put_back(), then(row)) == (1, "lite")
    assert (changes_put_back(), row.kept_price, row.plan.code) == (0, None, "plus")
    assert row.period_end is not None
    good_card(club, ann)
    club.advance(to=row.period_end + timedelta(hours=2))
    club.settle()
    assert (club.subscription(ann).plan.code, club.charged()) == ("lite", 1500)


def test_while_the_payment_is_waited_for_the_members_page_shows_the_planned_change_and_lets_it_be_taken_back(
    club: Club, client_for: ClientFor
) -> None:
    anna = Visitor(club, client_for)
    anna.joins("plus", price="month-EUR")
    club.settle()
    upgrade(club, anna.member, "lite")
    bad_card(club, anna.member)
    with pytest.raises(PaymentNeeded):
        upgrade(club, anna.member)
    club.settle()
    shown = anna.open("/membership/")
    assert "Lite, €5 a month, unless you pay first for the change that waits for it" in shown
    assert "€5 on" in shown
    # Stripe doesn't know of it meanwhile.
    assert anna.client.get(f"{anna.base()}/next/").status_code == 204
    told = subscription_out(subscription_named(club.subscription(anna.member).public_id))
    assert (told.next_plan, told.next_charge and told.next_charge.amount_minor) == ("lite", 500)
    anna.send(f"{anna.base()}/change/withdraw/")
    assert "unless you pay first" not in anna.open("/membership/")
    club.advance(days=2)
    club.settle()
    row = club.subscription(anna.member)
    assert (changes_put_back(), then(row), row.plan.code) == (0, "", "plus")


def test_a_higher_plan_that_is_paid_for_after_all_takes_the_planned_ones_place(club: Club) -> None:
    ann, row = on_plus_and_down_later(club)
    bad_card(club, ann)
    with pytest.raises(PaymentNeeded) as told:
        upgrade(club, ann)
    club.press(str(told.value.context["url"]))
    club.settle()
    club.advance(days=2)
    changes_put_back()
    row.refresh_from_db()
    assert (row.plan.code, then(row), row.kept_price) == ("max", "", None)


def test_a_payment_that_is_waited_for_gives_way_before_the_period_is_over(club: Club) -> None:
    ann, row = on_plus_and_down_later(club)
    bad_card(club, ann)
    assert row.period_end is not None
    club.advance(to=row.period_end - timedelta(hours=3))
    club.settle()
    with pytest.raises(PaymentNeeded):
        upgrade(club, ann, "grand")
    for _hour in range(4):
        club.advance(days=0.03)
        changes_put_back()
    assert then(row) == "lite"


def refusing(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, error: Exception) -> None:
    def refused(*_given: Any) -> Any:
        raise error

    monkeypatch.setattr(module, name, refused)


@pytest.mark.parametrize("what", ["upgrade", "leave"])
def test_what_stripe_refuses_puts_the_planned_change_back_at_once(
    club: Club, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    from billing import changing, leaving

    ann, row = on_plus_and_down_later(club)
    refusing(monkeypatch, changing if what == "upgrade" else leaving, "change", StripeRefused("no"))
    with pytest.raises(StripeRefused):
        upgrade(club, ann) if what == "upgrade" else subscription_cancel(
            subscription=row, reason="unused", actor=MEMBER
        )
    assert then(row) == "lite"
    row.refresh_from_db()
    assert row.kept_price is None


def test_an_answer_that_was_lost_leaves_it_to_the_sweep(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    from billing import changing

    ann, row = on_plus_and_down_later(club)
    with monkeypatch.context() as lost:
        refusing(lost, changing, "change", StripeUnavailable())
        with pytest.raises(StripeUnavailable):
            upgrade(club, ann)
    club.settle()
    assert (then(row), changes_put_back()) == ("", 0)
    club.advance(days=0.01)
    assert (changes_put_back(), then(row)) == (1, "lite")


def test_a_planned_change_that_another_was_to_replace_stays_where_that_one_is_refused(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = club.somebody()
    club.joined(ann, "max")
    row = upgrade(club, ann, "plus")
    there = row.next_price
    calls: list[str] = []
    plain = operations.operation_run

    def second(**given: Any) -> Any:
        calls.append(given["kind"])
        if calls.count("schedule_update") == 1 and given["kind"] == "schedule_update":
            raise StripeRefused("no")
        return plain(**given)

    monkeypatch.setattr(planned, "operation_run", second)
    row = acting.reread(row)
    with pytest.raises(StripeRefused), planned.change_put_off(row, MEMBER):
        planned.change_planned(row, there, MEMBER) if there is not None else None
    row.refresh_from_db()
    assert (then(row), row.kept_price) == ("plus", None)


def test_who_leaves_has_no_change_left_to_come(club: Club) -> None:
    ann, row = on_plus_and_down_later(club)
    subscription_cancel(subscription=row, reason="unused", actor=MEMBER)
    club.advance(days=1)
    club.settle()
    assert (changes_put_back(), then(row)) == (0, "")
    with pytest.raises(NotPossibleNow):
        upgrade(club, ann)


# --- another price meanwhile -----------------------------------------------------------------------------------------
def priced(club: Club, amount: int, plan: str) -> None:
    """From now on the plan's month costs that."""
    plans = deepcopy([*SECTION["plans"], LITE, GRAND])
    next(each for each in plans if each["code"] == plan)["charge"]["prices"][0]["amount_minor"] = amount
    program = section_put(program=club.program, name="billing", plain={"plans": plans})
    program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)


def test_a_price_that_took_the_place_of_the_one_that_was_shown_is_shown_before_it_is_agreed_to(
    club: Club, client_for: ClientFor
) -> None:
    anna = Visitor(club, client_for)
    anna.joins(price="month-EUR")
    club.settle()
    address = f"{anna.base()}/change/lite/month-EUR/"
    assert "Lite, €5 a month" in anna.open(address)
    club.advance(days=0.01)
    priced(club, 900, "lite")
    shown = anna.send(address)
    assert anna.last.status_code == 409
    assert "Lite, €9 a month" in shown
    assert club.subscription(anna.member).next_price is None
    anna.send(address)
    then = club.subscription(anna.member).next_price
    assert then is not None
    assert then.amount_minor == 900


def test_a_plans_new_price_is_offered_to_who_pays_the_old_one_where_it_is_less_and_then_holds(
    club: Club, client_for: ClientFor
) -> None:
    anna = Visitor(club, client_for)
    anna.joins(price="month-EUR")
    club.settle()
    priced(club, 1500, "plus")
    assert "€15 a month" not in anna.open(f"{anna.base()}/change/")
    with pytest.raises(NotPossibleNow, match="the plan that you have"):
        subscription_preview(subscription=club.subscription(anna.member), plan=plan_named("plus"), price="month-EUR")
    priced(club, 800, "plus")
    assert "Plus: €8 a month (from the next period)" in anna.open(f"{anna.base()}/change/")
    address = f"{anna.base()}/change/plus/month-EUR/"
    anna.open(address)
    assert "until then all stays as it is" in anna.send(address)
    club.advance(days=32)
    club.settle()
    assert club.charged() == 1000 + 800
