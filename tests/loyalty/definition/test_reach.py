"""Tiers that nobody can reach, counters that never count, events that nobody will ever tell: refused with the mend."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.definition.attributes import FIXED, SHARED
from loyalty.definition.problems import DefinitionError, Problem
from loyalty.definition.read import document_decode
from loyalty.payloads import BUILT_IN, EVENT_REVERSED, REFERRAL_MILESTONE
from tests.loyalty.definition.mistakes import LADDER, problems
from tests.loyalty.rules.sample import fixed, plain, rule, times

YEAR = {"kind": "calendar_year"}
Given = dict[str, Any]


def found(made: dict[str, Any]) -> list[Problem]:
    try:
        document_decode(made)
    except DefinitionError:
        return problems(made)
    return []


def limited(per: str = "member", **limit: Any) -> Given:
    return {"per": per, **limit}


def laddered(window: Given, valid: str = "end_of_window", threshold: int = 500) -> Given:
    tiers = [LADDER["tiers"][0], {**LADDER["tiers"][1], "threshold": threshold}]  # type: ignore[index]  # a list, of dicts
    return {**LADDER, "window": window, "valid": valid, "tiers": tiers}


# A rule gives 25; the tier asks for 500.
@pytest.mark.parametrize(
    ("window", "limit", "most"),
    [
        ({"kind": "lifetime"}, limited(period="lifetime", at_most=499), "499"),
        ({"kind": "lifetime"}, limited(period="lifetime", at_most=500), None),
        ({"kind": "lifetime"}, limited(period="year", at_most=10), None),
        ({"kind": "lifetime"}, limited(period="lifetime", at_most=19, measure="times"), "475"),
        (YEAR, limited(period="year", at_most=499), "499"),
        (YEAR, limited(period="month", at_most=40), "480"),
        (YEAR, limited(period="month", at_most=42), None),
        # A year from July on holds parts of two calendar years.
        ({**YEAR, "start_month": 7}, limited(period="year", at_most=499), None),
        ({**YEAR, "start_month": 7}, limited(period="year", at_most=249), "498"),
        ({"kind": "month"}, limited(period="day", at_most=16), "496"),
        ({"kind": "quarter"}, limited(period="month", at_most=166), "498"),
        # By the member's own clock a month lies over the edges of the window: two more of them.
        ({"kind": "quarter"}, limited(period="month", at_most=166, zone="member"), None),
        (YEAR, limited("budget", period="year", at_most=10), None),
    ],
)
def test_a_tier_above_what_the_limits_let_through_in_its_window_is_refused(
    window: Given, limit: Given, most: str | None
) -> None:
    valid = "end_of_window" if window["kind"] != "lifetime" else "while_qualifying"
    told = found(plain([rule("a", fixed(25), limits=[limit])], ladders=[laddered(window, valid)]))
    assert [each.path for each in told] == (["ladders[0].tiers[1].threshold"] if most else [])
    if most:
        assert f"let through {most} points at most" in told[0].problem
        assert told[0].mend == f"Ask for {most} or less, or give the limits more room."


def test_a_rolling_window_touches_one_month_more_than_it_has() -> None:
    def told(at_most: int) -> list[Problem]:
        ladder = laddered({"kind": "rolling", "months": 3}, "while_qualifying")
        return found(plain([rule("a", limits=[limited(period="month", at_most=at_most)])], ladders=[ladder]))

    assert told(125) == []
    assert [each.path for each in told(124)] == ["ladders[0].tiers[1].threshold"]


def test_what_several_rules_let_through_adds_up_and_one_without_a_limit_lets_everything_through() -> None:
    half = limited(period="lifetime", at_most=250)
    one, other = rule("a", limits=[half]), rule("b", limits=[half])
    ladder = laddered({"kind": "lifetime"}, "while_qualifying", 501)
    assert [each.path for each in found(plain([one, other], ladders=[ladder]))] == ["ladders[0].tiers[1].threshold"]
    assert found(plain([one, other, rule("c")], ladders=[ladder])) == []
    assert found(plain([one, rule("d", fixed(1), times("2"))], ladders=[ladder])) == []


def test_limits_of_a_currency_and_of_a_group_count_too() -> None:
    ladder = laddered({"kind": "lifetime"}, "while_qualifying")
    group = {"code": "g", "limits": [limited(period="lifetime", at_most=100, currency="points")]}
    assert [each.path for each in found(plain([rule("a", caps=["g"])], ladders=[ladder], cap_groups=[group]))] == [
        "ladders[0].tiers[1].threshold"
    ]
    made = plain([rule("a")], ladders=[ladder])
    made["currencies"][0]["limits"] = [limited(period="lifetime", at_most=100)]
    assert [each.path for each in found(made)] == ["ladders[0].tiers[1].threshold"]


def test_what_achievements_and_tiers_give_is_given_too() -> None:
    """Points of a challenge alone make a tier reachable, and nothing says how many of them there are."""
    goal = {"code": "five", "name": "Five", "goal": 5, "effects": [fixed(100)]}
    moves = {"kind": "advance", "achievement": "five"}
    assert found(plain([rule("a", moves)], ladders=[LADDER], challenges=[goal])) == []
    capped = rule("b", limits=[limited(period="lifetime", at_most=10)])
    ladder = laddered({"kind": "lifetime"}, "while_qualifying")
    assert found(plain([rule("a", moves), capped], ladders=[ladder], challenges=[goal])) == []


def test_a_counter_whose_conditions_exclude_each_other_is_refused() -> None:
    tests = [
        {"kind": "attribute", "path": "order.total_minor", "operator": operator, "value": 100}
        for operator in ("gt", "lt")
    ]
    counter = {"code": "c", "name": "C", "trigger": "order.paid", "when": {"kind": "all", "of": tests}}
    [told] = found(plain([rule("a")], counters=[counter]))
    assert told.path == "counters[0].when.of[1]"
    assert told.problem.startswith("The counter can never count: “total of the order is less than")


@pytest.mark.parametrize(("operator", "value", "never"), [("lt", 0, True), ("le", 0, False), ("eq", -1, True)])
def test_what_is_never_below_zero_is_not_asked_to_be(operator: str, value: int, never: bool) -> None:
    asked = {"kind": "attribute", "path": "order.total_minor", "operator": operator, "value": value}
    told = found(plain([rule("a", trigger="order.paid", when=asked), rule("z")]))
    assert [each.path for each in told] == (["rules[0].when"] if never else [])


def test_a_type_of_event_that_is_nearly_one_that_there_is_is_refused_unless_it_is_described() -> None:
    made = plain([rule("a", trigger="order.payed"), rule("b", trigger="orders.counted")])
    [told] = found(made)
    assert (told.path, told.problem) == ("rules[0].trigger", "There is no type of event 'order.payed'.")
    assert told.mend.startswith("Did you mean order.paid?")
    assert found({**made, "event_types": [{"type": "order.payed", "name": "Payed"}]}) == []
    counter = {"code": "c", "name": "C", "trigger": "review.post"}
    assert [each.path for each in found(plain([rule("a")], counters=[counter]))] == ["counters[0].trigger"]


def test_the_types_that_every_brand_has_are_those_that_are_known_at_the_door() -> None:
    assert {*FIXED, *SHARED} == (BUILT_IN | {REFERRAL_MILESTONE}) - {EVENT_REVERSED}
