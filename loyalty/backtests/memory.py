"""What a replay is made of: what came and happened, what all members of a run share, and a plan that nobody books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from loyalty.booking import Origin, Plan
from loyalty.definition.compiled import CompiledProgram
from loyalty.incoming import EventInput
from loyalty.lots import MemoryLot
from loyalty.reading import Account, AwardLot, Place, SpendLot, Standing
from loyalty.rules.judgement import Judgement
from loyalty.rules.limiting import BUDGET
from loyalty.rules.tiers import TierMove
from loyalty.tierpreview import Recalculated
from loyalty.versions import ProgramState, VersionRow, compiled_of

# The version that awards of a draft under test name; no published version has it.
DRAFT_ID = 0


class Stored(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An event as it is kept, as far as judging it again needs it. at: when it was booked. Read as it stands here."""

    at: datetime
    id: str
    type: str
    source: str
    external_id: str
    occurred_at: datetime
    payload: dict[str, Any]


class Hand(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A line of the ledger that no event made: a spend, its undoing, an adjustment, a transfer. points: signed.

    rolls: the months that an activity carries what was given.
    """

    at: datetime
    entry: int
    currency: str
    kind: str
    points: int
    expires_at: datetime | None
    undoes: int | None
    rolls: int = 0


class Held(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Points that were set aside."""

    at: datetime
    id: str
    currency: str
    points: int
    expires_at: datetime


class Closed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The end of a hold: captured, released, or swept up when its time was over. taken: 0 when all went back."""

    at: datetime
    id: str
    source: str
    order_number: str
    taken: int
    entry: int | None
    lapsed: bool


class Changed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A tier of the ladder was given to the member or taken back."""

    at: datetime
    ladder: str


class Night(msgspec.Struct, frozen=True, gc=False):
    """A night that was: when it ran, and the local midnight that it stood for."""

    ran_at: datetime
    midnight: datetime


class ReplayState(ProgramState, frozen=True):
    """A program as it was until `since`; from then on as if the document under test had been published."""

    since: datetime
    row: VersionRow
    compiled: CompiledProgram

    def judging(self, *, occurred_at: datetime, received_at: datetime) -> tuple[VersionRow, CompiledProgram]:
        if received_at >= self.since:
            return self.row, self.compiled
        return super().judging(occurred_at=occurred_at, received_at=received_at)

    def version(self, version_id: int) -> CompiledProgram:
        return self.compiled if version_id == self.row.id else super().version(version_id)

    def at(self, moment: datetime) -> CompiledProgram:
        return self.compiled if moment >= self.since else super().at(moment)

    def every(self) -> Iterator[CompiledProgram]:
        yield self.compiled
        yield from super().every()


class Setting(msgspec.Struct, frozen=True):
    """What all members of a run share. until: nothing received from then on is looked at. nights: oldest first.

    balanced: a ladder goes by a balance, in one version or another. recalculated: what became of tiers before the
    window when a version was published.
    """

    state: ReplayState
    until: datetime
    nights: tuple[Night, ...]
    midnights: tuple[datetime, ...]
    ran_at: tuple[datetime, ...]
    zone: ZoneInfo
    balanced: bool
    recalculated: tuple[Recalculated, ...] = ()


def setting_of(
    state: ReplayState, until: datetime, nights: Sequence[Night], recalculated: tuple[Recalculated, ...] = ()
) -> Setting:
    known = tuple(nights)
    versions = [state.compiled, *(compiled_of(row) for row in state.versions)]
    return Setting(
        state,
        until,
        known,
        tuple(each.midnight for each in known),
        tuple(each.ran_at for each in known),
        state.compiled.zone,
        any(ladder.metrics[0].kind == "balance" for each in versions for ladder in each.ladders.values()),
        recalculated,
    )


class Sale(msgspec.Struct):
    """What a return has to know of an order."""

    event_id: str
    version_id: int
    total_minor: int
    judgement: Judgement
    lots: list[MemoryLot]
    lines: list[dict[str, Any]] = []
    refunded_minor: int = 0
    returned_lines: dict[str, list[int]] | None = None


class Listener(Protocol):
    """Who is told what a plan would move."""

    def taken(self, lot: AwardLot, currency: str, row: dict[str, Any]) -> None: ...
    def restored(self, row: dict[str, Any], parts: Sequence[tuple[SpendLot, int, int]], paid: int) -> None: ...
    def told(self, change: dict[str, Any]) -> None: ...
    def moved(self, move: TierMove) -> None: ...


class MemoryPlan(Plan, kw_only=True):
    """A plan that nobody books: what it would move is moved in memory at once."""

    judge: Listener
    shared: dict[str, int]

    def order_add(self, event_id: str, event: EventInput, member_id: int | None) -> None:
        return

    def tell(self, topic: str, **payload: Any) -> None:
        if topic == "tier.changed":
            self.judge.told(payload)

    def restore_add(self, row: dict[str, Any], parts: Sequence[tuple[SpendLot, int, int]], *, paid: int) -> None:
        self.judge.restored(row, parts, paid)

    def counter_add(self, place: Place, key: str, period: str, delta: int, at_most: int | None = None) -> None:
        name = f"{key}@{period}"
        if key.startswith(BUDGET):
            # All members share it: what the place remembers of it is of the member's last event.
            place.counters[name] = self.shared[name] = max(0, self.shared.get(name, 0) + delta)
        else:
            place.counters[name] = place.counters.get(name, 0) + delta

    def take_add(
        self, lot: AwardLot, points: int, *, due: int, own: int, account: Account, policy: str, origin: Origin
    ) -> tuple[int, int]:
        taken, debt = super().take_add(lot, points, due=due, own=own, account=account, policy=policy, origin=origin)
        self.judge.taken(lot, account.currency, self.takes.pop())
        return taken, debt

    def standing_put(self, new: Standing, **told: Any) -> TierMove:
        move = super().standing_put(new, **told)
        self.judge.moved(move)
        self.tier_changes.clear()
        return move
