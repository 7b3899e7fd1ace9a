"""Rules that never fire, limits that never bind, points that earn points: refused at publishing, with the mend."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.definition.problems import Problem, problems_told
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


WEB, APP = asks("order.channel", "eq", "web"), asks("order.channel", "eq", "app")
NOT_X = asks("order.channel", "ne", "x")
OF_TIER = {"kind": "tier", "ladder": "club", "any_of": ["two"]}
NEVER = "The rule can never fire: "


@pytest.mark.parametrize(
    ("tests", "says", "other"),
    [
        ([WEB, APP], "“channel is app” is never so together with “channel is web”.", 0),
        # The one that it clashes with, wherever that stands; all of them where none does alone.
        ([NOT_X, WEB, APP], "“channel is app” is never so together with “channel is web”.", 1),
        ([asks("order.channel", "in", ["web", "app"]), {**WEB, "operator": "ne"}, {**APP, "operator": "ne"}],
         "“channel is not app” is never so together with “channel is one of web or app and channel is not web”.", 0),
        ([{**OF_TIER, "any_of": ["one"]}, OF_TIER],
         "“the member is Two” is never so together with “the member is One”.", 0),
        ([{"kind": "counter", "counter": "orders", "operator": each, "value": 3} for each in ("lt", "gt")],
         "“orders is more than 3 in all” is never so together with “orders is less than 3 in all”.", 0),
    ],
)  # fmt: skip
def test_what_excludes_each_other_is_named_by_its_sentence(tests: list[Any], says: str, other: int) -> None:
    """Never by where it stands in the document: that is for programs, beside it."""
    [found] = told(when=all_of(*tests))
    assert found.problem == NEVER + says
    assert (found.path, found.other) == (f"rules[0].when.of[{len(tests) - 1}]", f"rules[0].when.of[{other}]")


def test_the_sentence_of_what_excludes_each_other_is_in_the_readers_language() -> None:
    tiers = [{"code": code, "name": name, "threshold": at} for at, code, name in (
        (0, "one", {"en": "First", "nl": "Eerste"}), (5, "two", {"en": "Second", "nl": "Tweede"})
    )]  # fmt: skip
    one = {**OF_TIER, "any_of": ["one"]}
    [found] = problems(plain([rule("a", audience=one, when=OF_TIER)], ladders=[{**LADDER, "tiers": tiers}]))
    [plainly] = problems_told([found], "<{}>".format, "nl")
    assert "<the member is Tweede>" in plainly["problem"]
    assert "<the member is Eerste>" in plainly["problem"]
    assert plainly["other"] == "rules[0].audience"


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
    assert (found.path, found.mend) == ("rules[1]", "Give “b” a higher priority, or “first” a condition.")
    assert found.other == "rules[0]"
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


def season(start: str, end: str, **more: Any) -> dict[str, Any]:
    return {"kind": "season", "from_day": start, "to_day": end, **more}


def hours(start: str | None = None, end: str | None = None, *days: str, **more: Any) -> dict[str, Any]:
    said = {"weekdays": list(days), "from_hour": start, "to_hour": end}
    return {"kind": "time", **{name: value for name, value in said.items() if value}, **more}


@pytest.mark.parametrize(
    ("tests", "never"),
    [
        ([hours(None, None, "mon"), hours(None, None, "tue")], True),
        ([hours(None, None, "mon", "tue"), hours(None, None, "tue")], False),
        ([hours("08:00", "10:00"), hours("10:00", "12:00")], True),
        ([hours("08:00", "10:01"), hours("10:00", "12:00")], False),
        ([hours("22:00", "02:00"), hours("01:00", "03:00")], False),
        # Whoever is elsewhere has another hour.
        ([hours("08:00", "10:00"), hours("10:00", "12:00", zone="member")], False),
        ([season("12-20", "01-05"), season("02-01", "03-01")], True),
        ([season("12-20", "01-05"), season("01-05", "03-01")], False),
    ],
)
def test_times_that_exclude_each_other_are_refused(tests: list[dict[str, Any]], never: bool) -> None:
    assert [each.path for each in told(when=all_of(*tests))] == (["rules[0].when.of[1]"] if never else [])


@pytest.mark.parametrize(
    ("schedule", "test", "never"),
    [
        (("2027-01-01T00:00", "2027-02-01T00:00"), season("02-01", "02-28"), True),
        (("2027-01-01T00:00", "2027-02-01T00:01"), season("02-01", "02-28"), False),
        (("2027-01-01T00:00", "2028-01-02T00:00"), season("02-01", "02-28"), False),
        # A Saturday and a Sunday.
        (("2027-01-02T00:00", "2027-01-04T00:00"), hours(None, None, "mon"), True),
        (("2027-01-02T00:00", "2027-01-04T00:00"), hours("08:00", None, "sun"), False),
        (("2027-01-02T00:00", "2027-01-03T08:00"), hours("08:00", None, "sun"), True),
        (("2027-01-02T00:00", "2027-01-04T00:00"), hours(None, None, "mon", zone="member"), False),
    ],
)
def test_times_outside_the_rules_own_schedule_are_refused(schedule: Any, test: dict[str, Any], never: bool) -> None:
    found = told(schedule={"starts_at": schedule[0], "ends_at": schedule[1]}, when=test)
    assert [each.path for each in found] == (["rules[0].when"] if never else [])
    assert all(each.other == "rules[0].schedule" for each in found)
    assert all(" January 2027 00:00 until " in each.problem for each in found)


@pytest.mark.parametrize(
    ("where", "never"),
    [
        ([("sku", "eq", "A"), ("sku", "eq", "B")], True),
        ([("sku", "in", ["A", "B"]), ("sku", "eq", "B")], False),
        ([("net_minor", "ge", 100), ("net_minor", "lt", 50)], True),
        # A line has several tags.
        ([("tags", "eq", "new"), ("tags", "eq", "sale")], False),
    ],
)
def test_a_line_that_cannot_be_is_not_waited_for(where: list[Any], never: bool) -> None:
    line = {
        "kind": "line",
        "where": [{"path": path, "operator": operator, "value": to} for path, operator, to in where],
    }
    assert [each.path for each in told(when=line)] == (["rules[0].when.where[1]"] if never else [])
    # That there is no such line always holds.
    assert told(when={**line, "operator": "eq", "value": 0}) == []


def test_numbers_of_one_counter_that_exclude_each_other_are_refused() -> None:
    def counted(operator: str, value: int, period: str = "lifetime") -> dict[str, Any]:
        return {"kind": "counter", "counter": "orders", "operator": operator, "value": value, "period": period}

    assert [each.path for each in told(when=all_of(counted("ge", 5), counted("lt", 3)))] == ["rules[0].when.of[1]"]
    assert told(when=all_of(counted("ge", 3), counted("lt", 5))) == []
    assert told(when=all_of(counted("ge", 5), counted("lt", 3, "month"))) == []


def test_what_is_asked_for_and_ruled_out_is_refused() -> None:
    app, web = asks("order.channel", "eq", "app"), asks("order.channel", "eq", "web")
    found = told(when=all_of(app, {"kind": "none", "of": [web, app]}))
    assert [each.path for each in found] == ["rules[0].when.of[1].of[1]"]
    assert found[0].other == "rules[0].when.of[0]"
    assert told(when=all_of(app, {"kind": "none", "of": [web]})) == []


def test_the_products_own_events_carry_only_what_it_puts_there() -> None:
    [found] = told(trigger="member.birthday", when=asks("order.total_minor", "ge", 1))
    assert (found.path, "carries nothing of its own" in found.mend) == ("rules[0].when.path", True)
    [money] = problems(plain([rule("a", per_money(), trigger="member.birthday"), rule("z")]))
    assert money.path == "rules[0].effects[0].amount_of"
    assert told(trigger="referral.milestone", when=asks("referral.number", "ge", 3)) == []
