"""Both sides' books beside each other: what can only be right one way is put right, all else is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.errors import InvalidInput
from core.tables import JobRun
from loyalty.models import Enrollment
from rewards.suppliers.byhand import order_give_back, order_retry
from rewards.suppliers.errors import OrderBusy, OrderClosed
from rewards.suppliers.models import SupplierConnection, SupplierOrder, SupplierReconciliation
from rewards.suppliers.nights import suppliers_night
from rewards.suppliers.reconciling import suppliers_reconcile
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.suppliers import cast
from tests.rewards.suppliers.standin import StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(brand: Brand, stand_in: StandIn) -> SupplierConnection:
    return cast.account(shop.program(), stand_in)


@pytest.fixture
def anna(account: SupplierConnection) -> Enrollment:
    return cast.member(account.program, 100_000)


@pytest.fixture
def take(account: SupplierConnection, anna: Enrollment) -> Any:
    offer = cast.offer(account)
    return lambda: cast.take(anna, offer.reward)


def compare(account: SupplierConnection) -> SupplierReconciliation:
    now = clock.now()
    since, until = now - timedelta(days=8), now + timedelta(minutes=1)
    return suppliers_reconcile(connection=account, since=since, until=until, actor=shop.STAFF)


def found(row: SupplierReconciliation) -> list[tuple[str, bool]]:
    return sorted(row.differences.values_list("kind", "repaired"))


def test_books_that_agree_say_so(account: SupplierConnection, take: Any) -> None:
    for _each in range(3):
        cast.to_the_end(take())
    row = compare(account)
    assert (row.ours, row.theirs, row.agreed, found(row), row.problem) == (3, 3, 3, [], "")


def test_what_was_delivered_there_is_delivered_here(account: SupplierConnection, take: Any, stand_in: StandIn) -> None:
    order = take()
    stand_in.fails("place", "silent_after_commit")
    cast.step(order)
    stand_in.tell(orders={stand_in.orders()[0]["id"]: {"state": "delivered"}})
    row = compare(account)
    assert found(row) == [("delivered_there", True)]
    assert cast.outcome(order) == ("delivered", "redeemed")


def test_an_order_that_waits_for_the_team_is_closed_by_what_the_supplier_says(
    account: SupplierConnection, take: Any, stand_in: StandIn, anna: Enrollment
) -> None:
    good, bad = take(), take()
    for order in (good, bad):
        cast.step(order)
    SupplierOrder.objects.update(state="stuck", failure="no_answer", next_at=None)
    by_key = {each["reference"]: each["id"] for each in stand_in.orders()}
    failed = {"state": "failed", "reason": "recalled"}
    stand_in.tell(
        orders={by_key[str(good.redemption_id)]: {"state": "delivered"}, by_key[str(bad.redemption_id)]: failed}
    )
    assert found(compare(account)) == [("delivered_there", True), ("failed_there", True)]
    assert (cast.outcome(good), cast.outcome(bad)) == (("delivered", "redeemed"), ("failed", "canceled"))
    assert shop.balance(anna) == 99_000


def test_what_is_charged_twice_or_otherwise_or_is_not_ours_is_told(
    account: SupplierConnection, take: Any, stand_in: StandIn
) -> None:
    stand_in.fails("place", "doubled")
    cast.to_the_end(take())
    other = cast.to_the_end(take())
    ref = SupplierOrder.objects.get(pk=other.pk).ref
    stand_in.tell(orders={ref: {"charged_minor": 9_999}})
    stranger = {"reference": "somebody-else", "product": "boekenbeurs-eur", "value_minor": 1000, "currency": "EUR"}
    stand_in.tell(
        commit=[stranger, {**stranger, "reference": "-".join(("z" * 8, "z" * 4, "z" * 4, "z" * 4, "z" * 12))}]
    )
    row = compare(account)
    assert found(row) == [("doubled", False), ("other_amount", False), *[("unknown_here", False)] * 2]
    assert (row.ours, row.theirs, row.agreed) == (2, 5, 0)


def test_what_the_supplier_has_no_word_of_is_told(account: SupplierConnection, take: Any, stand_in: StandIn) -> None:
    cast.to_the_end(take())
    stand_in.tell(forget_orders=True)
    assert found(compare(account)) == [("missing_there", False)]


def test_points_that_were_given_back_for_what_was_delivered_after_all_are_told_and_not_taken_again(
    account: SupplierConnection, take: Any, stand_in: StandIn, anna: Enrollment
) -> None:
    order = take()
    stand_in.fails("place", "silent_after_commit")
    cast.step(order)
    SupplierOrder.objects.update(state="stuck", next_at=None)
    with pytest.raises(InvalidInput):
        order_give_back(order=order, actor=shop.STAFF, reason=" ")
    order_give_back(order=order, actor=shop.STAFF, reason="The supplier says it isn't there")
    with pytest.raises(OrderClosed):
        order_give_back(order=order, actor=shop.STAFF, reason="Again")
    assert shop.balance(anna) == 100_000
    assert found(compare(account)) == [("paid_for_nothing", False)]
    assert cast.outcome(order) == ("failed", "canceled")
    assert cast.step(order).lookup is None


def test_an_order_that_is_under_way_is_not_closed_by_hand(account: SupplierConnection, take: Any) -> None:
    order = take()
    with pytest.raises(OrderBusy):
        order_give_back(order=order, actor=shop.STAFF, reason="Impatience")
    cast.step(order)
    order_retry(order=order, actor=shop.STAFF)
    assert cast.step(order).state == "delivered"
    with pytest.raises(OrderClosed):
        order_retry(order=order, actor=shop.STAFF)


def test_a_supplier_that_cannot_be_asked_leaves_a_comparison_that_says_so(
    account: SupplierConnection, take: Any, stand_in: StandIn
) -> None:
    cast.to_the_end(take())
    stand_in.fails("orders", "error_before")
    row = compare(account)
    assert row.problem.startswith("server_error")
    assert found(row) == []


def test_a_span_that_makes_no_sense_is_refused(account: SupplierConnection) -> None:
    now = clock.now()
    for since in (now, now - timedelta(days=93)):
        with pytest.raises(InvalidInput):
            suppliers_reconcile(connection=account, since=since, until=now, actor=shop.STAFF)


def test_the_night_reads_and_compares_once_a_day(account: SupplierConnection, take: Any) -> None:
    cast.to_the_end(take())
    assert suppliers_night() == 1
    assert suppliers_night() == 0
    run = JobRun.objects.get(job="suppliers")
    assert run.outcome == {"products": 10, "withdrawn": 0, "orders": 1, "agreed": 1}
