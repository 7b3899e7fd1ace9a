"""What the API reads and answers about events, points and programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct, field

from core.api.shapes import Body
from loyalty.models import PointsEntry
from loyalty.payloads import OrderPaid, OrderReturned
from loyalty.selectors import Balance
from loyalty.tierviews import TierView

EventId = Annotated[
    str, Meta(min_length=1, max_length=200, description="Your own id of what happened; it counts once for ever.")
]
Source = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9._-]{0,59}$", description="Which system; ids are unique in it.")]
When = Annotated[datetime, Meta(tz=True, description="When it happened, with offset; at most 24 hours ahead.")]
Points = Annotated[int, Meta(description="In minor units of the currency.")]


class MemberRefIn(Body):
    """Exactly one of the two."""

    external_id: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    email: Annotated[str, Meta(min_length=3, max_length=254)] | None = None


class EventHead(Body, kw_only=True):
    """What every event says."""

    id: EventId
    member: Annotated[
        str | MemberRefIn | None, Meta(description="Id, your own id or e-mail; null for a guest's order.")
    ]
    occurred_at: When
    source: Source | None = None
    program: Annotated[str, Meta(min_length=1, max_length=40, description="Where there are several.")] | None = None


class OrderPaidEvent(EventHead, kw_only=True):
    """An order was paid. Amounts in minor units; total = net + tax + shipping."""

    type: Literal["order.paid"]
    payload: OrderPaid = field(name="data")


class OrderReturnedEvent(EventHead, kw_only=True):
    """Money was given back on an order. The event's id is the return's."""

    type: Literal["order.returned"]
    payload: OrderReturned = field(name="data")


class OtherEvent(EventHead, kw_only=True):
    """Anything else that a rule of the program waits for."""

    type: Annotated[str, Meta(min_length=3, max_length=80, examples=["review.posted"])]
    payload: Annotated[dict[str, Any], Meta(description="Plain values; rules can ask for them.")] = field(name="data")


EventIn = (OrderPaidEvent, OrderReturnedEvent, OtherEvent)


class EventsIn(Body):
    events: Annotated[
        list[dict[str, Any]], Meta(min_length=1, max_length=1000, description="Each as for POST /events.")
    ]


class AwardOut(Struct):
    """desired: before caps cut it. active: can be spent at once."""

    rule: str
    currency: str
    points: Points
    desired: Points
    reason: dict[str, str]
    active: bool


class ReversedOut(Struct):
    """Taken back from the holdings (points) and written as debt."""

    rule: str
    currency: str
    points: Points
    debt: Points


class HoldingOut(Struct):
    currency: str
    balance: Points
    pending: Points
    debt: Points


class StandingOut(Struct, omit_defaults=True):
    ladder: str
    tier: str
    changed_from: Annotated[str, Meta(description="Only when this event moved the member.")] = ""


class AchievedOut(Struct, omit_defaults=True):
    """Something completed or given; streak: one that grew. n: the n-th time in its period, or the streak's length.

    last_day: of a badge that isn't for good.
    """

    kind: Literal["challenge", "step", "stamp_card", "streak", "milestone", "badge"]
    code: str
    n: int
    last_day: date | None = None


class EventResult(Struct):
    """What an event came to. status: processed, guest (no member) or unmatched (a return of no known order)."""

    id: UUID
    external_id: str
    source: str
    type: str
    status: Literal["processed", "guest", "unmatched"]
    member: UUID | None
    program: str
    version: Annotated[int, Meta(description="The program's version that judged it.")]
    occurred_at: datetime
    awards: list[AwardOut]
    reversed: list[ReversedOut]
    balances: list[HoldingOut]
    tiers: list[StandingOut]
    achieved: Annotated[list[AchievedOut], Meta(description="Left out when nothing was.")] = []


class BulkOut(Struct):
    """results: one per row, in order; see BulkRow."""

    accepted: Annotated[int, Meta(description="Rows booked now (201).")]
    repeated: Annotated[int, Meta(description="Rows that were booked before (200).")]
    refused: Annotated[int, Meta(description="Rows that changed nothing (4xx).")]
    results: list[BulkRow]


class BulkRow(Struct, omit_defaults=True):
    """event for 200 and 201, problem otherwise."""

    index: int
    status: int
    id: Annotated[str | None, Meta(description="The row's own id, as far as it could be read.")]
    event: EventResult | None = None
    problem: dict[str, Any] | None = None


class EventFilters(Struct):
    member: Annotated[str, Meta(max_length=130, description="Id, or `ext:` and your own id.")] | None = None
    type: Annotated[str, Meta(max_length=80)] | None = None
    source: Annotated[str, Meta(max_length=60)] | None = None
    external_id: Annotated[str, Meta(max_length=200)] | None = None
    status: Literal["processed", "guest", "unmatched"] | None = None
    since: Annotated[datetime, Meta(tz=True, description="Received at or after this time.")] | None = None


class EventOut(Struct):
    id: UUID
    external_id: str
    source: str
    type: str
    status: Literal["processed", "guest", "unmatched"]
    member: UUID | None
    program: str
    version: int | None
    occurred_at: datetime
    received_at: datetime
    initiated_by: str


class EventDetail(EventOut):
    """trace: for every rule of the version, whether it fired or why not."""

    payload: dict[str, Any] = field(name="data")
    result: EventResult
    trace: dict[str, Any]


class BalancesOut(Struct):
    member: UUID
    program: str
    as_of: datetime
    balances: list[Balance]


class TiersOut(Struct):
    member: UUID
    program: str
    as_of: datetime
    tiers: list[TierView]


class DrawOut(Struct):
    """Points taken from a lot (negative) or given back to it. lot: id of the ledger line that made it."""

    lot: int
    points: Points
    expires_at: datetime | None


class LotOut(Struct):
    """What is left of the points that this line gave. active_at null: still pending."""

    granted: Points
    remaining: Points
    held: Points
    reversed: Points
    activates_at: datetime
    active_at: datetime | None
    expires_at: datetime | None


class LineOut(Struct):
    """A line of the ledger. points: signed. draws: the lots it took from. lot: the lot it made, if any."""

    id: int
    kind: Literal["earn", "spend", "expire", "adjust", "reverse", "transfer", "debt"]
    currency: str
    points: Points
    debt: Points
    balance_after: Annotated[int, Meta(description="Balance, pending and reserved together after this line.")]
    reason: Annotated[dict[str, str], Meta(description="What the member reads, by language.")]
    rule: str
    event: UUID | None
    order: str
    reversal_of: int | None
    source: str
    initiated_by: str
    occurred_at: datetime
    recorded_at: datetime
    draws: list[DrawOut]
    lot: LotOut | None


class LedgerFilters(Struct):
    program: Annotated[str, Meta(max_length=40)] | None = None
    currency: Annotated[str, Meta(max_length=40)] | None = None
    since: Annotated[datetime, Meta(tz=True, description="Written at or after this time.")] | None = None


class AdjustmentCreate(Body):
    """points: positive gives, negative takes. reason: the member reads it. reason_code: its kind, for figures."""

    currency: Annotated[str, Meta(min_length=1, max_length=40)]
    points: Annotated[int, Meta(ge=-(10**12), le=10**12, description="In minor units; not 0.")]
    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    reason_code: Literal["goodwill", "correction", "missing_purchase", "complaint", "promotion", "abuse", "other"] = (
        "other"
    )
    program: Annotated[str, Meta(min_length=1, max_length=40)] | None = None


class VersionOut(Struct):
    """in_force_from null: from the beginning of time. withdrawn_at: taken back before it took effect, null for most."""

    number: int
    in_force_from: datetime | None
    published_at: datetime
    note: str
    withdrawn_at: datetime | None


class ProgramOut(Struct):
    """version: number of the version in force now, null before the first."""

    slug: str
    name: str
    version: int | None
    created_at: datetime


class ProgramsOut(Struct):
    results: list[ProgramOut]


class ProgramDetail(ProgramOut):
    versions: list[VersionOut]


class VersionDetail(VersionOut):
    document: Annotated[dict[str, Any], Meta(description="By the schema at /api/v1/programs/schema.json.")]


def line_out(entry: PointsEntry) -> LineOut:
    """A line with its lots; expects account, lot and draws with their lots to be fetched."""
    lot = getattr(entry, "lot", None)
    return LineOut(
        id=entry.pk,
        kind=entry.kind,  # type: ignore[arg-type]  # one of the model's choices
        currency=entry.account.currency,
        points=entry.points,
        debt=entry.debt,
        balance_after=entry.balance_after,
        reason=entry.reason,
        rule=entry.rule,
        event=entry.event_id,
        order=entry.order_number,
        reversal_of=entry.reversal_of_id,
        source=entry.source,
        initiated_by=entry.initiated_by,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        draws=[DrawOut(each.lot_id, each.points, each.lot.expires_at) for each in entry.draws.all()],
        lot=None
        if lot is None
        else LotOut(
            lot.granted, lot.remaining, lot.held, lot.reversed, lot.activates_at, lot.active_at, lot.expires_at
        ),
    )
