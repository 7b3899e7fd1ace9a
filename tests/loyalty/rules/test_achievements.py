"""Challenges, stamp cards and badges: what moves a member on, what completing gives, what a return takes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.loyalty.rules.achieving import Paper, card, challenge, planned, points, told


def test_a_challenge_is_completed_once_and_counts_on() -> None:
    anna = Paper(planned(challenges=[challenge(goal=3)]))
    assert [points(anna.did("five")) for _ in range(5)] == [0, 0, 100, 0, 0]
    assert told(anna.log[2]) == [("challenge", "five", 1)]
    assert anna.value("challenge:five") == 5


def test_a_challenge_of_a_week_starts_anew_on_monday() -> None:
    anna = Paper(planned(challenges=[challenge(goal=2, period="week")]))
    given_points = [points(anna.did("five", days=day)) for day in (0, 6, 6, 7, 8)]
    assert given_points == [0, 100, 0, 0, 100]


def test_a_challenge_that_repeats_gives_for_each_time_and_one_event_can_complete_it_several_times() -> None:
    anna = Paper(planned(challenges=[challenge(goal=10, repeat=3)]))
    big = anna.did(("five", 25))
    assert [each.index for each in big.gifts] == [0, 1000]
    assert points(anna.did(("five", 5))) == 100
    assert points(anna.did(("five", 500))) == 0


def test_more_completions_than_fit_in_one_event_come_with_the_next() -> None:
    anna = Paper(planned(challenges=[challenge(goal=1, repeat=None)]))
    assert len(anna.did(("five", 30)).gifts) == 20
    assert len(anna.did("five").gifts) == 11


def test_a_daily_set_is_done_when_each_of_its_steps_is() -> None:
    steps = [{"code": "quiz", "name": "Quiz"}, {"code": "search", "name": "Search", "goal": 2}]
    anna = Paper(planned(challenges=[{**challenge("set"), "goal": None, "steps": steps, "period": "day"}]))
    assert told(anna.did("quiz")) == [("step", "quiz", 1)]
    assert told(anna.did("quiz")) == []
    assert told(anna.did("search")) == []
    assert told(anna.did("search")) == [("step", "search", 1), ("challenge", "set", 1)]
    assert points(anna.log[-1]) == 100
    assert told(anna.did("quiz", days=1)) == [("step", "quiz", 1)]


def test_some_of_the_steps_can_be_enough() -> None:
    steps = [{"code": code, "name": code} for code in ("aa", "bb", "cc")]
    anna = Paper(planned(challenges=[challenge("any_two", goal=2, steps=steps)]))
    assert told(anna.did("cc", "aa"))[-1] == ("challenge", "any_two", 1)
    assert told(anna.did("bb")) == [("step", "bb", 1)]


def test_a_challenge_counts_while_its_schedule_runs_and_for_its_audience_alone() -> None:
    schedule = {"starts_at": "2026-03-03T00:00", "ends_at": "2026-03-05T00:00"}
    audience = {"kind": "member", "attribute": "language", "operator": "eq", "value": "nl"}
    plan = planned(challenges=[challenge(goal=1, repeat=None, schedule=schedule, audience=audience)])
    anna, ben = Paper(plan, language="nl"), Paper(plan, language="en")
    assert [points(anna.did("five", days=day)) for day in (0, 1, 2, 3)] == [0, 100, 100, 0]
    assert points(ben.did("five", days=1)) == 0
    assert not ben.counters


@pytest.mark.parametrize(("zone", "expected"), [("member", [100, 100, 0]), ("program", [100, 0, 0])])
def test_the_day_can_be_the_members_own(zone: str, expected: list[int]) -> None:
    plan = planned(challenges=[challenge(goal=1, period="day", zone=zone)])
    anna = Paper(plan, time_zone="Pacific/Auckland")  # 11:00 UTC is midnight there, and noon in Amsterdam
    assert [points(anna.did("five", days=day)) for day in (-0.05, 0, 0.05)] == expected


def test_a_prize_can_move_another_achievement_on() -> None:
    move = {"kind": "advance", "achievement": "months"}
    anna = Paper(planned(challenges=[challenge("weeks", 1, period="week", effects=[move]), challenge("months", 2)]))
    assert told(anna.did("weeks")) == [("challenge", "weeks", 1)]
    assert told(anna.did("weeks", days=7)) == [("challenge", "weeks", 1), ("challenge", "months", 1)]
    assert points(anna.log[-1]) == 100


def test_a_stamp_card_fills_keeps_what_is_over_and_starts_again() -> None:
    anna = Paper(planned(stamp_cards=[card()]))
    assert points(anna.did(("coffee", 9))) == 0
    assert told(anna.did(("coffee", 4))) == [("stamp_card", "coffee", 1)]
    assert anna.value("stamps:coffee") - 10 * anna.value("cards:coffee") == 3
    assert len(anna.did(("coffee", 17)).gifts) == 2


def test_a_stamp_card_can_drop_what_is_over() -> None:
    anna = Paper(planned(stamp_cards=[card(keep_overflow=False)]))
    anna.did(("coffee", 9))
    assert points(anna.did(("coffee", 40))) == 50
    assert anna.value("stamps:coffee") == 10


def test_no_more_stamps_a_day_than_the_card_says() -> None:
    anna = Paper(planned(stamp_cards=[card(per_day=2)]))
    for _ in range(3):
        anna.did("coffee")
    anna.did(("coffee", 5), days=1)
    assert anna.value("stamps:coffee") == 4
    anna.undo(anna.log[-1])
    anna.did("coffee", days=1)
    assert anna.value("stamps:coffee") == 3


def test_a_card_that_took_too_long_starts_anew_and_a_return_then_takes_nothing_off_the_new_one() -> None:
    anna = Paper(planned(stamp_cards=[card(valid_months=2)]))
    old = anna.did(("coffee", 6))
    anna.did("coffee", days=60)  # 1 May: the last day but one
    assert anna.value("stamps:coffee") == 7
    anna.did(("coffee", 2), days=61)
    assert anna.value("stamps:coffee") == 2
    anna.undo(old)
    assert anna.value("stamps:coffee") == 2
    anna.undo(anna.log[-1])
    assert anna.value("stamps:coffee") == 0


def test_a_stamp_that_is_taken_back_after_its_card_was_filled_is_missing_on_the_next() -> None:
    anna = Paper(planned(stamp_cards=[card(stamps=3)]))
    first = anna.did("coffee")
    anna.did(("coffee", 2))
    anna.undo(first)
    assert [points(anna.did("coffee")) for _ in range(4)] == [0, 0, 0, 50]


def test_a_badge_is_told_once_and_again_when_it_holds_longer() -> None:
    month = {"code": "fan", "name": "Fan", "valid": {"kind": "for", "n": 30, "unit": "days"}}
    anna = Paper(planned(badges=[{"code": "star", "name": "Star"}, month]))
    assert told(anna.did(badges=["star", "fan"])) == [("badge", "star", 1), ("badge", "fan", 1)]
    assert told(anna.did(badges=["star", "fan"])) == []
    assert told(anna.did(badges=["star", "fan"], days=1)) == [("badge", "fan", 1)]
    assert anna.value("badge:fan", "2026-04-02") == 1


def test_a_badge_holds_until_every_order_that_earned_it_is_returned() -> None:
    anna = Paper(planned(badges=[{"code": "star", "name": "Star"}]))
    first, second = anna.did(badges=["star"]), anna.did(badges=["star"])
    anna.undo(first)
    assert anna.value("badge:star") == 1
    anna.undo(second)
    assert anna.value("badge:star") == 0


def test_a_completion_that_was_returned_can_be_earned_again_but_none_is_given_twice() -> None:
    anna = Paper(planned(challenges=[challenge(goal=3)]))
    first = anna.did("five")
    anna.did("five")
    last = anna.did("five")
    anna.undo(last)
    assert points(anna.did("five")) == 100
    anna.undo(first)  # its prize was another order's
    assert points(anna.did("five")) == 0


def test_a_card_that_an_order_filled_is_as_old_as_before_once_the_order_is_returned() -> None:
    anna = Paper(planned(stamp_cards=[card(stamps=3, valid_months=2)]))
    anna.did(("coffee", 2))
    filled = anna.did(("coffee", 2), days=40)
    assert points(filled) == 50
    anna.undo(filled)
    # The two stamps of the first day have lapsed by now.
    assert points(anna.did("coffee", days=70)) == 0


def test_a_card_is_as_old_as_it_was_whichever_of_the_orders_that_filled_cards_went_back_first() -> None:
    anna = Paper(planned(stamp_cards=[card(stamps=3, valid_months=2)]))
    anna.did("coffee")
    filled = [anna.did(("coffee", 3), days=40), anna.did(("coffee", 3), days=50)]
    for each in filled:
        anna.undo(each)
    # The stamp of the first day is all there is: its card lapses two months after it, not after the orders that went.
    anna.did(("coffee", 2), days=61)
    assert anna.value("cards:coffee") == 0


def test_a_card_whose_first_stamp_was_returned_lapses_all_the_same() -> None:
    anna = Paper(planned(stamp_cards=[card(stamps=3, valid_months=2)]))
    first = anna.did("coffee")
    anna.did("coffee", days=1)
    anna.undo(first)
    assert points(anna.did(("coffee", 2), days=70)) == 0


CODES = st.sampled_from(["five", "coffee", "quiz", "daily"])
events = st.lists(st.tuples(CODES, st.integers(1, 7), st.integers(0, 70)), max_size=12)
PARTS: dict[str, Any] = {
    "challenges": [
        challenge(goal=4, period="month", repeat=2),
        {
            **challenge("all_of"),
            "goal": None,
            "steps": [{"code": "quiz", "name": "q", "goal": 2}, {"code": "set_b", "name": "b"}],
        },
    ],
    "stamp_cards": [card(stamps=5, per_day=3, valid_months=1)],
    "streaks": [
        {
            "code": "daily",
            "name": "Daily",
            "milestones": [{"at": 3, "repeat": True, "effects": [{"kind": "advance", "achievement": "coffee"}]}],
        }
    ],
    "leaderboards": [{"code": "top", "name": "Top", "score": {"kind": "achievement", "achievement": "five"}}],
}
PLAN = planned(**PARTS)


@given(before=events, last=st.tuples(CODES, st.integers(1, 9)))
def test_an_event_that_is_undone_leaves_progress_as_if_it_had_never_been(
    before: list[tuple[str, int, int]], last: tuple[str, int]
) -> None:
    anna, ben = Paper(PLAN), Paper(PLAN)
    for code, by, day in sorted(before, key=lambda each: each[2]):
        anna.did((code, by), days=day)
        ben.did((code, by), days=day)
    late = max((day for _, _, day in before), default=0)
    anna.undo(anna.did(last, days=late))
    # A card's lapse isn't the event's doing; its first day only counts once there are stamps.
    ignored: tuple[str, ...] = ("streak_start", "marks:")
    if ben.value("stamps:coffee") - 5 * ben.value("cards:coffee") <= 0:
        ignored += ("mark:card_from", "unmarked:card_from")
    if anna.value("lapses:coffee") != ben.value("lapses:coffee"):
        ignored += ("stamps:", "lapse", "mark:card_from", "unmarked:card_from")
    for ref in {*anna.counters, *ben.counters}:
        assert ref[0].startswith(ignored) or anna.counters.get(ref, 0) == ben.counters.get(ref, 0), ref


@given(steps=st.lists(st.tuples(CODES, st.integers(1, 5)), max_size=8), data=st.data())
def test_nothing_depends_on_the_order_in_which_rules_name_achievements(
    steps: list[tuple[str, int]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(steps))
    anna, ben = Paper(PLAN), Paper(PLAN)
    one, other = anna.did(*steps), ben.did(*shuffled)
    assert anna.counters == ben.counters
    assert one.achieved == other.achieved
    assert one.gifts == other.gifts


@pytest.mark.parametrize("code", ["five", "coffee", "daily"])
def test_nothing_happens_without_a_step(code: str) -> None:
    anna = Paper(PLAN)
    assert told(anna.did((code, 0))) == []
    assert not anna.counters


def test_a_card_that_a_return_left_full_is_filled_by_the_next_stamp_also_where_what_is_over_is_dropped() -> None:
    anna = Paper(planned(stamp_cards=[card(stamps=3, keep_overflow=False)]))
    anna.did(("coffee", 2))
    filling = anna.did("coffee")
    anna.did("coffee")
    anna.undo(filling)
    # Three stamps and no card filled: the next one fills it and is the first of the next card, as without the order.
    assert [points(anna.did("coffee")) for _ in range(3)] == [50, 0, 50]
