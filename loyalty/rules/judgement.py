"""What judging an event comes to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from loyalty.definition.expiry import Expiry
from loyalty.definition.facts import CounterRef
from loyalty.definition.outcomes import Outcome, RuleTrace, TraceAmount

__all__ = [
    "NOTHING", "Achieved", "Act", "Award", "Judgement", "Outcome", "Raised", "RuleTrace", "TraceAmount",
]  # fmt: skip


class Award(Struct, frozen=True, gc=False, omit_defaults=True):
    """Points to book, one lot each. desired, awarded: minor units of the currency, 0 < awarded <= desired.

    effect: index in the rule's effects. base_unrounded: the exact points before rounding, in whole points, as a decimal
    string. base_minor: the money they were reckoned from, None when not from money; base_parts: which parts of the
    order that is (earnbase.parts_amount works out the same of a return). reason: what the sentence to the member needs.
    activates_at, expires_at: aware UTC; expires_at None: never. counted: the counters that it raised by `awarded` and
    that a reversal of it lowers again; counted_times: those that it raised by 1, lowered when all of it is reversed.
    lines: (place among the order's lines, weight) where it was reckoned line by line; see effectbase.Given.
    rolls, waits_for, drops, expiry: see dates.AwardDates.
    """

    rule: str
    effect: int
    currency: str
    desired: int
    awarded: int
    base_unrounded: str
    base_minor: int | None
    base_parts: str
    reason: Mapping[str, str | int]
    activates_at: datetime
    expires_at: datetime | None
    counted: tuple[CounterRef, ...] = ()
    counted_times: tuple[CounterRef, ...] = ()
    lines: tuple[tuple[int, int], ...] = ()
    rolls: int = 0
    waits_for: str = ""
    drops: bool = False
    expiry: Expiry | None = None


class Act(Struct, frozen=True, gc=False):
    """Something besides points, for the handler of its kind."""

    rule: str
    effect: int
    kind: str
    params: Mapping[str, Any]


class Raised(Struct, frozen=True, gc=False, omit_defaults=True):
    """What this event added to a counter and a return of its order takes off again.

    by_share: in proportion to the money that is returned; else only when all of it is. guard: `key@period` of another
    counter, which is lowered first; this one falls only when that has come down to 0.
    """

    key: str
    period: str
    amount: int
    by_share: bool = False
    guard: str = ""


class Achieved(Struct, frozen=True, gc=False, omit_defaults=True):
    """Something that was completed or given: a challenge, a step, a stamp card, a milestone, a badge; or a streak that
    grew. n: the n-th time in its period, or how long the streak is now. last_day: of a badge that isn't for good.
    """

    kind: str
    code: str
    n: int
    last_day: date | None = None


class Judgement(Struct, frozen=True, gc=False):
    """counters: (key, period, what to add), each (key, period) once. awards, trace: in the order that rules go.

    raised: which of the counters' changes belong to no award.
    """

    awards: tuple[Award, ...] = ()
    counters: tuple[tuple[str, str, int], ...] = ()
    trace: tuple[RuleTrace, ...] = ()
    acts: tuple[Act, ...] = ()
    raised: tuple[Raised, ...] = ()
    achieved: tuple[Achieved, ...] = ()


NOTHING = Judgement()
