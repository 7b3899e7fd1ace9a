"""Up at once, down at the end of validity, as the ladder says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from loyalty.definition.compiled import CompiledLadder
from loyalty.rules.progress import tier_progress
from loyalty.rules.tiers import TierMove, tier_expire, tier_return_review, tier_review
from tests.loyalty.rules.sample import compiled, rule

AT = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)


def year(number: int) -> datetime:
    """The start of that year in Amsterdam."""
    return datetime(number - 1, 12, 31, 23, 0, tzinfo=UTC)


def ladder(**fields: Any) -> CompiledLadder:
    tiers = [("one", 0), ("two", 500), ("three", 1000), ("four", 2000)]
    body = {
        "code": "club",
        "name": "Club",
        "qualify": {"kind": "points_earned", "currency": "points"},
        "tiers": [{"code": code, "name": code, "threshold": threshold} for code, threshold in tiers],
        **fields,
    }
    return compiled([rule("a")], ladders=[body]).ladders["club"]


def up(current: str | None, earned: int, until: datetime | None = None, **fields: Any) -> TierMove | None:
    return tier_review(ladder(**fields), current=current, valid_until=until, progress=[{"2026-01-01": earned}], at=AT)


def test_enough_points_raise_at_once_and_over_several_tiers() -> None:
    assert up("one", 499) is None
    assert up(None, 500) == TierMove("club", "upgraded", "", "two", year(2028))
    assert up("one", 1000, valid="end_of_window") == TierMove("club", "upgraded", "one", "three", year(2027))


def test_a_tier_earned_again_holds_longer_and_only_once() -> None:
    assert up("two", 600, until=year(2027)) == TierMove("club", "kept", "two", "two", year(2028))
    assert up("two", 600, until=year(2028)) is None
    assert up("two", 600, until=None) is None
    assert up("three", 600, until=year(2027)) is None


def test_a_late_award_of_last_year_raises_as_long_as_that_year_still_counts() -> None:
    late = {"2025-01-01": 1000, "2026-01-01": 10}
    assert tier_review(ladder(), current="one", valid_until=None, progress=[late], at=AT) == TierMove(
        "club", "upgraded", "one", "three", year(2027)
    )
    assert tier_review(ladder(valid="end_of_window"), current="one", valid_until=None, progress=[late], at=AT) is None


@pytest.mark.parametrize(
    ("downgrade", "earned", "to", "until"),
    [
        ("one_step", 0, "three", year(2027)),
        ("one_step", 700, "three", year(2027)),
        ("one_step", 1500, "three", year(2027)),
        ("full", 0, "one", None),
        ("full", 700, "two", year(2027)),
        ("none", 0, "four", None),
    ],
)
def test_at_the_end_of_validity_the_ladder_says_how_far_down(
    downgrade: str, earned: int, to: str, until: datetime | None
) -> None:
    move = tier_expire(
        ladder(downgrade=downgrade),
        current="four",
        valid_until=year(2026),
        progress=[{"2024-01-01": 2000, "2025-01-01": earned}],
        at=AT,
    )
    assert move is not None
    assert (move.to_tier, move.valid_until) == (to, until)


def test_a_tier_is_not_looked_at_before_its_end_and_kept_when_earned_again() -> None:
    assert tier_expire(ladder(), current="two", valid_until=year(2027), progress=[{}], at=AT) is None
    assert tier_expire(ladder(), current="one", valid_until=None, progress=[{}], at=AT) is None
    kept = tier_expire(ladder(), current="two", valid_until=year(2026), progress=[{"2025-01-01": 500}], at=AT)
    assert kept == TierMove("club", "kept", "two", "two", year(2027))


def test_missed_years_are_caught_up_one_by_one() -> None:
    until: datetime | None = year(2023)
    current, path = "four", []
    while True:
        move = tier_expire(ladder(), current=current, valid_until=until, progress=[{}], at=AT)
        if move is None:
            break
        path.append((move.to_tier, move.valid_until))
        current, until = move.to_tier, move.valid_until
    assert path == [("three", year(2024)), ("two", year(2025)), ("one", None)]


def test_a_return_gives_back_the_tier_that_it_had_reached() -> None:
    def returned(earned: int, before: str | None = "one", until: datetime | None = None, last_year: int = 0) -> Any:
        move = tier_return_review(
            ladder(),
            current="three",
            since=AT,
            valid_until=year(2028) if not last_year else year(2027),
            before=before,
            before_valid_until=until,
            progress=[{"2025-01-01": last_year, "2026-01-01": earned}],
            at=AT,
        )
        return move and (move.to_tier, move.valid_until)

    assert returned(1000) is None
    assert returned(0) == ("one", None)
    assert returned(700) == ("two", year(2028))
    assert returned(0, before="two", until=year(2027)) == ("two", year(2027))
    assert returned(0, before="two", until=year(2026)) == ("one", None)
    assert returned(0, last_year=1000) is None
    # Points of last year that were booked this year: what they reached goes with them.
    assert returned(0, last_year=999) == ("two", year(2027))


def test_progress_says_what_is_missing() -> None:
    progress = tier_progress(ladder(), current="two", values=(750,))
    assert (progress.next_tier, progress.missing, progress.percent, progress.to_keep) == ("three", 250, 75, 0)
    top = tier_progress(ladder(), current="four", values=(100,))
    assert (top.next_tier, top.missing, top.percent, top.to_keep) == (None, 0, 100, 1900)
    assert tier_progress(ladder(), current="gone", values=(-5,)).tier == "one"
