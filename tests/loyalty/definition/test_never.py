"""Rules that never fire, limits that never bind, points that earn points: refused at publishing, with the mend."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.definition.problems import Problem
from loyalty.definition.read import document_decode
from tests.loyalty.definition.mistakes import LADDER, problems
from tests.loyalty.rules.sample import fixed, per_money, plain, rule, times

TRIGGER = "thing.happened"
COUNTERS = [{"code": "orders", "name": "Orders", "trigger": "order.paid"}]


def asks(path: str, operator: str, value: Any) -> dict[str, Any]:
    return {"kind": "attribute", "path": path, "operator": operator, "value": value}


def all_of(*tests: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "all", "of": list(tests)}


def told(**fields: Any) -> list[Problem]:
    made = plain([rule("a", **fields), rule("z")], ladders=[LADDER], counters=COUNTERS)
    try:
        document_decode(made)
    except ValueError:
        return problems(made)
    return []


@pytest.mark.parametrize(
    ("tests", "never"),
    [
        ([("order.channel", "eq", "web"), ("order.channel", "eq", "app")], True),
        ([("order.channel", "eq", "web"), ("order.channel", "in", ["app", "web"])], False),
        ([("order.channel", "in", ["app", "web"]), ("order.channel", "not_in", ["web", "app"])], True),
        ([("order.channel", "in", ["app", "web"]), ("order.channel", "ne", "web")], False),
        ([("order.channel", "exists", False), ("order.channel", "eq", "web")], True),
        ([("order.total_minor", "ge", 1000), ("order.total_minor", "lt", 1000)], True),
        ([("order.total_minor", "ge", 1000), ("order.total_minor", "le", 1000)], False),
        ([("order.total_minor", "gt", 5000), ("order.total_minor", "le", 100)], True),
        ([("order.total_minor", "ge", 1000), ("order.total_minor", "eq", 999)], True),
        ([("order.total_minor", "ge", 1000), ("order.total_minor", "eq", 1001)], False),
        # Of an order's lines one may be this and another that.
        ([("order.lines.sku", "eq", "A"), ("order.lines.sku", "eq", "B")], False),
    ],
)
def test_conditions_that_exclude_each_other_are_refused(tests: list[Any], never: bool) -> None:
    found = told(when=all_of(*[asks(*each) for each in tests]))
    assert [each.path for each in found] == (["rules[0].when.of[1]"] if never else [])


def test_under_any_they_may_stand_beside_each_other() -> None:
    assert told(when={"kind": "any", "of": [asks("order.channel", "eq", "a"), asks("order.channel", "eq", "b")]}) == []


def test_the_audience_and_the_conditions_must_fit_together() -> None:
    one = {"kind": "tier", "ladder": "club", "any_of": ["one"]}
    two = {"kind": "tier", "ladder": "club", "any_of": ["two"]}
    assert [each.path for each in told(audience=one, when=all_of(two))] == ["rules[0].when.of[0]"]
    grown = {"kind": "member", "attribute": "age_years", "operator": "ge", "value": 18}
    young = {"kind": "member", "attribute": "age_years", "operator": "lt", "value": 12}
    assert [each.path for each in told(audience=all_of(grown, young))] == ["rules[0].audience.of[1]"]


def test_an_empty_audience_is_refused() -> None:
    assert [each.path for each in told(audience={"kind": "any", "of": []})] == ["rules[0].audience.of"]


def test_a_count_of_none_is_never_met_since_the_event_itself_counts() -> None:
    none = {"kind": "counter", "counter": "orders", "value": 0}
    assert [each.path for each in told(when=none)] == ["rules[0].when.value"]
    assert told(when=none, trigger=TRIGGER) == []


def test_a_rule_that_waits_for_returns_is_refused() -> None:
    assert [each.path for each in told(trigger="order.returned")] == ["rules[0].trigger"]


def test_a_schedule_that_ends_before_it_starts_is_refused() -> None:
    schedule = {"starts_at": "2026-02-01T00:00", "ends_at": "2026-01-01T00:00"}
    assert [each.path for each in told(schedule=schedule)] == ["rules[0].schedule.ends_at"]


def test_a_rule_behind_one_that_always_stops_it_is_refused() -> None:
    first = rule("first", priority=9, stop=True)
    [found] = problems(plain([first, rule("b")]))
    assert (found.path, found.mend) == ("rules[1]", "Give 'b' a higher priority, or 'first' a condition.")
    for other in ({"enabled": False}, {"group": "own"}, {"priority": 10}, {"trigger": TRIGGER}):
        document_decode(plain([first, rule("b", **other)]))
    document_decode(plain([{**first, "when": asks("order.channel", "eq", "app")}, rule("b")]))


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        ({"per": "event", "at_most": 10}, "never bind"),
        ({"per": "event", "at_most": 9}, ""),
        ({"per": "event", "at_most": 9, "on_excess": "reject"}, "never fire"),
        ({"per": "member", "period": "day", "at_most": 9, "on_excess": "reject"}, "never fire"),
        ({"per": "member", "period": "day", "at_most": 9}, ""),
        ({"per": "member", "period": "day", "at_most": 0}, "above 0"),
    ],
)
def test_a_limit_that_never_binds_or_always_refuses_is_refused(limit: dict[str, Any], says: str) -> None:
    found = told(limits=[limit])
    assert [each.path for each in found] == (["rules[0].limits[0].at_most"] if says else [])
    assert all(says in each.problem for each in found)


def test_a_weekly_limit_that_the_daily_one_keeps_is_refused() -> None:
    daily = {"per": "member", "period": "day", "at_most": 5}
    weekly = {"per": "member", "period": "week", "at_most": 35}
    assert [each.path for each in told(limits=[daily, weekly])] == ["rules[0].limits[1].at_most"]
    assert told(limits=[daily, {**weekly, "at_most": 34}]) == []


def test_a_cap_without_a_period_is_refused_and_told_the_periods() -> None:
    [found] = told(limits=[{"per": "member", "at_most": 5}])
    assert found.path == "rules[0].limits[0].period"
    assert "day" in found.mend


INCLUDED = {"paid_in_points": "include"}
TENDER = {"kind": "points_by_tender", "currency": "points", "base": INCLUDED}


@pytest.mark.parametrize(
    ("effects", "loop"),
    [
        # A point is worth a cent; 1 point per euro gives back a hundredth of it.
        ([per_money(base=INCLUDED)], False),
        ([per_money(base=INCLUDED, points=100)], True),
        ([per_money(base=INCLUDED, points=60), times(2)], True),
        ([per_money(points=100)], False),
        ([{"kind": "points_brackets", "currency": "points", "base": INCLUDED,
           "brackets": [{"from_minor": 0, "points": 1}, {"from_minor": 100, "points": 150}]}], True),
        ([{**TENDER, "rates": [{"kinds": ["points"], "points": 100}]}], True),
        ([{**TENDER, "rates": [{"kinds": ["card"], "points": 100}], "other": {"points": 1}}], False),
    ],
)  # fmt: skip
def test_points_that_earn_points_without_end_are_refused(effects: list[dict[str, Any]], loop: bool) -> None:
    made = plain([rule(f"r{at}", each) for at, each in enumerate(effects)])
    made["currencies"][0]["value_minor_per_point"] = 1
    if loop:
        [found] = problems(made)
        assert found.path == "rules[0].effects[0].base.paid_in_points"
    else:
        document_decode(made)


def test_a_currency_has_limits_over_all_rules_that_give_it() -> None:
    made = plain([rule("a"), rule("b", fixed(10))])
    made["currencies"][0]["limits"] = [{"per": "member", "period": "day", "at_most": 15, "currency": "stars"}]
    assert [each.path for each in problems(made)] == ["currencies[0].limits[0].currency"]
