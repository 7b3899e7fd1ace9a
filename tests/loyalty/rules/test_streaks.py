"""Streaks: days in a row, protected days, what comes late, what is returned."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.definition.achievementbuild import CompiledStreak
from loyalty.rules.marks import mark_value
from loyalty.rules.streaks import streak_at, unit_day, unit_index, unit_marks
from tests.loyalty.rules.achieving import Paper, planned, points, streak, told

PROTECTED: dict[str, Any] = {"most": 2, "every": 5}


def a_streak(*milestones: int, **fields: Any) -> Paper:
    return Paper(planned(streaks=[streak("daily", *milestones, **fields)]))


def length(paper: Paper, day: int) -> int:
    return at(paper, day)[0]


def at(paper: Paper, day: int) -> tuple[int, int]:
    """(length, protected days held) in the course of the day."""
    compiled = paper.plan.each["daily"]
    assert isinstance(compiled, CompiledStreak)
    index = unit_index(compiled.unit, date(2026, 3, 2) + timedelta(days=day))
    state = streak_at(compiled, lambda ref: paper.counters.get(ref, 0), index)
    return state.length, state.held


def test_days_in_a_row_add_up_and_one_that_is_missed_ends_it() -> None:
    anna = a_streak()
    for day in (0, 1, 1, 2):
        anna.did("daily", days=day)
    assert length(anna, 2) == length(anna, 3) == 3, "the day isn't over: the streak can still go on"
    assert length(anna, 4) == 0
    anna.did("daily", days=4)
    assert length(anna, 4) == 1
    assert anna.value("streak_best:daily") == 3


def test_a_protected_day_is_used_by_itself_and_doesnt_count() -> None:
    anna = a_streak(protection=PROTECTED)
    for day in range(5):
        anna.did("daily", days=day)
    assert at(anna, 4) == (5, 1)
    assert at(anna, 6) == (5, 0)
    anna.did("daily", days=6)
    assert at(anna, 6) == (6, 0)
    assert length(anna, 8) == 0


def test_no_more_protected_days_are_held_than_may_be() -> None:
    anna = a_streak(protection=PROTECTED)
    for day in range(40):
        anna.did("daily", days=day)
    assert at(anna, 39) == (40, 2)
    assert at(anna, 42) == (40, 0)
    assert length(anna, 43) == 0


def test_a_streak_can_begin_with_protected_days() -> None:
    anna = a_streak(protection={"most": 2, "every": None, "at_start": 1})
    anna.did("daily")
    assert at(anna, 2) == (1, 0)


def test_an_event_told_late_fills_its_gap() -> None:
    anna = a_streak()
    for day in (0, 1, 3, 4):
        anna.did("daily", days=day)
    assert length(anna, 4) == 2
    late = anna.did("daily", days=2)
    assert told(late) == [("streak", "daily", 5)]
    assert length(anna, 4) == 5


def test_an_event_told_late_gives_back_the_protected_day_that_its_gap_had_used() -> None:
    anna = a_streak(protection=PROTECTED)
    for day in (0, 1, 2, 3, 4, 6):
        anna.did("daily", days=day)
    assert at(anna, 6) == (6, 0)
    anna.did("daily", days=5)
    assert at(anna, 6) == (7, 1)


def test_a_return_leaves_a_gap_unless_something_else_was_done_that_day() -> None:
    anna = a_streak()
    anna.did("daily")
    once, again = anna.did("daily", days=1), anna.did("daily", days=1)
    anna.did("daily", days=2)
    anna.undo(once)
    assert length(anna, 2) == 3
    anna.undo(again)
    assert length(anna, 2) == 1


def test_milestones_give_once_in_a_streak_and_again_where_they_repeat() -> None:
    weekly = {"at": 3, "repeat": True, "effects": [{"kind": "points_fixed", "currency": "points", "points": 7}]}
    anna = Paper(planned(streaks=[{**streak("daily", 4), "milestones": [*streak("x", 4)["milestones"], weekly]}]))
    assert [points(anna.did("daily", days=day)) for day in range(9)] == [0, 0, 7, 4, 0, 7, 0, 0, 7]
    assert [each.index for each in anna.log[3].gifts] == [0]
    assert [each.index for each in anna.log[2].gifts] == [1]
    assert [points(anna.did("daily", days=day)) for day in range(20, 25)] == [0, 0, 7, 4, 0]


def test_a_milestone_isnt_given_again_for_days_that_earned_it_already() -> None:
    anna = a_streak(3)
    first = anna.did("daily")
    for day in (1, 2):
        anna.did("daily", days=day)
    assert points(anna.log[-1]) == 3
    anna.undo(first)
    assert [points(anna.did("daily", days=day)) for day in (3, 4)] == [0, 0]


def test_a_milestone_whose_order_was_returned_is_earned_by_the_next() -> None:
    anna = a_streak(3)
    for day in (0, 1, 2):
        anna.did("daily", days=day)
    anna.undo(anna.log[-1])
    assert points(anna.did("daily", days=2)) == 3


def test_an_older_order_that_goes_back_leaves_the_mark_of_the_later_milestone() -> None:
    anna = Paper(
        planned(streaks=[{**streak("daily"), "milestones": [{**streak("x", 3)["milestones"][0], "repeat": True}]}])
    )
    for day in range(6):
        anna.did("daily", days=day)
    assert [points(each) for each in anna.log] == [0, 0, 3, 0, 0, 3]
    anna.undo(anna.log[2])
    # The second half of the six days has been paid for: what comes right after it isn't, as if nothing had gone back.
    assert [points(anna.did("daily", days=day)) for day in (6, 7, 8)] == [0, 0, 3]


def test_marks_go_back_one_by_one_with_the_orders_that_set_them() -> None:
    anna = Paper(planned(streaks=[streak("daily", 1)]))
    first, second = anna.did("daily"), anna.did("daily", days=5)
    assert [points(first), points(second)] == [1, 1]
    before = held(anna)
    third = anna.did("daily", days=9)
    anna.undo(third)
    assert held(anna) == before
    anna.undo(second)
    anna.undo(first)
    assert held(anna) == 0
    assert points(anna.did("daily", days=9)) == 1


def test_a_milestone_is_earned_again_whichever_of_its_orders_went_back_first() -> None:
    anna = Paper(
        planned(streaks=[{**streak("daily"), "milestones": [{**streak("x", 3)["milestones"][0], "repeat": True}]}])
    )
    for day in range(6):
        anna.did("daily", days=day)
    anna.undo(anna.log[2])
    anna.undo(anna.log[5])
    # Days 1, 2, 4 and 5 are left, and nothing of them has been paid for: day 3 makes the third in a row again.
    assert points(anna.did("daily", days=2)) == 3


@given(gone=st.permutations(range(4)), pays=st.integers(1, 4))
def test_what_holds_is_the_latest_mark_that_wasnt_taken_back(gone: list[int], pays: int) -> None:
    anna = Paper(planned(streaks=[streak("daily", 1)]))
    log = [anna.did("daily", days=5 * turn) for turn in range(pays)]
    days = [unit_index("day", date(2026, 3, 2) + timedelta(days=5 * turn)) for turn in range(pays)]
    left = set(range(pays))
    for turn in gone:
        if turn < pays:
            anna.undo(log[turn])
            left.discard(turn)
        assert held(anna) == (days[max(left)] if left else 0)


def held(paper: Paper) -> int:
    return mark_value(("streak_paid:daily:1", ""), lambda ref: paper.counters.get(ref, 0))


@pytest.mark.parametrize("unit", ["week", "month"])
def test_weeks_and_months_go_by_the_calendar(unit: str) -> None:
    anna = a_streak(unit=unit)
    step = 7 if unit == "week" else 31
    for turn in range(14):
        anna.did("daily", days=turn * step)
    assert length(anna, 13 * step) == 14
    assert length(anna, 13 * step + 2 * step + 2) == 0


@pytest.mark.parametrize("unit", ["day", "week", "month"])
@given(day=st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_unit_starts_on_its_first_day(unit: str, day: date) -> None:
    index = unit_index(unit, day)
    start = unit_day(unit, index)
    assert start <= day < unit_day(unit, index + 1)
    assert unit_index(unit, start) == index
    assert start.weekday() == 0 or unit != "week"


def test_a_streak_goes_on_over_hundreds_of_days() -> None:
    anna = a_streak(protection=PROTECTED)
    for day in [each for each in range(400) if each % 9]:
        anna.did("daily", days=day)
    assert length(anna, 399) == len([each for each in range(1, 400) if each % 9])


def test_what_is_shown_of_the_last_days() -> None:
    anna = a_streak(protection={"most": 1, "every": 3})
    for day in (0, 1, 2, 4):
        anna.did("daily", days=day)
    compiled = anna.plan.each["daily"]
    assert isinstance(compiled, CompiledStreak)
    index = unit_index("day", date(2026, 3, 8))
    marks = unit_marks(compiled, lambda ref: anna.counters.get(ref, 0), index, 7)
    assert [each.state for each in marks] == ["done", "done", "done", "protected", "done", "missed", "open"]


days = st.lists(st.integers(0, 28), max_size=20)


@given(done=days, data=st.data())
def test_the_streak_doesnt_depend_on_the_order_in_which_days_are_told(done: list[int], data: st.DataObject) -> None:
    anna, ben = a_streak(protection=PROTECTED), a_streak(protection=PROTECTED)
    for day in sorted(done):
        anna.did("daily", days=day)
    for day in data.draw(st.permutations(done)):
        ben.did("daily", days=day)
    assert at(anna, 29) == at(ben, 29) == expected(done, 29)


@given(done=days, gone=st.data())
def test_a_return_leaves_the_streak_as_if_that_day_had_never_been(done: list[int], gone: st.DataObject) -> None:
    anna = a_streak(protection=PROTECTED)
    once = sorted(set(done))
    log = {day: anna.did("daily", days=day) for day in once}
    back = gone.draw(st.lists(st.sampled_from(once), unique=True)) if once else []
    for day in back:
        anna.undo(log[day])
    assert at(anna, 29) == expected([day for day in once if day not in back], 29)


def expected(done: list[int], today: int) -> tuple[int, int]:
    """The rule, written the plainest way."""
    length = held = 0
    for day in range(today + 1):
        if day in done:
            length += 1
            held = min(2, held + (length % 5 == 0))
        elif day < today and length:
            length, held = (length, held - 1) if held else (0, 0)
    return length, held
