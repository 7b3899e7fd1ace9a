"""Ladders of tiers: how a tier is reached, over which window, how long it holds and what follows."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.effects import Effect
from loyalty.definition.qualifying import Qualification
from loyalty.definition.windows import CalendarYear, Window

Threshold = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Tier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """threshold: what reaches it: whole points, whole units of money, or a count. benefits: plain words.

    thresholds: instead of it where the ladder asks for several things, one for each in their order. by_invitation:
    never reached by progress, only given. entry_effects: what a member gets who rises to it, not who keeps it.
    """

    code: Code
    name: LocalText
    threshold: Threshold = 0
    thresholds: tuple[Threshold, ...] = ()
    by_invitation: bool = False
    entry_effects: tuple[Effect, ...] = ()
    color: Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$(?!\n)")] | None = None
    benefits: tuple[LocalText, ...] = ()


class Ladder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ordered tiers, lowest first; the first has threshold 0 and is everyone's.

    window: what is counted over. valid: until when a reached tier holds: to the end of the window or of the next one,
    valid_months after it was reached, or as long as the member qualifies. downgrade: what happens when it doesn't hold
    any longer and wasn't earned again: stay, fall one step, or fall to what was earned. grace_days: how long it stays
    beyond its end. notice_days: how long before its end the member is told. upgrade: at once, or when the next window
    starts. skipped_tiers_pay: who rises over several tiers gets the entry effects of those between too. moved_tiers:
    where members go whose tier the ladder no longer has, old tier → tier.
    """

    code: Code
    name: LocalText
    qualify: Qualification
    window: Window = CalendarYear()
    valid: Literal["end_of_window", "end_of_next_window", "after_months", "while_qualifying"] = "end_of_next_window"
    valid_months: Annotated[int, Meta(ge=1, le=120)] | None = None
    downgrade: Literal["none", "one_step", "full"] = "one_step"
    grace_days: Annotated[int, Meta(ge=0, le=366)] = 0
    notice_days: Annotated[int, Meta(ge=0, le=366)] = 0
    upgrade: Literal["at_once", "next_window"] = "at_once"
    skipped_tiers_pay: bool = False
    moved_tiers: dict[Code, Code] = {}
    tiers: tuple[Tier, ...]
