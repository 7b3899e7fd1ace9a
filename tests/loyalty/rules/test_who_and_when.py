"""Conditions of lines, counters, segments, plans, ages and days of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.loyalty.definition.mistakes import problems
from tests.loyalty.rules.sample import NOON, compiled, judge, outcomes, paid, plain, rule

LINES = [
    {"sku": "A", "category": "beans", "net_minor": 1000, "quantity": 2},
    {"sku": "B", "category": "beans", "net_minor": 3000},
    {"sku": "C", "category": "cups", "net_minor": 500, "quantity": 4},
]
COUNTERS = [{"code": "orders", "name": "Orders", "trigger": "order.paid"}]


def fires(when: dict[str, Any], at: datetime = NOON, order: dict[str, Any] | None = None, **known: Any) -> bool:
    program = compiled([rule("a", when=when)], counters=COUNTERS)
    return outcomes(judge(program, paid(at, **(order or {})), **known))["a"][0] == "fired"


def item(path: str, operator: str, value: Any) -> dict[str, Any]:
    return {"path": path, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ({"where": [item("category", "eq", "beans"), item("net_minor", "ge", 2000)]}, True),
        # Beans there are, and four of something there are, but not on one line.
        ({"where": [item("category", "eq", "beans"), item("quantity", "ge", 4)]}, False),
        ({"where": [item("category", "eq", "beans")], "value": 2}, True),
        ({"where": [item("category", "eq", "beans")], "value": 3}, False),
        ({"where": [item("category", "eq", "beans")], "operator": "eq", "value": 2}, True),
        ({"where": [item("category", "eq", "beans")], "measure": "quantity", "value": 3}, True),
        ({"where": [item("category", "eq", "beans")], "measure": "quantity", "value": 4}, False),
        ({"where": [item("category", "eq", "beans")], "measure": "net_minor", "value": 4000}, True),
        ({"where": [item("category", "eq", "tea")], "operator": "le", "value": 0}, True),
        ({"measure": "quantity", "operator": "eq", "value": 7}, True),
        ({"of": "order.tenders"}, False),
    ],
)
def test_a_line_is_held_as_one_unit_against_all_tests(line: dict[str, Any], holds: bool) -> None:
    assert fires({"kind": "line", **line}, order={"lines": LINES}) is holds


@pytest.mark.parametrize(
    ("test", "before", "holds"),
    [
        ({"value": 1}, 0, True),
        ({"value": 1}, 1, False),
        ({"operator": "ge", "value": 3}, 1, False),
        ({"operator": "ge", "value": 3}, 2, True),
        ({"operator": "every", "value": 10}, 9, True),
        ({"operator": "every", "value": 10}, 10, False),
        ({"operator": "every", "value": 10}, 19, True),
    ],
)
def test_a_counter_counts_the_present_event_along(test: dict[str, Any], before: int, holds: bool) -> None:
    when = {"kind": "counter", "counter": "orders", **test}
    assert fires(when, counters={("count:orders:lifetime", ""): before}) is holds


def test_a_counter_may_be_asked_within_a_period() -> None:
    when = {"kind": "counter", "counter": "orders", "period": "day", "value": 2}
    assert fires(when, counters={("count:orders:day", "2026-03-04"): 1, ("count:orders:lifetime", ""): 40})
    assert not fires(when, counters={("count:orders:day", "2026-03-03"): 1})


def test_segments_and_plans_are_what_other_rooms_tell() -> None:
    segment = {"kind": "segment", "any_of": ["lapsed", "big"]}
    assert fires(segment, facts={"segment:big": True})
    assert not fires(segment, facts={"segment:small": True, "big": True})
    assert not fires(segment)
    assert fires({"kind": "plan"}, facts={"plan": "gold"})
    assert not fires({"kind": "plan"})
    assert fires({"kind": "plan", "any_of": ["gold"]}, facts={"plan": "gold"})
    assert not fires({"kind": "plan", "any_of": ["gold"]}, facts={"plan": "silver"})
    assert fires(
        {"kind": "member", "attribute": "facts.plan", "operator": "eq", "value": "gold"}, facts={"plan": "gold"}
    )


@pytest.mark.parametrize(
    ("born", "age"), [(date(2008, 3, 4), 18), (date(2008, 3, 5), 17), (date(2008, 2, 29), 18), (date(2026, 3, 4), 0)]
)
def test_an_age_is_in_whole_years_on_the_day(born: date, age: int) -> None:
    assert fires({"kind": "member", "attribute": "age_years", "operator": "eq", "value": age}, birth_date=born)


def test_someone_without_a_date_of_birth_is_of_no_age() -> None:
    for operator in ("ge", "lt"):
        assert not fires({"kind": "member", "attribute": "age_years", "operator": operator, "value": 18})


@pytest.mark.parametrize(
    ("start", "end", "month", "day", "holds"),
    [
        ("12-01", "12-24", 12, 24, True),
        ("12-01", "12-24", 12, 25, False),
        ("12-20", "01-05", 1, 5, True),
        ("12-20", "01-05", 12, 20, True),
        ("12-20", "01-05", 1, 6, False),
        ("02-29", "02-29", 3, 1, False),
    ],
)
def test_a_season_returns_every_year(start: str, end: str, month: int, day: int, holds: bool) -> None:
    at = datetime(2026, month, day, 11, tzinfo=UTC)
    assert fires({"kind": "season", "from_day": start, "to_day": end}, at) is holds


@pytest.mark.parametrize(
    ("born", "span", "holds"),
    [
        (date(1990, 3, 4), (0, 0), True),
        (date(1990, 3, 5), (0, 0), False),
        (date(1990, 3, 7), (3, 0), True),
        (date(1990, 3, 8), (3, 0), False),
        (date(1990, 2, 28), (0, 4), True),
        (date(1992, 2, 29), (0, 4), True),
        (date(1990, 12, 30), (0, 90), True),
        (date(2026, 3, 6), (2, 0), True),
        (date(2027, 3, 4), (0, 0), False),
    ],
)
def test_a_birthday_has_days_around_it(born: date, span: tuple[int, int], holds: bool) -> None:
    when = {"kind": "anniversary", "days_before": span[0], "days_after": span[1]}
    assert fires(when, birth_date=born) is holds


def test_an_anniversary_may_be_of_joining_or_of_any_day_that_is_known() -> None:
    joined = datetime(2020, 3, 3, 23, 30, tzinfo=UTC)  # the 4th in Amsterdam
    assert fires({"kind": "anniversary", "of": "joined_at"}, joined_at=joined)
    wedding = {"kind": "anniversary", "of": "attributes.wedding"}
    assert fires(wedding, attributes={"wedding": "2011-03-04"})
    assert not fires(wedding, attributes={"wedding": "soon"})
    assert not fires(wedding, attributes={"wedding": 4})


@pytest.mark.parametrize(
    ("told", "at", "holds"),
    [
        (4, NOON, True),
        (5, NOON, False),
        ("2019-07-04", NOON, True),
        (31, datetime(2026, 2, 28, 11, tzinfo=UTC), True),
        (31, datetime(2026, 3, 30, 11, tzinfo=UTC), False),
        (True, NOON, False),
        (None, NOON, False),
    ],
)
def test_a_member_may_have_a_day_of_the_month_of_their_own(told: Any, at: datetime, holds: bool) -> None:
    assert fires({"kind": "monthly_day", "of": "attributes.star_day"}, at, attributes={"star_day": told}) is holds


@pytest.mark.parametrize(
    ("when", "path"),
    [
        ({"kind": "counter", "counter": "visits", "value": 1}, "counter"),
        ({"kind": "counter", "counter": "orders", "operator": "every", "value": 1}, "value"),
        ({"kind": "segment", "any_of": []}, "any_of"),
        ({"kind": "season", "from_day": "02-30", "to_day": "03-01"}, "from_day"),
        ({"kind": "line", "value": 0}, "value"),
        ({"kind": "member", "attribute": "age_years", "operator": "ge", "value": "old"}, "value"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(when: dict[str, Any], path: str) -> None:
    found = problems(plain([rule("a", when=when)], counters=COUNTERS))
    assert [each.path for each in found] == [f"rules[0].when.{path}"]


def test_the_trace_names_the_audience_before_the_conditions() -> None:
    audience = {"kind": "plan", "any_of": ["gold"]}
    when = {"kind": "time", "weekdays": ["sun"]}
    program = compiled([rule("a", audience=audience, when=when), rule("b", audience=audience)])
    assert outcomes(judge(program)) == {"a": ("not_matched", "audience"), "b": ("not_matched", "audience")}
    known = outcomes(judge(program, facts={"plan": "gold"}))
    assert known == {"a": ("not_matched", "when"), "b": ("fired", "")}


def test_a_value_that_an_order_leaves_out_is_what_it_usually_is() -> None:
    no_tax = {"kind": "attribute", "path": "order.tax_minor", "operator": "eq", "value": 0}
    assert fires(no_tax)
    assert not fires(no_tax, order={"tax_minor": 5})
    single = {"kind": "attribute", "path": "order.lines.quantity", "operator": "le", "value": 1}
    assert fires(single, order={"lines": [{"sku": "A", "quantity": 3}, {"sku": "B"}]})
    assert not fires({**single, "operator": "ne"}, order={"lines": [{"sku": "A", "quantity": 3}, {"sku": "B"}]})
    assert not fires(single, order={"lines": []})
