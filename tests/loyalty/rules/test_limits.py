"""Caps: what they let through, what they count, what a reversal gives back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.context import needed_counters
from tests.loyalty.rules.sample import (
    NOON,
    compiled,
    fixed,
    judge,
    outcomes,
    paid,
    per_money,
    plain,
    points,
    rule,
    times,
)


def member(period: str, at_most: Any, **fields: Any) -> dict[str, Any]:
    return {"per": "member", "period": period, "at_most": at_most, **fields}


@pytest.mark.parametrize(
    ("period", "start"),
    [("day", "2026-03-04"), ("week", "2026-03-02"), ("month", "2026-03-01"), ("year", "2026-01-01"), ("lifetime", "")],
)
def test_a_cap_counts_in_the_local_period_that_the_event_lies_in(period: str, start: str) -> None:
    program = compiled([rule("a", limits=[member(period, 12)])])
    ref = (f"cap:rule.a:points.points:{period}", start)
    assert needed_counters(program, paid()) == [ref]
    judgement = judge(program, counters={ref: 5})
    award = judgement.awards[0]
    assert (award.desired, award.awarded, award.counted) == (10, 7, (ref,))
    assert judgement.counters == ((*ref, 7),)
    assert outcomes(judgement) == {"a": ("capped", "limits[0]")}
    assert points(judge(program, counters={ref: 12})) == {}


def test_a_rejecting_cap_refuses_the_whole() -> None:
    program = compiled([rule("a", fixed(6), per_money(per_minor=150), limits=[member("day", 10, on_excess="reject")])])
    judgement = judge(program)
    assert judgement.awards == ()
    assert judgement.counters == ()
    assert judgement.trace[0].outcome == "capped"
    assert [each.desired for each in judgement.trace[0].amounts] == [6, 6]


def test_effects_of_one_rule_share_its_limit() -> None:
    program = compiled([rule("a", fixed(6), fixed(6), limits=[member("day", 10)])])
    assert [award.awarded for award in judge(program).awards] == [6, 4]


def test_times_are_counted_once_an_event_however_many_effects_there_are() -> None:
    program = compiled([rule("a", fixed(6), fixed(6), limits=[member("day", 2, measure="times")])])
    ref = ("cap:rule.a:times:day", "2026-03-04")
    judgement = judge(program, counters={ref: 1})
    assert judgement.counters == ((*ref, 1),)
    assert [award.counted_times for award in judgement.awards] == [(ref,), ()]
    assert points(judge(program, counters={ref: 2})) == {}


def test_a_cap_group_is_shared_by_its_rules_also_across_triggers() -> None:
    groups = [{"code": "daily", "limits": [member("day", 15, currency="points")]}]
    program = compiled(
        [
            rule("a", caps=["daily"], priority=2),
            rule("b", caps=["daily"], priority=1),
            rule("c", trigger="x.y", caps=["daily"]),
        ],
        cap_groups=groups,
    )
    judgement = judge(program)
    assert points(judgement) == {"a": 10, "b": 5}
    assert outcomes(judgement)["b"] == ("capped", "cap_groups.daily.limits[0]")
    assert judgement.counters == (("cap:group.daily:points.points:day", "2026-03-04", 15),)


def test_a_cap_of_one_currency_leaves_the_other_alone() -> None:
    limits = [member("day", "0.5", currency="stars")]
    assert [a.awarded for a in judge(compiled([rule("a", fixed(9), fixed(2, "stars"), limits=limits)])).awards] == [
        9,
        5,
    ]


def test_a_reversal_frees_only_what_the_cap_says() -> None:
    limits = [member("day", 50), member("year", 99, reversal_frees=False)]
    award = judge(compiled([rule("a", limits=limits)])).awards[0]
    assert award.counted == (("cap:rule.a:points.points:day", "2026-03-04"),)


def test_a_multiplier_counts_towards_the_shared_cap_too() -> None:
    groups = [{"code": "daily", "limits": [member("day", 15)]}]
    program = compiled([rule("a", caps=["daily"]), rule("x", times(2), caps=["daily"])], cap_groups=groups)
    assert points(judge(program)) == {"a": 10, "x": 5}


def test_a_cap_that_was_lowered_lets_nothing_through_and_takes_nothing_back() -> None:
    program = compiled([rule("a", limits=[member("day", 5)])])
    assert points(judge(program, counters={("cap:rule.a:points.points:day", "2026-03-04"): 80})) == {}


caps = st.fixed_dictionaries(
    {
        "period": st.sampled_from(["day", "week", "month", "year", "lifetime"]),
        "at_most": st.integers(1, 60),
        "on_excess": st.sampled_from(["truncate", "reject"]),
        "measure": st.sampled_from(["points", "times"]),
    }
)


@given(
    own=caps,
    shared=caps,
    amounts=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 60)), max_size=25),
)
def test_no_cap_lets_more_through_whatever_happens_in_whatever_order(
    own: dict[str, Any], shared: dict[str, Any], amounts: list[tuple[int, int]]
) -> None:
    """Events one after the other, in any order of time; the caller keeps the counters as the engine does."""
    rules = [
        rule("a", per_money(), limits=[{"per": "member", **own}], caps=["g"], priority=3),
        rule("b", fixed(7), fixed(4), caps=["g"], priority=2),
        rule("x", times(2), caps=["g"], priority=1),
    ]
    program = compiled(rules, cap_groups=[{"code": "g", "limits": [{"per": "member", **shared}]}])
    kept: dict[tuple[str, str], int] = {}
    for net, day in amounts:
        event = paid(NOON + timedelta(days=day), net_minor=net)
        counters = {ref: kept.get(ref, 0) for ref in needed_counters(program, event)}
        for key, period, added in judge(program, event, counters).counters:
            assert added > 0
            kept[key, period] = kept.get((key, period), 0) + added
    for (key, _), value in kept.items():
        assert value <= (own if key.startswith("cap:rule.a") else shared)["at_most"]


def test_a_day_is_the_programs_own() -> None:
    program = compiled([rule("a", limits=[member("day", 10)])])
    late = paid(datetime(2026, 3, 4, 23, 30, tzinfo=UTC))
    assert needed_counters(program, late)[0][1] == "2026-03-05"
    assert plain([])["program"]["time_zone"] == "Europe/Amsterdam"
