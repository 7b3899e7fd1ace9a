"""Which boxes there should be, by the one pure function: for each way a subscription can stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from billing.boxes.shape import Box
from billing.boxes.timing import Course, cut_off, cycles_wanted, leaves_from
from billing.times import step_later
from tests.billing.boxcast import BOX

START, END = datetime(2027, 1, 31, 9, tzinfo=UTC), datetime(2027, 2, 28, 9, tzinfo=UTC)
NOW = datetime(2027, 2, 10, tzinfo=UTC)
NEXT = datetime(2027, 3, 31, 9, tzinfo=UTC)
PLAIN = msgspec.convert(BOX, Box)
PAID: dict[str, Any] = {
    "live": True, "billing": "active", "charged_every": "month", "day": 31, "period_start": START, "period_end": END,
    "paid_until": END,
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, {START: "paid", END: "coming"}),
        ({"live": False}, {}),
        ({"cancel_at": END}, {START: "paid"}),
        ({"paid_until": START}, {START: "due", END: "coming"}),
        ({"paid_until": START, "billing": "past_due"}, {START: "due"}),
        ({"paid_until": START, "billing": "unpaid"}, {}),
        ({"billing": "trialing"}, {END: "coming"}),
        (
            {"collection_paused": True, "resumes_at": END + timedelta(days=1)},
            {START: "paid", END: "skipped", NEXT: "coming"},
        ),
        ({"collection_paused": True}, {START: "paid", END: "skipped"}),
        ({"paused_within": True, "paid_until": START}, {START: "skipped", END: "coming"}),
        (
            {"collection_paused": True, "resumes_at": END + timedelta(days=1), "cancel_at": NEXT},
            {START: "paid", END: "skipped"},
        ),
    ],
)  # fmt: skip
def test_who_is_charged_gets_a_box_and_who_is_not_gets_none(given: dict[str, Any], wanted: dict[Any, str]) -> None:
    assert cycles_wanted(Course(**{**PAID, **given}), PLAIN, NOW) == wanted


def test_of_a_plan_that_sends_boxes_only_now_the_next_cycle_has_the_first() -> None:
    assert cycles_wanted(Course(**PAID, standing=False), PLAIN, NOW) == {END: "coming"}


def test_a_year_paid_at_once_has_a_box_a_month_and_none_is_left_out_when_nobody_looked() -> None:
    monthly = msgspec.convert({**BOX, "every": "month"}, Box)
    year = {**PAID, "charged_every": "year", "period_end": datetime(2028, 1, 31, 9, tzinfo=UTC)}
    year["paid_until"] = year["period_end"]
    assert cycles_wanted(Course(**year), monthly, NOW) == {START: "paid", END: "paid"}
    later = datetime(2027, 5, 2, tzinfo=UTC)
    found = cycles_wanted(Course(**year, newest=END), monthly, later)
    assert [f"{at:%m-%d}" for at in found] == ["02-28", "03-31", "04-30", "05-31"]
    last = cycles_wanted(Course(**year, newest=END), monthly, datetime(2028, 1, 2, tzinfo=UTC))
    assert found.keys() < last.keys()
    assert last[datetime(2028, 1, 31, 9, tzinfo=UTC)] == "coming"


def test_a_box_closes_before_its_cycle_and_the_first_a_little_after_it_began() -> None:
    assert cut_off(PLAIN, END, NOW) == END - timedelta(days=3)
    assert cut_off(PLAIN, END, END - timedelta(days=1)) == END
    first = cut_off(PLAIN, START, START + timedelta(minutes=5))
    assert first == START + timedelta(days=1)
    assert leaves_from(PLAIN, START, first) == first
    assert leaves_from(PLAIN, END, END - timedelta(days=3)) == END


def test_renewals_after_a_short_month_fall_on_the_day_that_was_meant() -> None:
    assert step_later(END, "month", 1, day=31) == NEXT
    assert step_later(END, "month", 2, day=30) == datetime(2027, 4, 30, 9, tzinfo=UTC)
    assert step_later(END, "week", 2) == END + timedelta(weeks=2)
    assert step_later(datetime(2028, 2, 29, tzinfo=UTC), "year", 1) == datetime(2029, 2, 28, tzinfo=UTC)
