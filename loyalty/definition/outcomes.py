"""What became of a rule, as the trace tells it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Outcome = Literal["fired", "not_matched", "capped", "stopped", "disabled", "out_of_schedule"]


class TraceAmount(Struct, frozen=True, gc=False):
    """Minor units."""

    currency: str
    desired: int
    awarded: int


class RuleTrace(Struct, frozen=True, omit_defaults=True, gc=False):
    """What became of one rule. Rules of another trigger aren't listed.

    fired: gave all it wanted (which may be nothing, of a very small order). capped: a cap cut it, to nothing perhaps.
    why: not_matched: path of the condition, or `effects[i].amount` when the event has no amount to reckon from, or
    `member` for a guest; capped: path of the limit (`limits[0]`, `cap_groups.<code>.limits[0]`); stopped: code of the
    rule that stopped it or was better.
    """

    rule: str
    outcome: Outcome
    why: str = ""
    amounts: tuple[TraceAmount, ...] = ()


# Of a rule of which nothing has been told yet.
UNTOLD = RuleTrace("", "fired")
