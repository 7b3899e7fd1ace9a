"""What is refused though each part by itself is well formed."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.definition.read import document_decode
from tests.loyalty.definition.mistakes import LADDER, broken, problems
from tests.loyalty.rules.sample import fixed, plain, rule, times

ON_SUNDAYS = {"kind": "time", "weekdays": ["sun"]}


def test_several_mistakes_are_told_at_once() -> None:
    document = plain([rule("a", fixed(1, "x")), rule("b", fixed(1, "y"))])
    assert [each.path for each in problems(document)] == [
        "rules[0].effects[0].currency",
        "rules[1].effects[0].currency",
    ]


def test_a_tier_that_nobody_can_reach_is_refused() -> None:
    document = plain([rule("a", fixed(1, "stars"))], ladders=[LADDER])
    assert [each.path for each in problems(document)] == ["ladders[0].tiers[1]"]
    switched_off = plain([rule("a", enabled=False)], ladders=[LADDER])
    assert "Nobody can reach" in problems(switched_off)[0].problem


def test_a_multiplier_of_nothing_is_refused() -> None:
    assert "nothing to multiply" in problems(plain([rule("x", times(2))]))[0].problem
    assert "nothing to multiply" in problems(plain([rule("x", times(2)), rule("a", trigger="x.y")]))[0].problem


@pytest.mark.parametrize(
    ("one", "other", "stacking", "tie"),
    [
        ({}, {}, {}, False),
        ({}, {}, {"base": "first_match"}, True),
        ({"priority": 1, "when": ON_SUNDAYS}, {}, {"base": "first_match"}, False),
        ({}, {"trigger": "x.y"}, {"base": "first_match"}, False),
        ({}, {"group": "other"}, {"base": "first_match"}, False),
        ({}, {"enabled": False}, {"base": "first_match"}, False),
        ({"stop": True}, {}, {}, True),
        ({"stop": True}, {"group": "other"}, {}, False),
        ({"caps": ["cut"]}, {"caps": ["cut"]}, {}, False),
        ({"caps": ["count"]}, {"caps": ["count"]}, {}, True),
        (
            {"schedule": {"ends_at": "2026-02-01T00:00"}},
            {"schedule": {"starts_at": "2026-02-01T00:00"}},
            {"base": "first_match"},
            False,
        ),
        (
            {"schedule": {"ends_at": "2026-02-01T00:01"}},
            {"schedule": {"starts_at": "2026-02-01T00:00"}},
            {"base": "first_match"},
            True,
        ),
    ],
)
def test_a_tie_in_priority_is_refused_where_it_would_matter(one: Any, other: Any, stacking: Any, tie: bool) -> None:
    groups = [
        {"code": "cut", "limits": [{"per": "event", "at_most": 5, "currency": "points"}]},
        {"code": "count", "limits": [{"per": "event", "at_most": 5, "measure": "times"}]},
    ]
    document = plain([rule("a", **one), rule("b", **other)], stacking=stacking, cap_groups=groups)
    if tie:
        assert [each.path for each in problems(document)] == ["rules[1].priority"]
    else:
        document_decode(document)


def test_a_stacking_group_that_no_rule_is_in_is_refused_with_the_groups_that_there_are() -> None:
    [found] = problems(plain([rule("a"), rule("b", group="extra")], stacking={"extr": "first_match"}))
    assert (found.path, found.by_another) == ("stacking.extr", True)
    assert "'extr'" in found.problem
    assert found.mend.endswith("Rules are in: base, extra.")


def test_rules_that_follow_each_other_in_time_are_no_tie_whichever_stands_first() -> None:
    early = rule("a", schedule={"ends_at": "2026-02-01T00:00"})
    late = rule("b", schedule={"starts_at": "2026-02-01T00:00"})
    for rules in ([early, late], [late, early]):
        document_decode(plain(rules, stacking={"base": "first_match"}))


def test_in_a_best_of_group_multipliers_stand_apart_and_nothing_stops() -> None:
    document = plain([rule("a", stop=True, priority=1), rule("x", times(2))], stacking={"base": "best_for_member"})
    assert {each.path for each in problems(document)} == {"rules[0].stop", "rules[0].group", "rules[1].group"}


def test_a_document_that_is_too_large_is_refused_at_once() -> None:
    found = problems(plain([rule(f"r{at}") for at in range(501)]))
    assert (found[0].path, found[0].mend) == ("rules", "At most 500.")
    deep: dict[str, Any] = {"kind": "time", "weekdays": ["mon"]}
    for _ in range(9):
        deep = {"kind": "all", "of": [deep]}
    assert broken("rules", 0, "when", value=deep)[0].path == "rules[0].when"
