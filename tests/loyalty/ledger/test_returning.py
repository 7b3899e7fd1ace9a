"""Returns by line, of points that have run out, and of orders that were partly paid in points."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from loyalty.holding import points_capture, points_hold, points_release
from loyalty.models import Order, PointsEntry
from loyalty.nightly import nightly_run
from tests.loyalty import shop
from tests.loyalty.ledger.cast import Time, document, lots, totals

LINES = [
    {"sku": "BEANS", "quantity": 3, "net_minor": 3000, "category": "coffee"},
    {"sku": "MUG", "quantity": 1, "net_minor": 2000, "category": "ware"},
]


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch, "2026-01-10T12:00:00+00:00")


def by_line() -> dict[str, Any]:
    made = copy.deepcopy(shop.DOCUMENT)
    effect = made["rules"][0]["effects"][0]
    effect["scope"] = "line"
    return made


def back(place: Any, number: str, euros: float, *lines: dict[str, Any]) -> dict[str, Any]:
    row = shop.returned(place.member, number, str(euros))
    row["data"]["return"]["lines"] = list(lines)
    return row


@pytest.fixture
def place(brand: Any, time: Time) -> Any:
    place = shop.place(shop.member("Anna"), shop.program(by_line()))
    shop.send(shop.order(place.member, 50, "A", lines=LINES))
    assert totals(place, "balance") == (50,)
    return place


def test_a_line_that_goes_back_takes_exactly_what_it_gave(place):
    shop.send(back(place, "A", 20, {"sku": "MUG", "quantity": 1}))
    assert totals(place, "balance") == (30,)
    shop.send(back(place, "A", 10, {"sku": "BEANS", "quantity": 1}))
    assert totals(place, "balance") == (20,)
    assert Order.objects.get().returned_lines == {"0": [1, 0], "1": [1, 0], "amount": [0, 3000]}


def test_the_money_that_is_given_back_doesnt_matter_for_what_lines_gave(place):
    shop.send(back(place, "A", 0.01, {"sku": "MUG", "net_minor": 1000}))
    assert totals(place, "balance") == (40,)


def test_by_lines_and_by_money_never_come_to_more_than_was_given(place):
    shop.send(back(place, "A", 30, {"sku": "BEANS", "quantity": 3}))
    shop.send(shop.returned(place.member, "A", 10))
    assert totals(place, "balance") == (10,)
    shop.send(shop.returned(place.member, "A", 10))
    assert totals(place, "balance") == (0,)


def test_more_of_a_line_than_was_sold_is_refused_and_changes_nothing(place):
    [answer] = shop.send(back(place, "A", 10, {"sku": "BEANS", "quantity": 4}))
    assert (answer.status, answer.body["code"]) == (409, "return_too_large")
    assert answer.body["field"] == "data.return.lines[0].quantity"
    shop.send(back(place, "A", 10, {"sku": "BEANS", "quantity": 2}))
    [answer] = shop.send(back(place, "A", 10, {"sku": "BEANS", "quantity": 2}))
    assert answer.status == 409
    assert totals(place, "balance") == (30,)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"sku": "TEA", "quantity": 1}, "data.return.lines[0].sku"),
        ({"sku": "MUG"}, "data.return.lines[0]"),
        ({"sku": "MUG", "quantity": 1, "net_minor": 5}, "data.return.lines[0]"),
        ({"sku": "MUG", "quantity": 0}, "data.return.lines[0].quantity"),
    ],
)
def test_a_line_that_cant_be_is_named(place, line, field):
    [answer] = shop.send(back(place, "A", 10, line))
    assert (answer.status, answer.body["field"]) == (422, field)


def test_an_order_that_earned_as_a_whole_loses_its_share_of_the_money(brand, time):
    place = shop.place(shop.member("Anna"), shop.program())
    shop.send(shop.order(place.member, 50, "A", lines=LINES))
    shop.send(back(place, "A", 20, {"sku": "MUG", "quantity": 1}))
    assert totals(place, "balance") == (30,)


# --- what has run out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["within_balance", "into_debt"])
def test_points_that_ran_out_are_taken_from_nothing_else(brand, time, policy):
    short = document(expiry={"kind": "after", "n": 30, "unit": "days"}, refund_policy=policy)
    place = shop.place(shop.member("Anna"), shop.program(short))
    shop.send(shop.order(place.member, 60, "A"))
    time.set("2026-02-20T12:00:00+00:00")
    nightly_run(program=place.program)
    shop.send(shop.order(place.member, 25, "B"))
    shop.send(shop.returned(place.member, "A", 60))
    assert totals(place, "balance", "debt", "expired", "reversed") == (25, 0, 60, 0)


def test_of_an_award_half_spent_and_half_run_out_the_spent_half_is_owed(brand, time):
    short = document(expiry={"kind": "after", "n": 30, "unit": "days"}, refund_policy="into_debt")
    place = shop.place(shop.member("Anna"), shop.program(short))
    shop.send(shop.order(place.member, 60, "A"))
    used = points_hold(enrollment=place, currency="points", points=40, actor=shop.PARTNER, key="h")
    points_capture(hold=used, actor=shop.PARTNER)
    time.set("2026-02-20T12:00:00+00:00")
    nightly_run(program=place.program)
    shop.send(shop.returned(place.member, "A", 30))
    assert totals(place, "balance", "debt") == (0, 30)
    shop.send(shop.returned(place.member, "A", 30))
    assert totals(place, "balance", "debt") == (0, 40)


# --- what was spent on it --------------------------------------------------------------------------------------------


def paid_in_points(**currency: Any) -> Any:
    """100 points, of which 30 are used on order B of € 50."""
    place = shop.place(shop.member("Anna"), shop.program(document(**currency)))
    shop.send(shop.order(place.member, 100, "A"))
    used = points_hold(enrollment=place, currency="points", points=30, actor=shop.PARTNER, key="h", order_number="B")
    points_capture(hold=used, actor=shop.PARTNER)
    shop.send(shop.order(place.member, 50, "B", lines=LINES, paid_in_points_minor=1000))
    assert totals(place, "balance", "spent") == (110, 30)
    return place


def test_a_return_of_all_gives_the_spent_points_back_and_takes_the_earned_ones(brand, time):
    place = paid_in_points()
    shop.send(shop.returned(place.member, "B", 50))
    assert totals(place, "balance", "spent") == (100, 0)
    assert [lot.remaining for lot in lots(place)] == [100, 0]


def test_parts_come_back_by_their_share_and_the_rest_with_the_last(brand, time):
    place = paid_in_points()
    for euros, spent in ((17, 20), (17, 10), (16, 0)):
        shop.send(shop.returned(place.member, "B", euros))
        assert totals(place, "spent") == (spent,)
    undone = PointsEntry.objects.filter(kind="reverse", points__gt=0)
    assert sum(each.points for each in undone) == 30
    assert {each.reversal_of.kind for each in undone if each.reversal_of} == {"spend"}


def test_by_item_the_lines_that_go_back_decide(brand, time):
    place = paid_in_points(spent_refund="by_item")
    shop.send(back(place, "B", 1, {"sku": "MUG", "quantity": 1}))
    assert totals(place, "spent") == (18,)


def test_none_comes_back_where_the_program_says_so(brand, time):
    place = paid_in_points(spent_refund="none")
    shop.send(shop.returned(place.member, "B", 50))
    assert totals(place, "spent") == (30,)


def test_what_comes_back_past_its_day_is_lost_or_given_again(brand, time):
    for slug, restore, balance in (("lost", {"kind": "lost"}, 0), ("again", {"kind": "regrant", "days": 5}, 30)):
        made = document(expiry={"kind": "after", "n": 30, "unit": "days"}, restore_policy=restore)
        place = shop.place(shop.member(slug), shop.program(made, slug=slug))
        named = {"program": slug}
        shop.send({**shop.order(place.member, 30, f"{slug}-A"), **named})
        used = points_hold(
            enrollment=place, currency="points", points=30, actor=shop.PARTNER, key=slug, order_number=f"{slug}-B"
        )
        points_capture(hold=used, actor=shop.PARTNER)
        shop.send({**shop.order(place.member, 50, f"{slug}-B", paid_in_points_minor=5000), **named})
        time.set("2026-02-20T12:00:00+00:00")
        shop.send({**shop.returned(place.member, f"{slug}-B", 50), **named})
        assert totals(place, "balance", "spent") == (balance, 0), slug
        time.set("2026-01-10T12:00:00+00:00")


def test_a_debt_is_paid_by_what_comes_back_and_points_cant_be_made_from_nothing(brand, time):
    place = paid_in_points()
    rest = points_hold(enrollment=place, currency="points", points=110, actor=shop.PARTNER, key="r", order_number="C")
    points_capture(hold=rest, actor=shop.PARTNER)
    shop.send(shop.order(place.member, 10, "C", paid_in_points_minor=1000))
    shop.send(shop.returned(place.member, "A", 100))
    assert totals(place, "balance") == (0,)
    shop.send(shop.returned(place.member, "C", 10))
    # 110 come back: 70 of order A's, which were claimed meanwhile, and 40 of order B's.
    assert totals(place, "balance") == (40,)


def test_what_was_multiplied_goes_back_with_the_lines_that_it_came_from(brand, time):
    made = by_line()
    money = {"kind": "points_per_money", "currency": "points", "points": 1, "per_minor": 100}
    coffee = {"where": [{"path": "category", "operator": "eq", "value": "coffee"}]}
    double = {"kind": "multiply", "currency": "points", "factor": 2}
    made["rules"] = [
        {"code": "goods", "name": "Goods", "trigger": "order.paid", "effects": [{**money, "scope": "line"}]},
        {"code": "coffee", "name": "Coffee", "trigger": "order.paid", "effects": [{**money, "lines": coffee}]},
        {"code": "double", "name": "Double", "trigger": "order.paid", "effects": [double]},
    ]
    place = shop.place(shop.member("Anna"), shop.program(made))
    # 30 + 20 for the goods, 30 for the coffee, and all of it once more.
    shop.send(shop.order(place.member, 50, "A", lines=LINES))
    assert totals(place, "balance") == (160,)
    # The mug gave 20 of the 80, twice.
    shop.send(back(place, "A", 20, {"sku": "MUG", "quantity": 1}))
    assert totals(place, "balance") == (120,)
    shop.send(back(place, "A", 30, {"sku": "BEANS", "quantity": 3}))
    assert totals(place, "balance") == (0,)


def test_what_has_to_come_from_other_lots_leaves_those_of_the_same_order_their_own(brand, time):
    made = copy.deepcopy(shop.DOCUMENT)
    extra = {"code": "extra", "name": "Extra", "trigger": "order.paid", "priority": 2}
    made["rules"].append({**extra, "effects": [{"kind": "points_fixed", "currency": "points", "points": 40}]})
    place = shop.place(shop.member("Anna"), shop.program(made))
    shop.send(shop.order(place.member, 60, "A"))
    made_hold = points_hold(enrollment=place, currency="points", points=3, actor=shop.PARTNER, key="h")
    points_capture(hold=made_hold, actor=shop.PARTNER)
    [answer] = shop.send(shop.returned(place.member, "A", 60))
    assert answer.status == 201
    assert totals(place, "balance", "debt") == (0, 0)


@pytest.mark.parametrize(
    ("policy", "left"), [("only_pending", (130, 0)), ("within_balance", (0, 0)), ("into_debt", (0, 70))]
)
def test_two_lots_of_an_order_that_are_both_partly_spent_dont_draw_on_each_other(brand, time, policy, left):
    made = document(refund_policy=policy)
    fixed = {"kind": "points_fixed", "currency": "points", "points": 100}
    made["rules"] = [
        {"code": code, "name": code, "trigger": "order.paid", "priority": at, "effects": [fixed]}
        for at, code in enumerate(("second", "first"))
    ]
    place = shop.place(shop.member("Anna"), shop.program(made))
    shop.send(shop.order(place.member, 60, "A"))
    kept, used = (
        points_hold(enrollment=place, currency="points", points=points, actor=shop.PARTNER, key=str(points))
        for points in (60, 70)
    )
    points_capture(hold=used, actor=shop.PARTNER)
    points_release(hold=kept, actor=shop.PARTNER)
    assert [lot.remaining for lot in lots(place)] == [60, 70]
    [answer] = shop.send(shop.returned(place.member, "A", 60))
    assert answer.status == 201, answer.body
    assert totals(place, "balance", "debt") == left


def test_points_spent_on_an_order_of_the_same_number_elsewhere_stay_spent(brand, time):
    place = paid_in_points()
    elsewhere = {"source": "market"}
    shop.send({**shop.order(place.member, 20, "B"), **elsewhere})
    shop.send({**shop.returned(place.member, "B", 20), **elsewhere})
    assert totals(place, "balance", "spent") == (110, 30)
    shop.send(shop.returned(place.member, "B", 50))
    assert totals(place, "balance", "spent") == (100, 0)


def test_points_that_staff_spent_on_an_order_come_back_with_it(brand, time):
    place = shop.place(shop.member("Anna"), shop.program())
    shop.send(shop.order(place.member, 100, "A"))
    used = points_hold(enrollment=place, currency="points", points=30, actor=shop.STAFF, key="h", order_number="B")
    points_capture(hold=used, actor=shop.STAFF)
    shop.send(shop.order(place.member, 50, "B", paid_in_points_minor=1000), shop.returned(place.member, "B", 50))
    assert totals(place, "balance", "spent") == (100, 0)
