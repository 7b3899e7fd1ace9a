"""What holds for every program: the same judgement again, whatever order the rules stand in."""

from __future__ import annotations

from typing import Any

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
    bodies = draw(
        st.lists(st.tuples(effects, limits, st.integers(-3, 3), st.sampled_from("gh"), st.booleans()), max_size=6)
    )
    return [
        rule(f"r{at}", effect, limits=limit, priority=priority, group=group, stop=stop)
        for at, (effect, limit, priority, group, stop) in enumerate(bodies)
    ]


@given(
    rules=rule_lists(),
    mode=st.sampled_from(["all", "first_match"]),
    net=st.integers(0, 100_000),
    shuffle=st.randoms(use_true_random=False),
)
def test_judging_is_deterministic_and_does_not_depend_on_the_order_of_the_rules(
    rules: list[dict[str, Any]], mode: str, net: int, shuffle: Any
) -> None:
    shuffled = list(rules)
    shuffle.shuffle(shuffled)
    try:
        one, other = (compiled(each, stacking={"g": mode}) for each in (rules, shuffled))
    except DefinitionError:
        return  # a tie, or a multiplier of nothing: refused whichever way round
    event = paid(net_minor=net)
    judgement = judge(one, event)
    assert judgement == judge(one, event) == judge(other, event)
    assert len(judgement.trace) == len(rules)
    for award in judgement.awards:
        assert 0 < award.awarded <= award.desired
    told = sum(amount.awarded for each in judgement.trace for amount in each.amounts)
    assert told == sum(award.awarded for award in judgement.awards)
