"""Moving a member on in achievements, within the judgement of one event.

Rules say how far the event moves which achievement on. All of an achievement's steps are added up before it is looked
at, and achievements are gone through in an order in which what one moves on comes after it: so nothing depends on the
order of rules. State lives in the member's counters, so a batch, a dry run and a backtest follow it as they do caps.

    challenge:<code> @ period         how far (a challenge's step has a code of its own)
    challenge_done:<code> @ period    how often it was completed
    stamps:<code>                     stamps ever, less those of cards that lapsed
    cards:<code>                      cards filled
    stamps_day:<code> @ day           stamps of a local day
    mark…:<mark>                      see marks.py: of card_from:<code>, the day (its ordinal) on which the card's first
                                      stamp came, and of streak_paid:<code>:<length>
    lapses:<code>, lapsed:<code> @ n  how many cards lapsed; 1 for the n-th once it has
    streak…:<code>                    see streaks.py
    badge:<code> @ last day           grants that hold through that day, "" for good
    board:<code> @ period             the score on a leaderboard
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from loyalty.definition.achievementbuild import (
    AchievementPlan,
    CompiledAchievement,
    CompiledCard,
    CompiledChallenge,
    CompiledStreak,
)
from loyalty.definition.badges import Badge
from loyalty.definition.effects import Action, Advancer, CompiledEffect, Given, Giver, Granter
from loyalty.definition.expiry import add_months
from loyalty.definition.facts import CounterRef, Facts
from loyalty.rules import streaks
from loyalty.rules.dates import period_start
from loyalty.rules.judgement import Achieved, Act, Raised
from loyalty.rules.marks import mark_refs, mark_set, mark_value

# More completions than this by one event wait for the next; the numbers of their prizes lie so far apart.
MOST_AT_ONCE = 20
STRIDE = 1000
Kind = Literal["challenge", "step", "stamp_card", "streak", "milestone", "badge"]


class Gift(Struct, frozen=True, gc=False):
    """Points that completing something gives. index: the prize's number, STRIDE more for each further completion."""

    code: str
    index: int
    giver: Giver
    given: Given


def challenge_refs(code: str, period: str, day: date) -> tuple[CounterRef, CounterRef]:
    """(how far, how often completed) of a challenge or a step of one."""
    start = period_start(period, day)
    return (f"challenge:{code}", start), (f"challenge_done:{code}", start)


def card_refs(code: str) -> tuple[CounterRef, CounterRef, CounterRef, CounterRef]:
    """(stamps, cards filled, the mark of the first stamp's day, lapses)."""
    return (f"stamps:{code}", ""), (f"cards:{code}", ""), (f"card_from:{code}", ""), (f"lapses:{code}", "")


def badge_ref(badge: Badge, day: date) -> CounterRef:
    last = badge.valid.last_day(day)
    return f"badge:{badge.code}", last.isoformat() if last is not None else ""


def achievement_refs(
    plan: AchievementPlan, codes: Iterable[str], badges: Iterable[str], day: date, near: Iterable[date]
) -> list[CounterRef]:
    """What moving these on can ask for. day: of the program; near: those that it can be where the member is."""
    refs: list[CounterRef] = []
    days = tuple(near)
    for code in codes:
        each = plan.each[code]
        for local in days if each.gate.member_zone else (day,):
            if isinstance(each, CompiledChallenge):
                refs += challenge_refs(code, each.period, local)
            elif isinstance(each, CompiledCard):
                refs += (*card_refs(code), (f"stamps_day:{code}", local.isoformat()))
                refs += mark_refs(card_refs(code)[2])
            else:
                refs += streaks.streak_refs(each, local)
                refs += [ref for one in each.milestones for ref in mark_refs(streaks.paid_ref(each, one.at))]
    refs += [badge_ref(plan.badges[code], day) for code in badges]
    return list(dict.fromkeys(refs))


def card_lapsed(card: CompiledCard, stamps: int, first: int, day: date) -> bool:
    """Whether a card with so many stamps, the first on that day (its ordinal), is too old on the day."""
    if not card.valid_months or stamps <= 0 or first <= 0:
        return False
    return day >= add_months(date.fromordinal(first), card.valid_months)


class Achieving:
    """One judgement's achievements. What comes of it stands in gifts, acts, raised and achieved."""

    __slots__ = ("_day", "_facts", "_near", "_plan", "achieved", "acts", "gifts", "raised")

    def __init__(self, plan: AchievementPlan, facts: Facts) -> None:
        self._plan = plan
        self._facts = facts
        self._day: date = facts.local_date
        self._near: date | None = None
        self.gifts: list[Gift] = []
        self.acts: list[Act] = []
        self.raised: list[Raised] = []
        self.achieved: list[Achieved] = []

    def run(self, advances: Iterable[tuple[str, int]], badges: Iterable[str]) -> None:
        """advances: (code, how far) as rules say it, each perhaps several times."""
        waiting: dict[str, int] = {}
        granted = dict.fromkeys(badges)
        for code, by in advances:
            waiting[code] = waiting.get(code, 0) + by
        for code in self._plan.order:
            steps = waiting.get(code, 0)
            if steps > 0:
                self._move(self._plan.each[code], steps, waiting, granted)
        for badge in granted:
            self._grant(self._plan.badges[badge])

    def _move(self, each: CompiledAchievement, steps: int, waiting: dict[str, int], granted: dict[str, None]) -> None:
        gate, at = each.gate, self._facts.event.occurred_at
        if (gate.starts_at is not None and at < gate.starts_at) or (gate.ends_at is not None and at >= gate.ends_at):
            return
        if gate.check is not None and gate.check(self._facts) is not None:
            return
        day = self._member_day() if gate.member_zone else self._day
        if isinstance(each, CompiledChallenge):
            prizes = self._challenge(each, steps, day)
        elif isinstance(each, CompiledCard):
            prizes = self._card(each, steps, day)
        else:
            prizes = self._streak(each, day)
        for index, effect in prizes:
            self._give(each.code, index, effect, waiting, granted)
        if (
            isinstance(each, CompiledChallenge)
            and each.parent
            and any(done.kind == "step" and done.code == each.code for done in self.achieved)
        ):
            waiting[each.parent] = waiting.get(each.parent, 0) + 1

    def _member_day(self) -> date:
        if self._near is None:
            self._near = self._facts.member_local.date()
        return self._near

    def _raise(self, ref: CounterRef, amount: int) -> None:
        """What a return of the event's order takes off again."""
        self._add(ref, amount)
        self.raised.append(Raised(ref[0], ref[1], amount))

    def _mark(self, mark: CounterRef, value: int, *, stays: bool = False) -> None:
        """stays: a return leaves it."""
        changes, back = mark_set(mark, value, self._facts.counted)
        for changed, amount in changes:
            self._add(changed, amount)
        if not stays:
            self.raised += back

    def _add(self, ref: CounterRef, amount: int) -> None:
        added = self._facts.added
        added[ref] = added.get(ref, 0) + amount

    def _score(self, code: str, amount: int) -> None:
        for key, period in self._plan.boards.get(code, ()):
            self._raise((key, period_start(period, self._day)), amount)

    def _completed(self, kind: Kind, code: str, first: int, times: int) -> None:
        self.achieved += [Achieved(kind, code, first + number) for number in range(times)]

    # Challenges

    def _challenge(self, each: CompiledChallenge, steps: int, day: date) -> list[tuple[int, CompiledEffect]]:
        far, often = challenge_refs(each.code, each.period, day)
        done = self._facts.counted(often)
        self._raise(far, steps)
        self._score(each.code, steps)
        due = self._facts.counted(far) // each.target
        if each.repeat:
            due = min(due, each.repeat)
        times = min(due - done, MOST_AT_ONCE)
        if times <= 0:
            return []
        self._raise(often, times)
        self._completed("step" if each.parent else "challenge", each.code, done + 1, times)
        return _numbered(each.prizes, times)

    # Stamp cards

    def _card(self, each: CompiledCard, steps: int, day: date) -> list[tuple[int, CompiledEffect]]:
        counted = self._facts.counted
        total, filled, first, lapses = card_refs(each.code)
        today = (f"stamps_day:{each.code}", day.isoformat())
        if each.per_day:
            steps = min(steps, each.per_day - counted(today))
        here = counted(total) - each.stamps * counted(filled)
        if card_lapsed(each, here, mark_value(first, counted), day):
            self._add(total, -here)
            self._add((f"lapsed:{each.code}", str(counted(lapses))), 1)
            self._add(lapses, 1)
            here = 0
        if not each.keep_overflow:
            # A card that a return left full is filled by this event, whose steps go on to the next.
            steps = min(steps, each.stamps - (here % each.stamps if here > 0 else here))
        if steps <= 0:
            return []
        times = min(max(0, here + steps) // each.stamps, MOST_AT_ONCE)
        if each.valid_months and (here <= 0 or times):
            # The day of a card that was empty is nothing to go back to; that of one that is filled here is.
            self._mark(first, day.toordinal(), stays=here <= 0)
        if each.per_day:
            self._raise(today, steps)
        self._stamp(each, total, steps, counted(lapses))
        self._score(each.code, steps)
        if not times:
            return []
        done = counted(filled)
        self._raise(filled, times)
        self._completed("stamp_card", each.code, done + 1, times)
        return _numbered(each.prizes, times)

    def _stamp(self, each: CompiledCard, total: CounterRef, steps: int, lapses: int) -> None:
        """A stamp of a card that lapsed since isn't taken off another one: the guard says that it has."""
        self._add(total, steps)
        if not each.valid_months:
            self.raised.append(Raised(total[0], total[1], steps))
            return
        lapsed = (f"lapsed:{each.code}", str(lapses))
        self.raised.append(Raised(lapsed[0], lapsed[1], 0))
        self.raised.append(Raised(total[0], total[1], steps, guard=f"{lapsed[0]}@{lapsed[1]}"))

    # Streaks

    def _streak(self, each: CompiledStreak, day: date) -> list[tuple[int, CompiledEffect]]:
        index = streaks.unit_index(each.unit, day)
        block = streaks.block_of(index)
        bits = streaks.bits_ref(each, block)
        before = self._facts.counted(bits)
        if streaks.unit_full(before, index):
            return []
        counted = self._facts.counted
        last = max(index, streaks.last_done(each, counted, block + 1))
        was = streaks.streak_through(each, counted, block, last)
        self._raise(bits, streaks.unit_worth(index))
        if streaks.unit_times(before, index):
            return []
        now = self._streak_walk(each, block, last)
        self._score(each.code, 1)
        best = streaks.best_ref(each)
        if now.length > self._facts.counted(best):
            self._raise(best, now.length - self._facts.counted(best))
        if now.length > was.length:
            self.achieved.append(Achieved("streak", each.code, now.length))
        return self._milestones(each, was.length, now.length, last)

    def _streak_walk(self, each: CompiledStreak, block: int, last: int) -> streaks.StreakState:
        """Where the streak stands now; what is kept of how it stood as blocks began follows."""
        state = streaks.StreakState()
        for index, _, state in streaks.states(each, self._facts.counted, block - 1, last):
            if index < last and (index + 1) % streaks.BLOCK == 0:
                start = streaks.start_ref(each, streaks.block_of(index + 1))
                self._add(start, streaks.packed(state) - self._facts.counted(start))
        return state

    def _milestones(self, each: CompiledStreak, was: int, now: int, last: int) -> list[tuple[int, CompiledEffect]]:
        """What lengths just reached give. Within as many units as a milestone is long it isn't given twice: a day that
        was returned and done again would."""
        found: list[tuple[int, CompiledEffect]] = []
        for one in each.milestones:
            reached = now // one.at > was // one.at if one.repeat else was < one.at <= now
            paid = streaks.paid_ref(each, one.at)
            before = mark_value(paid, self._facts.counted)
            if not reached or (before > 0 and abs(last - before) < one.at):
                continue
            self._mark(paid, last)
            self.achieved.append(Achieved("milestone", each.code, now))
            found += [(one.first + index, effect) for index, effect in enumerate(one.prizes)]
        return found

    # What completing something gives

    def _give(
        self, code: str, index: int, effect: CompiledEffect, waiting: dict[str, int], granted: dict[str, None]
    ) -> None:
        if isinstance(effect, Giver):
            given = effect.give(self._facts)
            if given is not None:
                self.gifts.append(Gift(code, index, effect, given))
        elif isinstance(effect, Action):
            self.acts.append(Act(code, index, effect.kind, effect.params))
        elif isinstance(effect, Advancer):
            waiting[effect.achievement] = waiting.get(effect.achievement, 0) + (effect.steps(self._facts) or 0)
        elif isinstance(effect, Granter):
            granted[effect.badge] = None

    def _grant(self, badge: Badge) -> None:
        ref = badge_ref(badge, self._day)
        fresh = self._facts.counted(ref) <= 0
        self._raise(ref, 1)
        if fresh:
            last = badge.valid.last_day(self._day)
            self.achieved.append(Achieved("badge", badge.code, 1, last))


def _numbered(prizes: tuple[CompiledEffect, ...], times: int) -> list[tuple[int, CompiledEffect]]:
    return [(index + STRIDE * number, each) for number in range(times) for index, each in enumerate(prizes)]


def days_near(day: date) -> tuple[date, date, date]:
    """The days that it can be anywhere while it is that day in the program's zone."""
    step = timedelta(days=1)
    return day - step, day, day + step
