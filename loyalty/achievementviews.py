"""Where a member is with challenges, stamp cards, streaks and badges, as pages, the API and the admin show it.

Everything is worked out from the member's counters and today's date: a period that ended, a streak that was lost and a
card that lapsed need no job in the night.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec
from django.db import connection
from django.utils.translation import gettext, override

from loyalty.definition.achievementbuild import CompiledCard, CompiledChallenge, CompiledStreak, schedule_bounds
from loyalty.definition.achievements import Challenge, Prize, StampCard, Streak
from loyalty.definition.basics import LocalText
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.expiry import add_months
from loyalty.definition.facts import CounterRef, Facts
from loyalty.definition.rule import Schedule
from loyalty.prizewords import prizes_text
from loyalty.rules import streaks
from loyalty.rules.achievements import achievement_refs, card_lapsed, card_refs, challenge_refs, days_near
from loyalty.rules.dates import period_last_day
from loyalty.rules.marks import mark_value
from loyalty.selectors import Place, program_of
from loyalty.standingfacts import facts_now
from loyalty.tellings import LANGUAGES

SHOWN_UNITS = 7


class StepView(msgspec.Struct, frozen=True):
    code: str
    name: LocalText
    progress: int
    goal: int
    done: bool


class ChallengeView(msgspec.Struct, frozen=True):
    """progress: towards the next completion, at most goal; of steps, how many are done. completed: how often in this
    period. done: nothing more can be completed in it. ends_on: the last local day that counts; null: no end.
    starts_at: when it starts counting, if it doesn't yet. gives: what completing gives, in words.
    """

    code: str
    name: LocalText
    description: LocalText
    icon: str
    progress: int
    goal: int
    completed: int
    done: bool
    period: str
    starts_at: datetime | None
    ends_on: date | None
    steps: tuple[StepView, ...]
    gives: dict[str, str]

    @property
    def share(self) -> int:
        return 100 if self.done else self.progress * 100 // self.goal


class StampCardView(msgspec.Struct, frozen=True):
    """stamps: on the card that is being filled. filled: cards so far. expires_on: the last day to fill this one."""

    code: str
    name: LocalText
    description: LocalText
    icon: str
    stamps: int
    needed: int
    filled: int
    expires_on: date | None
    per_day: int | None
    gives: dict[str, str]


class UnitView(msgspec.Struct, frozen=True):
    """A day, or the first one of a week or month. state: done, protected, missed or open."""

    day: date
    state: str


class StreakView(msgspec.Struct, frozen=True):
    """length: in a row, now. current_done: today (this week, this month) counts already. protected: how many can be
    missed. next_at, gives: the next milestone. latest: the last units, oldest first.
    """

    code: str
    name: LocalText
    description: LocalText
    icon: str
    unit: str
    length: int
    best: int
    current_done: bool
    protected: int
    protected_most: int
    next_at: int | None
    gives: dict[str, str]
    latest: tuple[UnitView, ...]


class BadgeView(msgspec.Struct, frozen=True):
    """held: now. granted_at: the latest time. last_day: null where it is kept for good."""

    code: str
    name: LocalText
    description: LocalText
    icon: str
    held: bool
    granted_at: datetime | None
    last_day: date | None


class AchievementsView(msgspec.Struct, frozen=True):
    challenges: tuple[ChallengeView, ...]
    stamp_cards: tuple[StampCardView, ...]
    streaks: tuple[StreakView, ...]
    badges: tuple[BadgeView, ...]

    @property
    def any(self) -> bool:
        return bool(self.challenges or self.stamp_cards or self.streaks or self.badges)


_COUNTERS = """
SELECT key, period, value FROM loyalty_progresscounter
WHERE enrollment_id = %s AND (key = ANY(%s) OR (key || '@' || period) = ANY(%s))
"""
_GRANTED = """
SELECT DISTINCT ON (code) code, at FROM loyalty_achievement
WHERE enrollment_id = %s AND kind = 'badge' AND NOT undone ORDER BY code, id DESC
"""


def achievements_of(place: Place, *, everything: bool = False) -> AchievementsView:
    """What the member can see; with everything, also what is outside of their audience or not shown now (for staff)."""
    program = program_of(place)
    plan, document = program.achievements, program.document
    if not (plan.each or plan.badges):
        return AchievementsView((), (), (), ())
    facts = facts_now(place, program)
    day = facts.local_date
    refs = achievement_refs(plan, plan.each, (), day, days_near(day))
    counted = _counted(place, refs, [f"badge:{code}" for code in plan.badges])
    view = _Viewing(program, facts, counted)
    shown = [each for each in document.achieving if everything or view.shown(each)]
    return AchievementsView(
        tuple(view.challenge(each) for each in shown if isinstance(each, Challenge)),
        tuple(view.card(each) for each in shown if isinstance(each, StampCard)),
        tuple(view.streak(each) for each in shown if isinstance(each, Streak)),
        view.badges(place),
    )


def _counted(place: Place, refs: list[CounterRef], keys: list[str]) -> dict[CounterRef, int]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTERS, [place.pk, keys, [f"{key}@{period}" for key, period in refs]])
        return {(key, period): value for key, period, value in cursor.fetchall()}


def gives_words(program: CompiledProgram, effects: tuple[Prize, ...]) -> dict[str, str]:
    """What prizes are, for members, by language."""
    told = {}
    for language in LANGUAGES:
        with override(language):
            told[language] = prizes_text(program.document, effects, gettext, language)
    return told


class _Viewing:
    """One member's achievements at one moment."""

    def __init__(self, program: CompiledProgram, facts: Facts, counters: Mapping[CounterRef, int]) -> None:
        self.program = program
        self.facts = facts
        self.counters = counters
        self.now = facts.event.occurred_at

    def counted(self, ref: CounterRef) -> int:
        return self.counters.get(ref, 0)

    def shown(self, each: Challenge | StampCard | Streak) -> bool:
        visible = each.visible if isinstance(each, Challenge) and each.visible is not None else each.schedule
        starts_at, ends_at = schedule_bounds(visible, self.program.zone)
        if (starts_at is not None and self.now < starts_at) or (ends_at is not None and self.now >= ends_at):
            return False
        check = self.program.achievements.each[each.code].gate.check
        return check is None or check(self.facts) is None

    def day(self, zone: str) -> date:
        return self.facts.member_local.date() if zone == "member" else self.facts.local_date

    def challenge(self, each: Challenge) -> ChallengeView:
        compiled = self.program.achievements.each[each.code]
        assert isinstance(compiled, CompiledChallenge)
        day = self.day(each.zone)
        far, often = (max(0, self.counted(ref)) for ref in challenge_refs(each.code, each.period, day))
        done = bool(compiled.repeat) and often >= compiled.repeat
        starts_at, _ = schedule_bounds(each.schedule, self.program.zone)
        return ChallengeView(
            code=each.code,
            name=each.name,
            description=each.description,
            icon=each.icon,
            progress=each.target if done else min(each.target, max(0, far - often * each.target)),
            goal=each.target,
            completed=often,
            done=done,
            period=each.period,
            starts_at=starts_at if starts_at is not None and starts_at > self.now else None,
            ends_on=self._ends_on(each, day),
            steps=tuple(self._step(step.code, step.name, step.goal, each, day) for step in each.steps),
            gives=gives_words(self.program, each.effects),
        )

    def _step(self, code: str, name: LocalText, goal: int, challenge: Challenge, day: date) -> StepView:
        far, often = (max(0, self.counted(ref)) for ref in challenge_refs(code, challenge.period, day))
        return StepView(code, name, min(goal, far), goal, often > 0)

    def _ends_on(self, each: Challenge, day: date) -> date | None:
        days = [period_last_day(each.period, day), _last_day(each.schedule)]
        return min((one for one in days if one is not None), default=None)

    def card(self, each: StampCard) -> StampCardView:
        compiled = self.program.achievements.each[each.code]
        assert isinstance(compiled, CompiledCard)
        total, filled, first, _ = card_refs(each.code)
        stamps = self.counted(total) - each.stamps * self.counted(filled)
        since = mark_value(first, self.counted)
        if card_lapsed(compiled, stamps, since, self.day(each.zone)):
            stamps = 0
        expires = None
        if each.valid_months and stamps > 0 and since > 0:
            expires = add_months(date.fromordinal(since), each.valid_months) - timedelta(days=1)
        return StampCardView(
            code=each.code,
            name=each.name,
            description=each.description,
            icon=each.icon,
            stamps=min(each.stamps, max(0, stamps)),
            needed=each.stamps,
            filled=max(0, self.counted(filled)),
            expires_on=expires,
            per_day=each.per_day,
            gives=gives_words(self.program, each.effects),
        )

    def streak(self, each: Streak) -> StreakView:
        compiled = self.program.achievements.each[each.code]
        assert isinstance(compiled, CompiledStreak)
        index = streaks.unit_index(each.unit, self.day(each.zone))
        state = streaks.streak_at(compiled, self.counted, index)
        marks = streaks.unit_marks(compiled, self.counted, index, SHOWN_UNITS)
        following = [(_next_at(one.at, one.repeat, state.length), one) for one in each.milestones]
        ahead = sorted(((at, one) for at, one in following if at is not None), key=lambda pair: pair[0])
        return StreakView(
            code=each.code,
            name=each.name,
            description=each.description,
            icon=each.icon,
            unit=each.unit,
            length=state.length,
            best=max(self.counted(streaks.best_ref(compiled)), state.length),
            current_done=marks[-1].state == "done",
            protected=state.held,
            protected_most=compiled.most,
            next_at=ahead[0][0] if ahead else None,
            gives=gives_words(self.program, ahead[0][1].effects if ahead else ()),
            latest=tuple(UnitView(streaks.unit_day(each.unit, one.index), one.state) for one in marks),
        )

    def badges(self, place: Place) -> tuple[BadgeView, ...]:
        today = self.facts.local_date.isoformat()
        with connection.cursor() as cursor:
            cursor.execute(_GRANTED, [place.pk])
            granted = dict(cursor.fetchall())
        found = []
        for badge in self.program.document.badges:
            held = [
                period
                for (key, period), value in self.counters.items()
                if key == f"badge:{badge.code}" and value > 0 and (period == "" or period >= today)
            ]
            last = None if not held or "" in held else date.fromisoformat(max(held))
            found.append(
                BadgeView(
                    code=badge.code,
                    name=badge.name,
                    description=badge.description,
                    icon=badge.icon,
                    held=bool(held),
                    granted_at=granted.get(badge.code) if held else None,
                    last_day=last,
                )
            )
        return tuple(found)


def _next_at(at: int, repeat: bool, length: int) -> int | None:
    if length < at:
        return at
    return (length // at + 1) * at if repeat else None


def _last_day(schedule: Schedule | None) -> date | None:
    """The last local day on which it counts."""
    if schedule is None or schedule.ends_at is None:
        return None
    ends = datetime.fromisoformat(schedule.ends_at)
    return (ends - timedelta(minutes=1)).date()
