"""Ladders of tiers: how a tier is reached, over which window, how long it holds and what follows."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.translation import N_, Teller
from loyalty.definition.windows import CalendarYear, Window


class PointsEarned(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points_earned"
):
    """Tiers are reached by points earned of one currency, spent or not; returns take them off again."""

    currency: Code

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("by %(points)s earned"), points=teller.currency(self.currency))


# More ways to qualify join here with `|`: money spent, a counter, all-of, any-of.
Qualification = PointsEarned


class Tier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """threshold: whole points to reach it. benefits: plain words."""

    code: Code
    name: LocalText
    threshold: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    color: Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$(?!\n)")] | None = None
    benefits: tuple[LocalText, ...] = ()


class Ladder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ordered tiers, lowest first; the first has threshold 0 and is everyone's.

    window: what the points are counted over. valid: until when a reached tier holds. downgrade: what happens when it
    doesn't hold any longer and wasn't earned again: stay, fall one step, or fall to what was earned.
    """

    code: Code
    name: LocalText
    qualify: Qualification
    window: Window = CalendarYear()
    valid: Literal["end_of_window", "end_of_next_window"] = "end_of_next_window"
    downgrade: Literal["none", "one_step", "full"] = "one_step"
    tiers: tuple[Tier, ...]
