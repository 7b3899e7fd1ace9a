"""Points by line, by unit, by bracket and by tender; steps, badges and the rest that effects are compiled to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from loyalty.definition.effectbase import Advancer, EffectScope
from loyalty.definition.effects import Advance
from loyalty.definition.facts import NOBODY, EventFacts, Facts
from loyalty.definition.read import document_decode
from tests.loyalty.definition.mistakes import problems
from tests.loyalty.rules.sample import compiled, judge, outcomes, paid, per_money, plain, points, rule

LINES = [
    {"sku": "A", "category": "beans", "net_minor": 1000, "quantity": 2, "tags": ["new"]},
    {"sku": "B", "category": "cups", "net_minor": 3000},
    {"sku": "C", "category": "beans", "net_minor": 500, "quantity": 4, "tags": ["sale"]},
]


def item(path: str, operator: str, value: Any) -> dict[str, Any]:
    return {"path": path, "operator": operator, "value": value}


BEANS = item("category", "eq", "beans")


def given_by(effect: dict[str, Any], **order: Any) -> int | None:
    """What the effect gives; None when the event has nothing to reckon from. The type is a brand's own."""
    event = structs.replace(paid(**order), type="thing.happened")
    judgement = judge(compiled([rule("a", effect, trigger="thing.happened")]), event)
    if outcomes(judgement)["a"][0] == "not_matched":
        return None
    return points(judgement).get("a", 0)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ({"where": [BEANS]}, 15),
        ({"without": [BEANS]}, 30),
        ({"where": [BEANS], "without": [item("tags", "eq", "sale")]}, 10),
        ({"where": [BEANS, item("quantity", "ge", 3)]}, 5),
        ({"without": [item("sku", "in", ["A", "C"])]}, 30),
        ({"where": [item("quantity", "eq", 1)]}, 30),
    ],
)
def test_only_the_chosen_lines_earn(lines: dict[str, Any], expected: int) -> None:
    assert given_by(per_money(lines=lines), net_minor=4500, lines=LINES) == expected


def test_what_lines_earn_is_prorated_by_how_the_order_was_paid_and_kept_line_by_line() -> None:
    effect = per_money(lines={"where": [BEANS]})
    judgement = judge(compiled([rule("a", effect)]), paid(net_minor=4500, lines=LINES, gift_card_minor=1500))
    # Two thirds were paid in money, so two thirds of the 15.00 of beans earn.
    assert points(judgement) == {"a": 10}
    assert judgement.awards[0].base_minor == 1500
    assert judgement.awards[0].lines == ((0, 1000), (2, 500))


def test_an_order_without_lines_has_nothing_to_choose_from() -> None:
    assert given_by(per_money(lines={"where": [BEANS]})) is None


@pytest.mark.parametrize(
    ("effect", "order", "expected"),
    [
        ({}, {"lines": LINES}, 7),
        ({"where": [BEANS]}, {"lines": LINES}, 6),
        ({"where": [BEANS], "per": 4}, {"lines": LINES}, 1),
        ({"where": [BEANS], "per": 4, "rounding": "half_up"}, {"lines": LINES}, 2),
        ({"where": [item("category", "eq", "tea")]}, {"lines": LINES}, 0),
        ({"of": "order.nights", "points": 5}, {"nights": 3}, 15),
        ({"of": "order.km"}, {"km": 12.6}, 12),
        ({"of": "order.km"}, {}, None),
        ({"of": "order.km"}, {"km": "12"}, None),
        ({"of": "order.km"}, {"km": True}, None),
        ({"of": "order.km"}, {"km": -3}, None),
        ({"of": "order.km"}, {"km": float("inf")}, None),
    ],
)
def test_points_per_unit_count_a_number_of_the_event(
    effect: dict[str, Any], order: dict[str, Any], expected: int | None
) -> None:
    assert given_by({"kind": "points_per_unit", "currency": "points", **effect}, **order) == expected


BRACKETS = [
    {"from_minor": 0, "points": 1},
    {"from_minor": 10_000, "points": 2},
    {"from_minor": 50_000, "points": 3},
]


@pytest.mark.parametrize(
    ("net", "marginal", "whole"),
    [(9_900, 99, 99), (10_000, 100, 200), (10_100, 102, 202), (60_000, 100 + 800 + 300, 1800), (0, 0, 0)],
)
def test_brackets_are_marginal_unless_the_whole_amount_is_asked_for(net: int, marginal: int, whole: int) -> None:
    effect = {"kind": "points_brackets", "currency": "points", "brackets": BRACKETS}
    assert given_by(effect, net_minor=net) == marginal
    assert given_by({**effect, "mode": "whole"}, net_minor=net) == whole


@given(net=st.integers(0, 10**9), more=st.integers(0, 10**6), gift=st.integers(0, 10**9))
def test_marginal_brackets_never_leap(net: int, more: int, gift: int) -> None:
    effect = {"kind": "points_brackets", "currency": "points", "brackets": BRACKETS}
    gift = min(gift, net)
    before = given_by(effect, net_minor=net, gift_card_minor=gift) or 0
    after = given_by(effect, net_minor=net + more, gift_card_minor=gift) or 0
    assert before <= after <= before + more * 3 // 100 + 1


TENDER = {
    "kind": "points_by_tender",
    "currency": "points",
    "rates": [{"kinds": ["card", "cash"], "points": 1}, {"kinds": ["balance"], "points": 2}],
}


def tenders(**amounts: int) -> list[dict[str, Any]]:
    return [{"kind": kind, "amount_minor": amount} for kind, amount in amounts.items()]


@pytest.mark.parametrize(
    ("effect", "order", "expected"),
    [
        ({}, {"tenders": tenders(card=1000)}, 10),
        ({}, {"tenders": tenders(balance=1000)}, 20),
        ({}, {"tenders": tenders(balance=250, cash=750)}, 12),
        # Goods of 10.00 and shipping of 5.00: a third of the goods was paid from the balance.
        ({}, {"shipping_minor": 500, "tenders": tenders(balance=500, card=1000)}, 13),
        ({}, {"tenders": tenders(voucher=1000)}, 0),
        ({"other": {"points": "0.5"}}, {"tenders": tenders(voucher=400, balance=600)}, 14),
        ({"other": {"points": "0.5"}}, {"tenders": tenders(gift_card=400, balance=600), "gift_card_minor": 400}, 12),
        ({"other": {"points": "0.5"}}, {}, 5),
        ({"other": {"points": "0.5"}}, {"gift_card_minor": 200}, 4),
        ({}, {}, None),
    ],
)
def test_each_part_earns_at_the_rate_of_how_it_was_paid(
    effect: dict[str, Any], order: dict[str, Any], expected: int | None
) -> None:
    assert given_by({**TENDER, **effect}, **order) == expected


@pytest.mark.parametrize(
    ("effect", "path"),
    [
        ({"kind": "points_brackets", "brackets": []}, "brackets"),
        ({"kind": "points_brackets", "brackets": [{"from_minor": 1, "points": 1}]}, "brackets[0].from_minor"),
        (
            {"kind": "points_brackets", "brackets": [{"from_minor": 0, "points": 1}, {"from_minor": 0, "points": 2}]},
            "brackets[1].from_minor",
        ),
        ({"kind": "points_brackets", "brackets": [{"from_minor": 0, "points": 0}]}, "brackets"),
        ({"kind": "points_brackets", "brackets": [{"from_minor": 0, "points": -1}]}, "brackets[0].points"),
        ({"kind": "points_by_tender", "rates": []}, "rates"),
        ({"kind": "points_by_tender", "rates": [{"kinds": [], "points": 1}]}, "rates[0].kinds"),
        ({"kind": "points_by_tender", "rates": [{"kinds": ["a", "a"], "points": 1}]}, "rates[0].kinds[1]"),
        ({"kind": "points_by_tender", "rates": [{"kinds": ["points"], "points": 1}]}, "base.paid_in_points"),
        ({"kind": "points_per_money", "lines": {}}, "lines"),
        ({"kind": "points_per_money", "lines": {"where": [BEANS]}, "base": {"shipping": "include"}}, "base.shipping"),
        ({"kind": "points_per_unit", "of": "nights", "where": [BEANS]}, "of"),
    ],
)
def test_an_effect_that_makes_no_sense_is_refused(effect: dict[str, Any], path: str) -> None:
    found = problems(plain([rule("a", {"currency": "points", **effect}, trigger="thing.happened")]))
    assert [each.path for each in found] == [f"rules[0].effects[0].{path}"]


def test_points_of_one_effect_may_begin_and_end_otherwise_than_their_currency_says() -> None:
    expiry = {"kind": "after", "n": 2, "unit": "days"}
    program = compiled(
        [rule("a", {"kind": "points_fixed", "currency": "points", "points": 1, "pending_days": 3, "expiry": expiry})]
    )
    [award] = judge(program).awards
    assert award.activates_at.isoformat() == "2026-03-07T11:00:00+00:00"
    # Valid through the 9th, local; gone at midnight in Amsterdam.
    assert award.expires_at is not None
    assert award.expires_at.isoformat() == "2026-03-09T23:00:00+00:00"


def steps(effect: Advance, **order: Any) -> int | None:
    built = effect.build(EffectScope("EUR", {"points": 0}))
    assert isinstance(built, Advancer)
    at = paid().occurred_at
    event = EventFacts(
        id="e", type="x.y", occurred_at=at, received_at=at, payload={"order": {"currency": "EUR", **order}}
    )
    return built.steps(Facts(event, NOBODY, compiled([rule("a")]).zone))


def test_steps_towards_an_achievement_are_fixed_or_by_a_number_or_by_money() -> None:
    assert steps(Advance(achievement="c")) == 1
    assert steps(Advance(achievement="c", by=2, of="order.nights"), nights=3) == 6
    assert steps(Advance(achievement="c", of="order.nights")) is None
    assert steps(Advance(achievement="c", per_minor=250), net_minor=1000, gift_card_minor=300) == 2


def test_what_is_done_besides_points_can_be_told() -> None:
    acts: list[dict[str, Any]] = [
        {"kind": "issue_reward", "reward": "coffee"},
        {"kind": "send_message", "subject": {"en": "Hi", "nl": "Hoi"}, "text": "Hello"},
        {"kind": "set_attribute", "name": "vip", "value": True},
    ]
    document = document_decode(plain([rule("a", *acts)]))
    assert [act.kind for act in judge(compiled([rule("a", *acts)])).acts] == [each["kind"] for each in acts]
    assert document_decode(plain([rule("a", *acts)])) == document


def test_an_achievement_or_badge_that_is_not_there_is_refused() -> None:
    effects = [{"kind": "advance", "achievement": "run"}, {"kind": "grant_badge", "badge": "early"}]
    found = problems(plain([rule("a", *effects)]))
    assert [each.path for each in found] == ["rules[0].effects[0].achievement", "rules[0].effects[1].badge"]
