"""Passes: paid once, valid for days, over to the second, and bought again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing import joining
from billing.connections import connection_add
from billing.customers import customer_of
from billing.models import Subscription
from billing.refunding import invoice_refund
from billing.syncing import customer_sync
from loyalty.drafts import section_put
from loyalty.errors import ProgramInvalid
from loyalty.models import Enrollment
from loyalty.publishing import program_publish
from members.models import Member
from rewards.benefits.errors import AllowanceUsed
from rewards.benefits.holding import benefits_held
from rewards.benefits.uses import benefit_use
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import Club, document
from tests.loyalty import shop

PASS: dict[str, Any] = {
    "code": "week", "name": "Week pass", "level": 1, "group": "pass",
    "charge": {"kind": "one_fee", "prices": [{"amount_minor": 1250, "money_currency": "EUR"}], "valid_days": 7},
}  # fmt: skip


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[PASS])
    brand.clock_shift = shift


def test_a_pass_holds_for_its_days_to_the_second_and_can_be_bought_again(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann, "week", "")
    assert row.period_end == row.started_at + timedelta(days=7)
    assert (club.state(ann), club.plan(ann), club.charged()) == ("one_time", "week", 1250)
    club.advance(to=row.period_end - timedelta(seconds=2))
    club.work()
    assert (club.state(ann), club.plan(ann)) == ("one_time", "week")
    club.advance(to=row.period_end + timedelta(seconds=1))
    club.settle()
    assert (club.state(ann), club.plan(ann)) == ("ended", None)
    again = club.joined(ann, "week", "")
    assert (again.pk != row.pk, club.state(ann), club.charged()) == (True, "one_time", 2500)


def test_days_and_months_together_are_refused(brand: Brand) -> None:
    both = {**PASS, "charge": {**PASS["charge"], "valid_months": 1}}
    with pytest.raises(ProgramInvalid) as refused:
        shop.program(document(plans=[both]))
    assert refused.value.field == "sections.billing.plans[0].charge.valid_days"


# --- bought again ----------------------------------------------------------------------------------------------------
VISITS: list[dict[str, Any]] = [
    {
        "code": "visit", "name": "Visit", "gives": {"kind": "bonus"},
        "allowance": {"uses": 3, "period": "lifetime"}, "given_to": [{"kind": "plan", "any_of": ["week"]}],
    }
]  # fmt: skip


@pytest.fixture
def pool(club: Club) -> Club:
    """The pass gives three visits in all."""
    program = section_put(program=club.program, name="benefits", plain={"benefits": VISITS})
    program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)
    return club


def visit(who: Member, number: str, units: int = 1) -> None:
    place = Enrollment.objects.get(member=who)
    benefit_use(enrollment=place, code="visit", external_id=number, actor=shop.PARTNER, units=units)


def left(who: Member) -> tuple[int, int]:
    [held] = benefits_held(Enrollment.objects.get(member=who))
    assert held.allowed is not None
    return held.allowed.left, held.allowed.uses


def test_a_pass_that_is_bought_again_holds_longer_and_has_as_many_visits_more(pool: Club) -> None:
    ann = pool.somebody()
    row = pool.joined(ann, "week", "")
    assert row.period_end is not None
    visit(ann, "a", 3)
    assert left(ann) == (0, 3)
    with pytest.raises(AllowanceUsed):
        visit(ann, "b")
    pool.advance(days=2)
    again = pool.joined(ann, "week", "")
    assert (again.pk, again.period_end, pool.charged()) == (row.pk, row.period_end + timedelta(days=7), 2500)
    assert left(ann) == (3, 6)
    visit(ann, "b", 2)
    # The same reading again adds nothing: once for each purchase.
    pool.settle()
    customer_sync(pool.connection, pool.customer(ann))
    assert (left(ann), pool.subscription(ann).period_end) == ((1, 6), again.period_end)
    assert Subscription.objects.filter(member=ann).count() == 1
    pool.advance(to=row.period_end + timedelta(days=1))
    pool.settle()
    assert pool.plan(ann) == "week"
    pool.advance(days=7)
    pool.settle()
    assert (pool.state(ann), pool.plan(ann)) == ("ended", None)


def test_a_pass_that_is_bought_after_another_was_over_has_all_its_visits(pool: Club) -> None:
    ann = pool.somebody()
    pool.joined(ann, "week", "")
    visit(ann, "a", 3)
    pool.advance(days=8)
    pool.settle()
    pool.joined(ann, "week", "")
    assert left(ann) == (3, 3)


def test_a_purchase_that_is_paid_back_takes_its_days_and_visits_with_it(pool: Club) -> None:
    ann = pool.somebody()
    row = pool.joined(ann, "week", "")
    pool.advance(days=1)
    pool.joined(ann, "week", "")
    first, second = pool.invoices(ann)
    invoice_refund(invoice=second, amount_minor=None, reason="Mistake", key="a", actor=shop.STAFF)
    pool.settle()
    assert (left(ann), pool.subscription(ann).period_end, pool.state(ann)) == ((3, 3), row.period_end, "one_time")
    invoice_refund(invoice=first, amount_minor=None, reason="Mistake", key="b", actor=shop.STAFF)
    pool.settle()
    assert (pool.state(ann), pool.charged()) == ("ended", 0)


def test_a_pass_that_is_paid_for_before_the_sweep_has_ended_the_last_one_is_a_new_one(pool: Club) -> None:
    ann = pool.somebody()
    first = pool.joined(ann, "week", "")
    assert first.period_end is not None
    pool.advance(to=first.period_end - timedelta(hours=1))
    page = pool.join(ann, "week", "")
    # The page stays open while the pass runs out, and is paid a moment later.
    pool.advance(to=first.period_end + timedelta(minutes=1))
    assert pool.press(page.url).status == 303
    pool.deliver()
    customer_sync(pool.connection, pool.customer(ann))
    first.refresh_from_db()
    second = pool.subscription(ann)
    assert (first.billing, second.pk != first.pk, second.duplicate) == ("canceled", True, False)
    assert (second.period_end, left(ann), pool.charged()) == (second.started_at + timedelta(days=7), (3, 3), 2500)
    pool.settle()


def test_two_pages_that_were_open_at_once_are_one_pass(pool: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = pool.somebody()
    monkeypatch.setattr(joining, "pages_close", lambda *_given, **_more: None)
    pages = [pool.join(ann, "week", ""), pool.join(ann, "week", "")]
    assert [pool.press(each.url).status for each in pages] == [303, 303]
    pool.settle()
    assert (pool.charged(), left(ann)) == (1250, (3, 3))


@pytest.mark.parametrize("at_once", [True, False])
def test_a_pass_that_is_bought_again_at_another_account_holds_longer_and_stands_on_both_payments(
    pool: Club, stand_in: LocalStripe, key: str, at_once: bool
) -> None:
    ann = pool.somebody()
    row = pool.joined(ann, "week", "")
    assert row.period_end is not None
    other = connection_add(key=f"{key}b", actor=shop.STAFF)
    with stand_in.state.lock:
        stand_in.state.by_key(f"{key}b").webhooks["mode"] = "hold"
    assert pool.press(pool.join(ann, "week", "").url).status == 303
    there = customer_of(other, ann)
    assert there is not None
    with stand_in.state.lock:
        [charge] = stand_in.state.by_key(f"{key}b").objects["charge"].values()
        charge["created"] = int(row.started_at.timestamp()) + (0 if at_once else 1)
    customer_sync(other, there)
    longer = row.period_end + timedelta(days=7)
    assert (pool.subscription(ann).pk, pool.subscription(ann).period_end, left(ann)) == (row.pk, longer, (6, 6))
    # Whichever account is read last.
    customer_sync(pool.connection, pool.customer(ann))
    assert pool.subscription(ann).period_end == longer
    first, second = pool.invoices(ann)
    invoice_refund(invoice=first, amount_minor=None, reason="Mistake", key="a", actor=shop.STAFF)
    assert (pool.state(ann), left(ann)) == ("one_time", (3, 3))
    assert pool.subscription(ann).period_end == second.created_at + timedelta(days=7)
    invoice_refund(invoice=second, amount_minor=None, reason="Mistake", key="b", actor=shop.STAFF)
    assert pool.state(ann) == "ended"
