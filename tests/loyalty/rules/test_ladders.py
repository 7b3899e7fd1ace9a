"""Ladders of every kind: what is counted, over which window, how long a tier holds. Figures worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from loyalty.definition.compiled import CompiledLadder, CompiledProgram
from loyalty.definition.facts import MemberFacts
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode, document_plain
from loyalty.definition.words import ladder_words
from loyalty.rules.evaluate import evaluate
from loyalty.rules.progress import progress_of, tier_progress, values_on
from loyalty.rules.tiers import TierMove, tier_expire, tier_return_review, tier_review
from tests.loyalty.rules.sample import compiled, paid, plain, rule

AT = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
POINTS = {"kind": "points_earned", "currency": "points"}
ORDERS = {"code": "orders", "name": "Orders", "trigger": "order.paid"}


def midnight(day: str) -> datetime:
    """The start of that day in Amsterdam."""
    summer = day[5:] >= "03-29" and day[5:] < "10-25"
    return datetime.fromisoformat(f"{day}T00:00:00+0{2 if summer else 1}:00").astimezone(UTC)


def body(**fields: Any) -> dict[str, Any]:
    tiers = [{"code": code, "name": code, "threshold": at} for code, at in (("one", 0), ("two", 500), ("three", 1000))]
    return {"code": "club", "name": "Club", "qualify": POINTS, "tiers": tiers, **fields}


def program(**fields: Any) -> CompiledProgram:
    return compiled([rule("a")], ladders=[body(**fields)], counters=[ORDERS])


def ladder(**fields: Any) -> CompiledLadder:
    return program(**fields).ladders["club"]


ROLLING = {"window": {"kind": "rolling", "months": 12}, "valid": "while_qualifying", "downgrade": "full"}


def test_a_rolling_window_counts_a_day_until_so_many_months_later() -> None:
    club = ladder(**ROLLING)
    progress = [{"2025-05-02": 300, "2025-05-01": 400, "2026-05-01": 50}]
    assert values_on(club, progress, date(2026, 4, 30)) == (700,)
    assert values_on(club, progress, date(2026, 5, 1)) == (350,)
    assert values_on(club, progress, date(2026, 5, 2)) == (50,)


def test_a_tier_of_a_rolling_window_holds_until_the_day_on_which_the_sum_falls_below() -> None:
    club = ladder(**ROLLING)
    progress = [{"2025-06-10": 300, "2025-08-01": 150, "2026-05-01": 100}]
    move = tier_review(club, current="one", valid_until=None, progress=progress, at=AT)
    assert move == TierMove("club", "upgraded", "one", "two", midnight("2026-06-10"))
    more = [{**progress[0], "2026-05-20": 400}]
    later = tier_review(
        club, current="two", valid_until=midnight("2026-06-10"), progress=more, at=AT + timedelta(days=20)
    )
    assert later == TierMove("club", "kept", "two", "two", midnight("2027-05-01"))


def test_at_its_end_a_rolling_tier_falls_to_what_the_last_months_carry() -> None:
    club = ladder(**ROLLING)
    ends = midnight("2026-06-10")
    progress = [{"2025-06-10": 600, "2026-01-01": 500}]
    assert tier_expire(club, current="three", valid_until=ends, progress=progress, at=ends) == TierMove(
        "club", "downgraded", "three", "two", midnight("2027-01-01")
    )
    assert tier_expire(club, current="two", valid_until=ends, progress=[{}], at=ends) == TierMove(
        "club", "downgraded", "two", "one", None
    )


def test_one_step_down_from_a_rolling_tier_holds_for_another_window() -> None:
    club = ladder(**{**ROLLING, "downgrade": "one_step"})
    ends = midnight("2026-06-10")
    move = tier_expire(club, current="three", valid_until=ends, progress=[{}], at=ends)
    assert move == TierMove("club", "downgraded", "three", "two", midnight("2027-06-10"))


def test_a_return_shortens_a_rolling_tier_that_still_holds() -> None:
    club = ladder(**ROLLING)
    progress = [{"2025-06-10": 300, "2026-05-01": 250}]
    move = tier_return_review(
        club,
        current="two",
        since=AT,
        valid_until=midnight("2027-05-01"),
        before=None,
        before_valid_until=None,
        progress=progress,
        at=AT,
    )
    assert move == TierMove("club", "kept", "two", "two", midnight("2026-06-10"))


def test_so_many_months_after_reaching_whatever_is_earned_meanwhile() -> None:
    club = ladder(valid="after_months", valid_months=18)
    up = tier_review(club, current="one", valid_until=None, progress=[{"2026-01-01": 500}], at=AT)
    assert up == TierMove("club", "upgraded", "one", "two", midnight("2027-11-01"))
    again = tier_review(club, current="two", valid_until=midnight("2027-11-01"), progress=[{"2027-01-01": 900}], at=AT)
    assert again is None


@pytest.mark.parametrize(
    ("progress", "to", "until"),
    [
        ({"2026-01-01": 800}, "one", None),
        ({"2027-01-01": 500}, "two", "2028-05-01"),
        ({"2027-01-01": 1000}, "three", "2028-05-01"),
    ],
)
def test_after_so_many_months_the_window_of_the_last_day_is_asked(
    progress: dict[str, int], to: str, until: str | None
) -> None:
    club, ends = ladder(valid="after_months", valid_months=12), midnight("2027-05-01")
    move = tier_expire(club, current="two", valid_until=ends, progress=[progress], at=ends)
    assert move is not None
    assert (move.to_tier, move.valid_until) == (to, midnight(until) if until else None)


def test_days_of_grace_put_the_end_off_and_what_is_earned_in_them_keeps_the_tier() -> None:
    club = ladder(valid="end_of_window", grace_days=31)
    up = tier_review(club, current="one", valid_until=None, progress=[{"2026-01-01": 500}], at=AT)
    assert up is not None
    assert up.valid_until == midnight("2027-02-01")
    kept = tier_expire(
        club,
        current="two",
        valid_until=midnight("2027-02-01"),
        progress=[{"2026-01-01": 500, "2027-01-01": 500}],
        at=midnight("2027-02-01"),
    )
    assert kept == TierMove("club", "kept", "two", "two", midnight("2028-02-01"))
    lost = tier_expire(
        club,
        current="two",
        valid_until=midnight("2027-02-01"),
        progress=[{"2026-01-01": 500, "2027-01-01": 499}],
        at=midnight("2027-02-01"),
    )
    assert lost == TierMove("club", "downgraded", "two", "one", None)


def test_at_the_next_window_one_rises_when_it_starts_and_not_before() -> None:
    club = ladder(upgrade="next_window", valid="end_of_window")
    earned = [{"2026-01-01": 700}]
    waiting = tier_review(club, current="one", valid_until=None, progress=earned, at=AT)
    assert waiting == TierMove("club", "kept", "one", "one", midnight("2027-01-01"))
    assert tier_review(club, current="one", valid_until=midnight("2027-01-01"), progress=earned, at=AT) is None
    risen = tier_expire(
        club, current="one", valid_until=midnight("2027-01-01"), progress=earned, at=midnight("2027-01-01")
    )
    assert risen == TierMove("club", "upgraded", "one", "two", midnight("2028-01-01"))
    nothing = tier_expire(
        club, current="one", valid_until=midnight("2027-01-01"), progress=[{}], at=midnight("2027-01-01")
    )
    assert nothing == TierMove("club", "kept", "one", "one", None)


def test_a_tier_held_on_at_the_next_window_is_kept_by_the_year_that_it_was_earned_in() -> None:
    club = ladder(upgrade="next_window", valid="end_of_window")
    ends = midnight("2028-01-01")
    kept = tier_expire(
        club, current="two", valid_until=ends, progress=[{"2026-01-01": 700, "2027-01-01": 500}], at=ends
    )
    assert kept == TierMove("club", "kept", "two", "two", midnight("2029-01-01"))
    lost = tier_expire(club, current="two", valid_until=ends, progress=[{"2026-01-01": 700}], at=ends)
    assert lost == TierMove("club", "downgraded", "two", "one", None)


def test_the_members_own_year() -> None:
    club = ladder(window={"kind": "anniversary"}, valid="end_of_window")
    anchor = date(2024, 5, 10)
    up = tier_review(club, current="one", valid_until=None, progress=[{"2025-05-10": 500}], at=AT, anchor=anchor)
    assert up == TierMove("club", "upgraded", "one", "two", midnight("2026-05-10"))
    down = tier_expire(
        club,
        current="three",
        valid_until=midnight("2026-05-10"),
        progress=[{}],
        at=midnight("2026-05-10"),
        anchor=anchor,
    )
    assert down == TierMove("club", "downgraded", "three", "two", midnight("2027-05-10"))


def test_a_lifetime_is_never_over() -> None:
    club = ladder(window={"kind": "lifetime"})
    up = tier_review(club, current="one", valid_until=None, progress=[{"": 1000}], at=AT)
    assert up == TierMove("club", "upgraded", "one", "three", None)


BOTH: dict[str, Any] = {
    "qualify": {"kind": "all_of", "of": [POINTS, {"kind": "counter", "counter": "orders"}]},
    "tiers": [
        {"code": "one", "name": "one"},
        {"code": "two", "name": "two", "thresholds": [500, 4]},
        {"code": "three", "name": "three", "thresholds": [1000, 4]},
    ],
}


@pytest.mark.parametrize(
    ("kind", "points", "orders", "tier"),
    [
        ("all_of", 500, 4, "two"),
        ("all_of", 5000, 3, None),
        ("all_of", 499, 40, None),
        ("all_of", 1000, 4, "three"),
        ("any_of", 500, 0, "two"),
        ("any_of", 0, 4, "two"),
        ("any_of", 0, 8, "three"),
        ("any_of", 499, 3, None),
    ],
)
def test_every_one_or_any_one_of_several_things(kind: str, points: int, orders: int, tier: str | None) -> None:
    tiers = [*BOTH["tiers"]]
    if kind == "any_of":
        tiers[2] = {**tiers[2], "thresholds": [1000, 8]}
    club = ladder(qualify={**BOTH["qualify"], "kind": kind}, tiers=tiers)
    progress = [{"2026-01-01": points}, {"2026-01-01": orders}]
    move = tier_review(club, current="one", valid_until=None, progress=progress, at=AT)
    assert (move.to_tier if move else None) == tier


def test_what_is_missing_is_told_for_each_thing() -> None:
    shown = tier_progress(ladder(**BOTH), current="two", values=(750, 1))
    assert [(each.missing, each.to_keep) for each in shown.metrics] == [(250, 0), (3, 3)]
    assert shown.percent == 25


def test_orders_and_money_are_counted_for_the_ladder_whether_or_not_a_rule_fires() -> None:
    money = {"kind": "money_spent", "base": {"tax": "exclude"}}
    made = compiled([], counters=[ORDERS], ladders=[body(
        window={"kind": "quarter"},
        qualify={"kind": "all_of", "of": [{"kind": "counter", "counter": "orders"}, money]},
        tiers=[{"code": "one", "name": "one"}, {"code": "two", "name": "two", "thresholds": [2, 40]}],
    )])  # fmt: skip
    judged = evaluate(made, paid(net_minor=2550, tax_minor=450), MemberFacts())
    counters = {f"{key}@{period}": value for key, period, value in judged.counters if key.startswith("tier:")}
    assert progress_of(made.ladders["club"], counters) == [{"2026-01-01": 1}, {"2026-01-01": 2550}]
    assert made.ladders["club"].tiers[1].thresholds == (2, 4000)
    shares = {each.key: each.by_share for each in judged.raised if each.key.startswith("tier:")}
    assert set(shares.values()) == {True, False}


def test_money_in_another_currency_counts_nothing() -> None:
    made = program(qualify={"kind": "money_spent"})
    judged = evaluate(made, paid(currency="USD"), MemberFacts())
    assert not any(key.startswith("tier:money") for key, _period, _value in judged.counters)


def test_a_balance_raises_at_once_and_is_not_counted_over_a_window() -> None:
    club = ladder(
        qualify={"kind": "balance", "currency": "points"}, window={"kind": "lifetime"}, valid="while_qualifying"
    )
    progress = progress_of(club, {}, {"points": 600})
    move = tier_review(club, current="one", valid_until=None, progress=progress, at=AT)
    assert move == TierMove("club", "upgraded", "one", "two", None)


def test_a_tier_by_invitation_is_never_reached_and_passed_over_on_the_way_down() -> None:
    tiers = body()["tiers"]
    tiers.insert(2, {"code": "guest", "name": "guest", "by_invitation": True})
    club = ladder(tiers=tiers)
    up = tier_review(club, current="one", valid_until=None, progress=[{"2026-01-01": 999}], at=AT)
    assert up is not None
    assert up.to_tier == "two"
    ends = midnight("2027-01-01")
    down = tier_expire(club, current="three", valid_until=ends, progress=[{}], at=ends)
    assert down is not None
    assert down.to_tier == "two"


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"valid": "while_qualifying"}, "valid"),
        ({"window": {"kind": "rolling", "months": 12}}, "valid"),
        ({"valid": "after_months"}, "valid_months"),
        ({"valid_months": 3}, "valid_months"),
        ({"window": {"kind": "lifetime"}, "upgrade": "next_window"}, "upgrade"),
        ({"qualify": {"kind": "balance", "currency": "points"}}, "valid"),
        ({"qualify": {"kind": "counter", "counter": "gone"}}, "qualify.counter"),
        ({"qualify": {"kind": "all_of", "of": [POINTS]}}, "qualify.of"),
        ({"qualify": {"kind": "all_of", "of": [POINTS, POINTS]}}, "qualify.of[1]"),
        ({**BOTH, "tiers": [{"code": "one", "name": "x"}, {"code": "two", "name": "x", "thresholds": [1]}]},
         "tiers[1].thresholds"),
        ({**BOTH, "tiers": [{"code": "one", "name": "x", "thresholds": [0, 1]}]}, "tiers[0].thresholds"),
        ({**BOTH, "tiers": [{"code": "one", "name": "x"}, {"code": "two", "name": "x", "thresholds": [0, 0]}]},
         "tiers[1].thresholds"),
        ({"tiers": [{"code": "one", "name": "x", "by_invitation": True}]}, "tiers[0].by_invitation"),
        ({"moved_tiers": {"one": "two"}}, "moved_tiers.one"),
        ({"moved_tiers": {"old": "nowhere"}}, "moved_tiers.old"),
        ({"tiers": [{"code": "one", "name": "x",
                     "entry_effects": [{"kind": "points_fixed", "currency": "points", "points": 5}]}]},
         "tiers[0].entry_effects"),
        ({"tiers": [{"code": "one", "name": "x"}, {"code": "two", "name": "x", "threshold": 5,
                     "entry_effects": [{"kind": "points_per_money", "currency": "points"}]}]},
         "tiers[1].entry_effects[0]"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused_with_its_place(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        document_decode(plain([rule("a")], ladders=[body(**fields)], counters=[ORDERS]))
    assert f"ladders[0].{where}" in [each.path for each in refused.value.problems]
    assert all(each.mend for each in refused.value.problems)


@pytest.mark.parametrize("fields", [ROLLING, BOTH, {"valid": "after_months", "valid_months": 6, "grace_days": 10}])
def test_a_ladder_comes_back_unchanged_and_can_be_told(fields: dict[str, Any]) -> None:
    document = document_decode(plain([rule("a")], ladders=[body(**fields)], counters=[ORDERS]))
    assert document_decode(document_plain(document)) == document
    assert ladder_words(document, "club").endswith(".")
