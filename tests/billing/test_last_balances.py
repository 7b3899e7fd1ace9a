"""What a subscription's own invoices left on the customer's balance is paid back once it has ended; nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from billing import lastcredits
from billing.gateway import ask
from billing.lastcredits import credits_settle
from billing.leaving import subscription_cancel, subscription_leave_refunded
from billing.metering import uses_send
from members.models import Member
from rewards.benefits.uses import benefit_use_take_back
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import MONTHLY, YEARLY, Club
from tests.billing.test_behaviours_changes import upgrade
from tests.billing.test_metering import METER, billed_use, renew
from tests.billing.test_metering import PLUS as BY_MONTH
from tests.loyalty import shop

Json = dict[str, Any]


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[PLUS, MAX, METER])
    brand.clock_shift = shift


# Paid for by the year it is more than by the month with the higher one.
PLUS: Json = {**BY_MONTH, "charge": {"kind": "recurring", "prices": [MONTHLY, YEARLY]}}
MAX: Json = {**PLUS, "code": "max", "name": "Max", "level": 2, "charge": {"kind": "recurring", "prices": [
    {**MONTHLY, "amount_minor": 2500}]}}  # fmt: skip


def given(club: Club, who: Member, amount: int) -> None:
    """By the brand, in Stripe's dashboard."""
    customer = club.customer(who)
    params = {"amount": -amount, "currency": "eur"}
    ask(club.connection, lambda v1: v1.customers.balance_transactions.create(customer, params))


def balance(club: Club, who: Member) -> int:
    return int(club.thing("customer", club.customer(who))["balance"])


def more_than_the_next_invoice(club: Club) -> Member:
    """A use of 12 euros that was paid and taken back: 2 of it stay on the balance after the next 10."""
    ann, use = billed_use(club, units=10)
    benefit_use_take_back(use=use, actor=shop.PARTNER, reason="Mistake")
    uses_send()
    renew(club, ann)
    assert (club.charged(), balance(club, ann)) == (1000 + 2200, -200)
    return ann


def left(club: Club, who: Member) -> None:
    subscription_cancel(subscription=club.subscription(who), when="now", reason="unused", actor=shop.STAFF)
    club.advance(days=0.1)
    club.settle()


def test_what_its_own_invoice_put_there_is_paid_back_and_what_the_brand_gave_stays(club: Club) -> None:
    ann = more_than_the_next_invoice(club)
    given(club, ann, 300)
    left(club, ann)
    assert [credits_settle(), credits_settle()] == [1, 0]
    assert (club.charged(), balance(club, ann)) == (1000 + 2200 - 200, -300)


def test_what_the_brand_gave_isnt_paid_out_also_where_an_invoice_used_some_of_it(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    given(club, ann, 1500)
    renew(club, ann)
    assert (club.charged(), balance(club, ann)) == (1000, -500)
    left(club, ann)
    assert (credits_settle(), club.charged(), balance(club, ann)) == (1, 1000, -500)


def test_a_process_that_ends_after_the_refund_pays_back_once_and_lowers_the_balance_once(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = more_than_the_next_invoice(club)
    left(club, ann)

    def gone(*_given: Any) -> None:
        raise RuntimeError("the process died")

    with monkeypatch.context() as here:
        here.setattr(lastcredits, "balance_lower", gone)
        assert credits_settle() == 0
    assert (club.charged(), balance(club, ann)) == (3000, -200)
    with monkeypatch.context() as here:
        here.setattr(lastcredits, "happened", gone)
        assert credits_settle() == 0
    assert (club.charged(), balance(club, ann)) == (3000, 0)
    assert [credits_settle(), credits_settle()] == [1, 0]
    assert (club.charged(), balance(club, ann)) == (3000, 0)


@pytest.mark.parametrize("withdraws", [False, True])
def test_a_year_that_a_higher_plan_ended_is_paid_back_once_also_to_who_withdraws(club: Club, withdraws: bool) -> None:
    ann = club.somebody()
    club.joined(ann, "plus", "year-EUR")
    year = club.charged()
    club.advance(days=1)
    row = upgrade(club, ann, "max")
    rest = -balance(club, ann)
    assert 0 < rest < year == club.charged()
    if withdraws:
        subscription_leave_refunded(subscription=row, actor=shop.STAFF)
        club.advance(days=0.1)
        club.settle()
    else:
        left(club, ann)
    assert [credits_settle(), credits_settle()] == [1, 0]
    assert (club.charged(), balance(club, ann)) == (0 if withdraws else year - rest, 0)
