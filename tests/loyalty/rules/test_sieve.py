"""Asking only the rules that a look-up leaves standing comes to what asking every rule comes to; so does judging
without telling what didn't match, but for what it leaves out."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from loyalty.definition.compile import compile_program
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.facts import MemberFacts
from loyalty.definition.outcomes import UNTOLD
from loyalty.definition.read import document_shape
from loyalty.definition.sieve import Sieve
from loyalty.rules.evaluate import evaluate
from tests.loyalty.rules.sample import NOON, compiled, fixed, paid, per_money, plain, rule, times

words = st.sampled_from(["web", "app", "shop", "", "1", "2026-03-04"])
numbers = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, 1.0, -1.5, 2.5, 2**40]))
values = st.one_of(words, numbers, st.booleans())
told = st.one_of(values, st.none(), st.lists(st.one_of(words, numbers), max_size=3), st.just({"inner": 1}))
paths = st.sampled_from(["order.channel", "order.score", "order.score", "order.tax_minor", "order.lines.sku"])
tests = st.one_of(
    st.builds(
        lambda path, operator, value: {"kind": "attribute", "path": path, "operator": operator, "value": value},
        paths,
        st.sampled_from(["eq", "ne", "contains"]),
        values,
    ),
    st.builds(
        lambda path, operator, value: {"kind": "attribute", "path": path, "operator": operator, "value": value},
        paths,
        st.sampled_from(["gt", "ge", "lt", "le"]),
        st.one_of(numbers, st.just("2026-03-04")),
    ),
    st.builds(
        lambda path, operator, value: {"kind": "attribute", "path": path, "operator": operator, "value": value},
        paths,
        st.sampled_from(["in", "not_in"]),
        st.lists(values, min_size=1, max_size=3),
    ),
    st.just({"kind": "member", "attribute": "language", "operator": "eq", "value": "nl"}),
)
conditions = st.recursive(
    tests,
    lambda inner: st.builds(
        lambda kind, of: {"kind": kind, "of": of},
        st.sampled_from(["all", "all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
audiences = st.just({"kind": "member", "attribute": "language", "operator": "eq", "value": "nl"})
effects = st.one_of(
    st.integers(1, 50).map(fixed),
    st.just(per_money()),
    st.just(per_money(amount_of="ticket")),
    st.sampled_from(["1.5", "2"]).map(times),
)


@st.composite
def rule_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = [rule("first", fixed(5), priority=99)]
    for at in range(draw(st.integers(1, 7))):
        parts: dict[str, Any] = {"priority": 50 - at, "group": draw(st.sampled_from("gh"))}
        parts["when"] = draw(conditions)
        if draw(st.integers(0, 3)) == 0:
            parts["audience"] = draw(audiences)
        if draw(st.integers(0, 5)) == 0:
            parts["stop"] = True
        if draw(st.integers(0, 5)) == 0:
            parts["enabled"] = False
        if draw(st.integers(0, 5)) == 0:
            parts["schedule"] = {"starts_at": draw(st.sampled_from(["2026-01-01T00:00", "2027-01-01T00:00"]))}
        if draw(st.booleans()):
            parts["limits"] = [{"per": "event", "at_most": draw(st.integers(1, 60))}]
        found.append(rule(f"r{at}", draw(effects), **parts))
    return found


def asking_all(program: CompiledProgram) -> CompiledProgram:
    """The same program whose rules are all asked, one by one."""
    triggers = {}
    for kind, plan in program.triggers.items():
        every = Sieve((), tuple(range(len(plan.rules))), (UNTOLD,) * len(plan.rules))
        triggers[kind] = msgspec.structs.replace(plan, sieve=every, quick=every)
    return msgspec.structs.replace(program, triggers=triggers)


@given(
    rules=rule_lists(),
    mode=st.sampled_from(["all", "first_match", "best_for_member", "best_for_brand"]),
    channel=told,
    score=told,
    language=st.sampled_from(["nl", "en"]),
)
def test_a_sieve_changes_no_judgement_and_a_silent_one_only_what_it_leaves_out(
    rules: list[dict[str, Any]], mode: str, channel: Any, score: Any, language: str
) -> None:
    # Of types only: what can't be published for good reasons is judged by the same code.
    program = compile_program(document_shape(plain(rules, stacking={"g": mode})))
    event = paid(channel=channel, score=score, lines=[{"sku": "web", "net_minor": 1000}])
    member = MemberFacts(language=language, joined_at=NOON)
    full = evaluate(asking_all(program), event, member)
    assert evaluate(program, event, member) == full
    silent = evaluate(program, event, member, whole=False)
    told = tuple(each for each in full.trace if each.outcome != "not_matched")
    awards = tuple(msgspec.structs.replace(each, base_unrounded="", reason={}) for each in full.awards)
    assert silent == msgspec.structs.replace(full, trace=told, awards=awards)


def test_a_sieve_asks_of_many_rules_on_one_amount_only_those_that_it_reaches() -> None:
    rules = [
        rule(f"r{at}", when={"kind": "attribute", "path": "order.total_minor", "operator": "ge", "value": at})
        for at in range(100)
    ]
    plan = compiled(rules).triggers["order.paid"]
    [column] = plan.sieve.columns
    assert plan.sieve.always == ()
    assert {plan.rules[order].code for order in column.left(2)} == {"r0", "r1", "r2"}
    assert column.left("2") == column.left(None) == ()
    assert set(column.left(2.5)) == set(range(100)), "what a look-up can't tell is asked in full"


def _asking(operator: str, value: Any) -> dict[str, Any]:
    return {"kind": "attribute", "path": "order.score", "operator": operator, "value": value}


def _program(rules: list[dict[str, Any]], **parts: Any) -> CompiledProgram:
    return compile_program(document_shape(plain(rules, **parts)))


COMPARED = (-2, 0, 1, 2, 2.5, -0.5, "web", "1", "2026-03-04")
TOLD: tuple[Any, ...] = (
    -3,
    -2,
    -1,
    0,
    1,
    2,
    3,
    2.5,
    1.0,
    True,
    None,
    "web",
    "1",
    "",
    "2026-03-04",
    "2026-03-05",
    ["web"],
    [2, 5],
    [],
)
ONE_VALUE = [_asking(operator, value) for operator in ("eq", "ne", "gt", "ge", "lt", "le") for value in COMPARED]
SEVERAL = [_asking(operator, [*COMPARED[:3], "web"]) for operator in ("in", "not_in")]


def test_every_comparison_of_every_kind_of_value_is_told_as_asking_tells_it() -> None:
    program = _program([rule(f"r{at:02}", when=each) for at, each in enumerate([*ONE_VALUE, *SEVERAL])])
    asked = asking_all(program)
    assert 0 < len(program.triggers["order.paid"].sieve.always) < len(ONE_VALUE)
    for found in TOLD:
        event, member = paid(score=found), MemberFacts()
        assert evaluate(program, event, member) == evaluate(asked, event, member), found
        silent = evaluate(program, event, member, whole=False)
        assert [each.rule for each in silent.awards] == [each.rule for each in evaluate(asked, event, member).awards]


def test_what_is_asked_before_the_value_is_told_before_it() -> None:
    no, yes = _asking("eq", "never"), _asking("eq", "web")
    dutch = {"kind": "member", "attribute": "language", "operator": "eq", "value": "nl"}
    rules = [
        rule("a", priority=9, group="g", stop=True, when=yes),
        rule("b", priority=8, group="g", when=no),
        rule("c", priority=7, audience=dutch, when=no),
        rule("d", priority=6, when={"kind": "all", "of": [dutch, no]}),
        rule("e", priority=5, when={"kind": "all", "of": [no, dutch]}),
        rule("f", priority=4, enabled=False, when=no),
    ]
    told = evaluate(_program(rules), paid(score="web"), MemberFacts(language="en")).trace
    assert {each.rule: (each.outcome, each.why) for each in told} == {
        "a": ("fired", ""),
        "b": ("stopped", "a"),
        "c": ("not_matched", "audience"),
        "d": ("not_matched", "when.of[0]"),
        "e": ("not_matched", "when.of[0]"),
        "f": ("disabled", ""),
    }
