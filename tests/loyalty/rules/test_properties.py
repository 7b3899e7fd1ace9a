"""What holds for every program: the same judgement again, whatever order the rules stand in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.definition.problems import DefinitionError
from tests.loyalty.rules.sample import compiled, fixed, judge, paid, per_money, rule, times

effects = st.one_of(
    st.integers(1, 50).map(fixed),
    st.sampled_from(["floor", "half_up"]).map(lambda rounding: per_money(rounding=rounding)),
    st.sampled_from(["1.1", "1.5", "2", "3"]).map(times),
)
limits = st.lists(st.integers(1, 60).map(lambda most: {"per": "event", "at_most": most}), max_size=1)


@st.composite
def rule_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to seven rules, the first of which gives points for sure, so that multipliers have something to multiply."""
    few = st.integers(0, 9).map(lambda number: number == 0)
    bodies = draw(st.lists(st.tuples(effects, limits, st.integers(-1, 1), st.sampled_from("gh"), few), max_size=6))
    listed = [
        rule(f"r{at}", effect, limits=limit, priority=priority, group=group, stop=stop, caps=["shared"])
        for at, (effect, limit, priority, group, stop) in enumerate(bodies)
    ]
    return [rule("first", fixed(5), priority=9), *listed]


@given(
    rules=rule_lists(),
    mode=st.sampled_from(["all", "all", "first_match"]),
    net=st.integers(0, 100_000),
    chosen=st.data(),
)
def test_judging_is_deterministic_and_does_not_depend_on_the_order_of_the_rules(
    rules: list[dict[str, Any]], mode: str, net: int, chosen: st.DataObject
) -> None:
    shuffled = chosen.draw(st.permutations(rules))
    groups = [{"code": "shared", "limits": [{"per": "event", "at_most": 40, "currency": "points"}]}]
    try:
        one = compiled(rules, stacking={"g": mode}, cap_groups=groups)
    except DefinitionError:
        with pytest.raises(DefinitionError):  # a tie is refused whichever way round
            compiled(shuffled, stacking={"g": mode}, cap_groups=groups)
        return
    other = compiled(shuffled, stacking={"g": mode}, cap_groups=groups)
    event = paid(net_minor=net)
    judgement = judge(one, event)
    assert judgement == judge(one, event) == judge(other, event)
    assert len(judgement.trace) == len(rules)
    for award in judgement.awards:
        assert 0 < award.awarded <= award.desired
    told = sum(amount.awarded for each in judgement.trace for amount in each.amounts)
    assert told == sum(award.awarded for award in judgement.awards)
    assert told <= 5 + 40
