"""Earning rules, their schedules, and the caps that several of them share."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText, Trigger
from loyalty.definition.conditions import Condition
from loyalty.definition.effects import Effect
from loyalty.definition.limits import Limit
from loyalty.definition.translation import N_, Teller

LocalTime = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$(?!\n)",
        description=N_("Wall-clock time in the program's zone."),
        examples=["2027-03-01T00:00"],
    ),
]


class Schedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a rule holds: from starts_at up to, not including, ends_at; a side left out is open."""

    starts_at: LocalTime | None = None
    ends_at: LocalTime | None = None

    def words(self, teller: Teller) -> str:
        start, end = (teller.moment(each) if each else "" for each in (self.starts_at, self.ends_at))
        if start and end:
            return teller.tell(N_("from %(start)s until %(end)s"), start=start, end=end)
        if start:
            return teller.tell(N_("from %(start)s on"), start=start)
        return teller.tell(N_("until %(end)s"), end=end) if end else teller.say(N_("always"))


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens when an event of the trigger's type arrives and the conditions hold.

    name: for staff. description: shown to members as the reason, made from the effects when empty. audience: which
    members it is for at all; asks of the member only, never of the event. priority: higher goes first. group: its
    stacking group, whose mode stands in Document.stacking. stop: when it fires, no rule of its group with a lower
    priority does. caps: codes of shared caps.
    """

    code: Code
    name: LocalText
    description: LocalText = ""
    trigger: Trigger
    enabled: bool = True
    priority: Annotated[int, Meta(ge=-100_000, le=100_000)] = 0
    group: Code = "base"
    stop: bool = False
    schedule: Schedule | None = None
    audience: Condition | None = None
    when: Condition | None = None
    effects: tuple[Effect, ...]
    limits: tuple[Limit, ...] = ()
    caps: tuple[Code, ...] = ()


class CapGroup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cap that several rules share: each rule that names its code counts towards the same limits."""

    code: Code
    name: LocalText = ""
    limits: tuple[Limit, ...]


StackingMode = Literal["all", "first_match", "best_for_member", "best_for_brand"]
