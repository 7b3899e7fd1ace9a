"""What one event gives, and the trace that says why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from loyalty.definition.facts import EventFacts, MemberFacts
from loyalty.rules.evaluate import evaluate
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

# Holds for every order, which the checks don't see.
ALWAYS = {"kind": "attribute", "path": "order.net_minor", "operator": "ge", "value": 0}
LADDER = {
    "code": "club",
    "name": "Club",
    "qualify": {"kind": "points_earned", "currency": "points"},
    "tiers": [{"code": "one", "name": "One", "threshold": 0}, {"code": "two", "name": "Two", "threshold": 500}],
}


@pytest.mark.parametrize(
    ("effect", "order", "expected", "unrounded"),
    [
        ({}, {"net_minor": 1050}, 10, "10.5"),
        ({"rounding": "half_up"}, {"net_minor": 1050}, 11, "10.5"),
        ({"rounding": "half_up"}, {"net_minor": 1049}, 10, "10.49"),
        ({"points": "1.5"}, {"net_minor": 1000}, 15, "15"),
        ({}, {"net_minor": 1000, "tax_minor": 210, "shipping_minor": 500, "discount_minor": 300}, 12, "12.1"),
        ({"base": {"tax": "exclude"}}, {"net_minor": 1000, "tax_minor": 210}, 10, "10"),
        ({"base": {"discount": "before"}}, {"net_minor": 1000, "discount_minor": 300}, 13, "13"),
        ({"base": {"shipping": "include"}}, {"net_minor": 1000, "shipping_minor": 500}, 15, "15"),
        # A third of the 15.00 was paid by card from a gift, so a third of the goods earns nothing.
        ({}, {"net_minor": 1000, "shipping_minor": 500, "gift_card_minor": 500}, 6, None),
        ({}, {"net_minor": 1000, "gift_card_minor": 600, "paid_in_points_minor": 400}, 0, None),
        ({"base": {"gift_cards": "include"}}, {"net_minor": 1000, "gift_card_minor": 600}, 10, "10"),
        ({"per_minor": 300}, {"net_minor": 1000}, 3, None),
    ],
)
def test_money_earns_by_the_declared_part_of_the_order_and_one_rounding(
    effect: dict[str, Any], order: dict[str, Any], expected: int, unrounded: str | None
) -> None:
    judgement = judge(compiled([rule("a", per_money(**effect))]), paid(**order))
    assert sum(points(judgement).values()) == expected
    if unrounded is not None:
        assert judgement.awards[0].base_unrounded == unrounded


def test_rounding_per_line_rounds_each_line_by_itself() -> None:
    lines = [{"net_minor": 150}, {"net_minor": 150}, {"net_minor": 700}]
    by_order = judge(compiled([rule("a", per_money())]), paid(lines=lines))
    by_line = judge(compiled([rule("a", per_money(scope="line"))]), paid(lines=lines))
    assert points(by_order) == {"a": 10}
    assert points(by_line) == {"a": 9}


@pytest.mark.parametrize(
    "order", [{"net_minor": None}, {"net_minor": "10"}, {"net_minor": -1}, {"net_minor": True}, {"currency": "USD"}]
)
def test_an_order_without_a_usable_amount_earns_nothing_and_the_trace_says_so(order: dict[str, Any]) -> None:
    judgement = judge(compiled([rule("a", per_money())]), paid(**order))
    assert judgement.awards == ()
    assert outcomes(judgement) == {"a": ("not_matched", "effects[0].amount")}


def test_points_of_a_currency_with_digits_are_whole_numbers_of_its_smallest_part() -> None:
    judgement = judge(
        compiled([rule("a", fixed("2.5", "stars")), rule("b", per_money(currency="stars"))]), paid(net_minor=199)
    )
    assert points(judgement) == {"a": 25, "b": 19}
    assert judgement.awards[1].base_unrounded == "1.99"


def test_two_times_and_three_times_give_four_times_in_any_order() -> None:
    def judged(first: int, second: int) -> int:
        rules = [rule("a"), rule("x", times(2), priority=first), rule("y", times(3), priority=second)]
        return sum(points(judge(compiled(rules))).values())

    assert judged(1, 2) == judged(2, 1) == 40


def test_a_multiplier_takes_only_the_groups_or_rules_it_names() -> None:
    rules = [
        rule("a"),
        rule("b", fixed(100), group="extra"),
        rule("x", times(2, groups=["extra"])),
        rule("y", times("1.5", rules=["a"])),
    ]
    assert points(judge(compiled(rules))) == {"a": 10, "b": 100, "x": 100, "y": 5}


def test_a_multiplier_does_not_multiply_what_a_cap_cut_off() -> None:
    rules = [rule("a", fixed(100), limits=[{"per": "event", "at_most": 40}]), rule("x", times(2))]
    assert points(judge(compiled(rules))) == {"a": 40, "x": 40}


def test_a_rule_of_another_trigger_leaves_no_trace() -> None:
    program = compiled([rule("a"), rule("b", trigger="review.posted")])
    assert outcomes(judge(program)) == {"a": ("fired", "")}
    unknown = EventFacts(id="e", type="nothing.known", occurred_at=NOON, received_at=NOON, payload={})
    assert evaluate(program, unknown, MemberFacts()).trace == ()


def test_a_guest_earns_nothing() -> None:
    event = EventFacts(
        id="e",
        type="order.paid",
        occurred_at=NOON,
        received_at=NOON,
        payload={"order": {"net_minor": 1}},
        member_known=False,
    )
    judgement = judge(compiled([rule("a")]), event)
    assert judgement.awards == ()
    assert outcomes(judgement) == {"a": ("not_matched", "member")}


def test_disabled_and_scheduled_rules_say_why_they_are_silent() -> None:
    rules = [
        rule("off", enabled=False),
        rule("later", schedule={"starts_at": "2026-03-04T12:01"}),
        rule("over", schedule={"ends_at": "2026-03-04T12:00"}),
        rule("now", schedule={"starts_at": "2026-03-04T12:00", "ends_at": "2026-03-04T12:01"}),
    ]
    assert outcomes(judge(compiled(rules))) == {
        "off": ("disabled", ""),
        "later": ("out_of_schedule", ""),
        "over": ("out_of_schedule", ""),
        "now": ("fired", ""),
    }


def test_a_stop_flag_ends_its_own_group_only() -> None:
    rules = [
        rule("a", priority=3, stop=True, when=ALWAYS),
        rule("b", priority=2),
        rule("c", priority=1, group="other"),
    ]
    assert outcomes(judge(compiled(rules))) == {"a": ("fired", ""), "b": ("stopped", "a"), "c": ("fired", "")}


def test_a_first_match_group_takes_the_first_that_matches() -> None:
    never = {"kind": "attribute", "path": "order.channel", "operator": "eq", "value": "app"}
    rules = [rule("a", priority=3, when=never), rule("b", priority=2, when=ALWAYS), rule("c", priority=1)]
    judgement = judge(compiled(rules, stacking={"base": "first_match"}))
    assert outcomes(judgement) == {"a": ("not_matched", "when"), "b": ("fired", ""), "c": ("stopped", "b")}


@pytest.mark.parametrize(("mode", "winner"), [("best_for_member", "much"), ("best_for_brand", "little")])
def test_a_best_of_group_takes_one(mode: str, winner: str) -> None:
    rules = [rule("much", fixed(30)), rule("little", fixed(10)), rule("other", fixed(1), group="other")]
    judgement = judge(compiled(rules, stacking={"base": mode}))
    assert points(judgement) == {winner: 30 if winner == "much" else 10, "other": 1}
    assert outcomes(judgement)["little" if winner == "much" else "much"] == ("stopped", winner)


def test_the_best_is_reckoned_with_the_caps() -> None:
    rules = [rule("much", fixed(30), limits=[{"per": "event", "at_most": 5}]), rule("little")]
    assert points(judge(compiled(rules, stacking={"base": "best_for_member"}))) == {"little": 10}


def test_the_best_of_multipliers_is_chosen_after_points_are_given() -> None:
    rules = [rule("a"), rule("x", times(2), group="bonus"), rule("y", times(3), group="bonus")]
    assert points(judge(compiled(rules, stacking={"bonus": "best_for_member"}))) == {"a": 10, "y": 20}


def test_points_earned_count_for_tiers_in_the_year_of_the_program_zone() -> None:
    program = compiled([rule("a")], ladders=[LADDER])
    new_year = paid(datetime(2025, 12, 31, 23, 30, tzinfo=UTC))  # already 2026 in Amsterdam
    assert judge(program, new_year).counters == (("tier:points:calendar_year", "2026-01-01", 10),)


def test_pending_points_start_their_expiry_at_activation() -> None:
    currency = {
        "code": "points",
        "name_one": "p",
        "name_many": "p",
        "pending_days": 14,
        "expiry": {"kind": "after", "n": 1, "unit": "months"},
    }
    document = plain([rule("a")])
    document["currencies"][0] = currency
    program = compiled([rule("a")], currencies=document["currencies"])
    award = judge(program).awards[0]
    assert award.activates_at == datetime(2026, 3, 18, 11, 0, tzinfo=UTC)
    assert award.expires_at == datetime(2026, 4, 18, 22, 0, tzinfo=UTC)  # 19 April 00:00, summer time


def test_an_absurd_award_is_cut_to_what_the_ledger_can_hold() -> None:
    judgement = judge(
        compiled([rule("a", per_money(points=10**9, per_minor=1)), rule("x", times(1000))]), paid(net_minor=10**18)
    )
    assert all(0 < award.awarded <= 10**15 for award in judgement.awards)
