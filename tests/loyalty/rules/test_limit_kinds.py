"""Caps per value of an attribute, by the member's own day, over all members, and minimum times between awards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.facts import EventFacts
from loyalty.rules.context import needed_counters
from tests.loyalty.definition.mistakes import problems
from tests.loyalty.rules.sample import NOON, compiled, fixed, judge, outcomes, paid, plain, points, rule

Kept = dict[tuple[str, str], int]


def play(program: CompiledProgram, kept: Kept, event: EventFacts, **member: Any) -> dict[str, int]:
    """Judges as the engine does: with the counters that were asked for and no others; keeps what they became."""
    counters = {ref: kept[ref] for ref in needed_counters(program, event) if ref in kept}
    judgement = judge(program, event, counters, **member)
    for key, period, added in judgement.counters:
        kept[key, period] = kept.get((key, period), 0) + added
    return points(judgement)


def per_channel(**fields: Any) -> dict[str, Any]:
    return {"per": "member_value", "attribute": "order.channel", "period": "day", "at_most": 15, **fields}


def test_each_value_of_an_attribute_has_a_cap_of_its_own() -> None:
    program, kept = compiled([rule("a", limits=[per_channel()])]), Kept()
    given = [play(program, kept, paid(channel=each)) for each in ("app", "web", "app", "app", "web")]
    assert given == [{"a": 10}, {"a": 10}, {"a": 5}, {}, {"a": 5}]
    assert play(program, kept, paid()) == {"a": 10}
    assert all(len(key) <= 120 and "app" not in key for key, _ in kept)


def test_a_long_code_and_a_long_value_still_make_a_key_that_fits() -> None:
    code = "a" * 40
    program, kept = compiled([rule(code, limits=[per_channel(period="lifetime", zone="member")])]), Kept()
    play(program, kept, paid(channel="x" * 500))
    assert all(len(key) <= 120 for key, _ in kept)


def test_a_day_may_be_the_members_own() -> None:
    limit = {"per": "member", "period": "day", "at_most": 10, "zone": "member"}
    program, kept = compiled([rule("a", limits=[limit])]), Kept()
    # 20:00 and 21:00 in Tokyo's evening, then 00:30 of the next day there; all on one day in Amsterdam.
    moments = [datetime(2026, 3, 4, hour, minute, tzinfo=UTC) for hour, minute in ((11, 0), (12, 0), (15, 30))]
    assert [play(program, kept, paid(at), time_zone="Asia/Tokyo") for at in moments] == [{"a": 10}, {}, {"a": 10}]


def test_a_budget_is_counted_under_a_key_of_its_own() -> None:
    program = compiled([rule("a", limits=[{"per": "budget", "period": "lifetime", "at_most": 25}])])
    ref = ("budget:rule.a:points.points:lifetime", "")
    assert needed_counters(program, paid()) == [ref]
    judgement = judge(program, counters={ref: 20})
    assert judgement.counters == ((*ref, 5),)
    assert judgement.awards[0].counted == (ref,)


def test_a_cooldown_lets_the_next_award_wait() -> None:
    limits = [{"per": "cooldown", "n": 2, "unit": "hours"}]
    program, kept = compiled([rule("a", fixed(3), fixed(4, "stars"), limits=limits)]), Kept()
    given = [bool(play(program, kept, paid(NOON + timedelta(minutes=each)))) for each in (0, 119, 120, 200, 240)]
    assert given == [True, False, True, False, True]
    # One that happened before the last award and is told late is refused, and moves no mark back.
    for minutes in (130, -10_000, 241):
        assert not play(program, kept, paid(NOON + timedelta(minutes=minutes)))
    assert outcomes(judge(program, counters=kept))["a"] == ("capped", "limits[0]")


def test_a_limit_of_points_that_are_not_given_can_never_bind() -> None:
    limits = [{"per": "member", "period": "day", "at_most": 5, "currency": "stars"}]
    [found] = problems(plain([rule("a", limits=limits)]))
    assert found.path == "rules[0].limits[0].currency"
    assert "never bind" in found.problem


def test_the_same_limit_twice_is_refused_but_other_ones_may_stand_beside_it() -> None:
    one = {"per": "member", "period": "day", "at_most": 5}
    others = [per_channel(at_most=4), {"per": "budget", "period": "day", "at_most": 50}]
    compiled([rule("a", limits=[one, *others, {"per": "cooldown", "n": 1, "unit": "days"}])])
    [found] = problems(plain([rule("a", limits=[one, *others, one])]))
    assert found.path == "rules[0].limits[3]"


def test_a_currency_has_a_cap_over_all_rules_that_give_it() -> None:
    currencies = plain([])["currencies"]
    currencies[0]["limits"] = [{"per": "member", "period": "day", "at_most": 15}]
    program, kept = compiled([rule("a"), rule("b", fixed(10), fixed(1, "stars"))], currencies=currencies), Kept()
    judgement = judge(program)
    assert points(judgement) == {"a": 10, "b": 15}  # 5 points and one star of one digit
    assert outcomes(judgement)["b"] == ("capped", "currencies.points.limits[0]")
    assert play(program, kept, paid()) == {"a": 10, "b": 15}
    assert play(program, kept, paid()) == {"b": 10}


def test_a_rule_without_points_frees_its_times_when_the_order_is_returned() -> None:
    note = {"kind": "set_attribute", "name": "vip", "value": True}
    limits = [{"per": "member", "period": "day", "at_most": 1, "measure": "times"}]
    judgement = judge(compiled([rule("a", note, limits=limits)]))
    assert [(each.key, each.amount) for each in judgement.raised] == [("cap:rule.a:times:day", 1)]
