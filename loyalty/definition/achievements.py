"""Challenges, stamp cards and streaks: what members work towards over several events.

Effects of rules move them on: `advance` with the code of a challenge, of a step of it, of a stamp card or of a streak.
What completing one gives is awarded in the same judgement. Codes are unique over rules, challenges, their steps, stamp
cards and streaks, since an award and an advance name them by code alone.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.acteffects import (
    Advance,
    EnterSweepstake,
    GrantBadge,
    IssueReward,
    SendMessage,
    SetAttribute,
)
from loyalty.definition.basics import Code, LocalText
from loyalty.definition.conditions import Condition
from loyalty.definition.effects import PointsFixed
from loyalty.definition.limits import PERIOD_WORDS, Period
from loyalty.definition.rule import Schedule
from loyalty.definition.translation import N_, Teller

# What completing something can give. Nothing that is reckoned from an order: the last event of many is no measure.
Prize = PointsFixed | IssueReward | EnterSweepstake | GrantBadge | Advance | SendMessage | SetAttribute
Zone = Literal["program", "member"]
Icon = Annotated[str, Meta(max_length=8, description=N_("One emoji."), examples=["☕"])]

# Longer than the protected days that a streak can hold, so that a whole block without a day always ends it.
MOST_PROTECTED = 10


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One task of a challenge, moved on by its own code. goal: how often. effects: what doing it gives by itself."""

    code: Code
    name: LocalText
    goal: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    effects: tuple[Prize, ...] = ()

    def words(self, teller: Teller) -> str:
        if self.goal == 1:
            return teller.text(self.name)
        return teller.tell(N_("%(name)s (%(n)d times)"), name=teller.text(self.name), n=self.goal)


class Challenge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to reach within a period, with progress shown on the way.

    goal: how far to get; with steps: how many of them, all when left out. period: progress starts anew with each local
    day, week (from Monday), month or year; lifetime: never. repeat: how often it can be completed in one period,
    progress going on; null: without end. zone: whose local day counts. schedule: when it counts. visible: when members
    see it; left out: while it counts. audience: whose events move it on, and who sees it.
    """

    code: Code
    name: LocalText
    description: LocalText = ""
    icon: Icon = ""
    goal: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    steps: tuple[Step, ...] = ()
    period: Period = "lifetime"
    repeat: Annotated[int, Meta(ge=1, le=1_000)] | None = 1
    zone: Zone = "program"
    schedule: Schedule | None = None
    visible: Schedule | None = None
    audience: Condition | None = None
    effects: tuple[Prize, ...] = ()

    @property
    def target(self) -> int:
        """How far to get, in steps or in what rules move it on by."""
        return self.goal if self.goal is not None else max(1, len(self.steps))

    def words(self, teller: Teller) -> str:
        """The challenge in one sentence without its name: "5 towards it a week: 50 points"."""
        steps = teller.list_and([each.words(teller) for each in self.steps])
        if not self.steps:
            what = teller.tell(N_("%(n)d towards it"), n=self.target)
        elif self.target < len(self.steps):
            what = teller.tell(N_("%(n)d of: %(steps)s"), n=self.target, steps=steps)
        else:
            what = steps
        if self.period != "lifetime":
            what = teller.tell(N_("%(what)s %(period)s"), what=what, period=teller.say(PERIOD_WORDS[self.period]))
        return prized(what, self.effects, teller)


class StampCard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card that fills with stamps and starts again by itself.

    stamps: how many fill it. keep_overflow: stamps above that go on the next card. per_day: at most so many a local
    day. valid_months: a card that isn't full so many months after its first stamp starts anew.
    """

    code: Code
    name: LocalText
    description: LocalText = ""
    icon: Icon = ""
    stamps: Annotated[int, Meta(ge=1, le=100)] = 10
    keep_overflow: bool = True
    per_day: Annotated[int, Meta(ge=1, le=100)] | None = None
    valid_months: Annotated[int, Meta(ge=1, le=120)] | None = None
    zone: Zone = "program"
    schedule: Schedule | None = None
    audience: Condition | None = None
    effects: tuple[Prize, ...] = ()

    def words(self, teller: Teller) -> str:
        parts = [teller.tell(N_("%(n)d stamps"), n=self.stamps)]
        if self.per_day is not None:
            parts.append(teller.tell(N_("at most %(n)d a day"), n=self.per_day))
        if self.valid_months is not None:
            parts.append(teller.tell(N_("within %(n)d months"), n=self.valid_months))
        return prized(", ".join(parts), self.effects, teller)


class Milestone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a streak of that length gives. repeat: again at twice the length, three times, and so on."""

    at: Annotated[int, Meta(ge=1, le=10_000)]
    repeat: bool = False
    effects: tuple[Prize, ...]

    def words(self, teller: Teller) -> str:
        message = N_("every %(n)d: %(effects)s") if self.repeat else N_("at %(n)d: %(effects)s")
        return teller.tell(message, n=self.at, effects=teller.list_and([each.words(teller) for each in self.effects]))


class Protection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days (or weeks, months) that may be missed: each uses up a protected one by itself, and the streak goes on.

    most: so many can be held. every: one more for each so many done in a row. at_start: held as a streak begins.
    """

    most: Annotated[int, Meta(ge=1, le=MOST_PROTECTED)] = 2
    every: Annotated[int, Meta(ge=1, le=1_000)] | None = 7
    at_start: Annotated[int, Meta(ge=0, le=MOST_PROTECTED)] = 0

    def words(self, teller: Teller) -> str:
        parts = []
        if self.at_start:
            parts.append(teller.tell(N_("%(n)d protected from the start"), n=self.at_start))
        if self.every is not None:
            parts.append(teller.tell(N_("one more protected for every %(n)d in a row"), n=self.every))
        parts.append(teller.tell(N_("%(n)d protected at most"), n=self.most))
        return ", ".join(parts)


UNIT_WORDS = {"day": N_("every day"), "week": N_("every week"), "month": N_("every month")}


class Streak(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days, weeks or months in a row on which something was done. One that is missed and not protected ends it."""

    code: Code
    name: LocalText
    description: LocalText = ""
    icon: Icon = ""
    unit: Literal["day", "week", "month"] = "day"
    zone: Zone = "member"
    protection: Protection | None = None
    schedule: Schedule | None = None
    audience: Condition | None = None
    milestones: tuple[Milestone, ...] = ()

    def words(self, teller: Teller) -> str:
        parts = [teller.say(UNIT_WORDS[self.unit])]
        if self.protection is not None:
            parts.append(self.protection.words(teller))
        return "; ".join([*parts, *(each.words(teller) for each in self.milestones)])


Achievement = Challenge | StampCard | Streak


def prized(what: str, effects: tuple[Prize, ...], teller: Teller) -> str:
    """ "10 stamps: a free coffee"; just what is to be done where nothing is given."""
    if not effects:
        return what
    given = teller.list_and([each.words(teller) for each in effects])
    return teller.tell(N_("%(what)s: %(effects)s"), what=what, effects=given)
