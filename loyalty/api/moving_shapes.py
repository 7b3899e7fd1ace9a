"""What the API reads and answers about points on their way: holds, transfers, adjustments that wait."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from core.api.shapes import Body
from loyalty.api.shapes import MemberRefIn, Points
from loyalty.models import PointsAdjustment, PointsHold, PointsTransfer

CurrencyCode = Annotated[str, Meta(min_length=1, max_length=40)]
ProgramSlug = Annotated[str, Meta(min_length=1, max_length=40)] | None
PointsGiven = Annotated[int, Meta(ge=1, le=10**12, description="In minor units of the currency.")]


class HoldCreate(Body):
    """minutes: how long they are held at most, 30 unless it is said. order: the number that a capture stands under."""

    currency: CurrencyCode
    points: PointsGiven
    minutes: Annotated[int, Meta(ge=1, le=43_200)] | None = None
    order: Annotated[str, Meta(max_length=200)] = ""
    program: ProgramSlug = None


class HoldCapture(Body):
    """points: how many of them were used, all when it isn't said. The rest goes back."""

    points: PointsGiven | None = None


class HoldRelease(Body):
    pass


class HoldLotOut(Struct):
    """lot: id of the ledger line that made it."""

    lot: int
    points: Points
    expires_at: datetime | None


class HoldOut(Struct):
    """entry: id of the ledger line of the capture. lots: what it was taken from."""

    id: UUID
    state: Literal["held", "captured", "released", "expired"]
    currency: str
    points: Points
    captured: Points
    order: str
    held_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    entry: int | None
    lots: list[HoldLotOut]


class TransferCreate(Body):
    """to: the other member, by your own id or by e-mail."""

    to: MemberRefIn
    currency: CurrencyCode
    points: PointsGiven
    note: Annotated[str, Meta(max_length=200)] = ""
    program: ProgramSlug = None


class TransferOut(Struct):
    id: UUID
    member: UUID
    to: UUID
    currency: str
    points: Points
    note: str
    at: datetime


class AdjustmentOut(Struct):
    """An adjustment that somebody else has to agree to, and what became of it. entry: id of its ledger line."""

    id: UUID
    state: Literal["requested", "approved", "refused", "expired"]
    member: UUID
    currency: str
    points: Points
    reason_code: str
    reason: str
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decision: str
    entry: int | None


class AdjustmentFilters(Struct):
    state: Literal["requested", "approved", "refused", "expired"] | None = None
    program: Annotated[str, Meta(max_length=40)] | None = None


class HoldFilters(Struct):
    state: Literal["held", "captured", "released", "expired"] | None = None
    program: Annotated[str, Meta(max_length=40)] | None = None


def hold_out(hold: PointsHold) -> HoldOut:
    """Expects account and lots with their lots to be fetched."""
    return HoldOut(
        id=hold.pk,
        state=hold.state,  # type: ignore[arg-type]  # one of the model's choices
        currency=hold.account.currency,
        points=hold.points,
        captured=hold.captured,
        order=hold.order_number,
        held_at=hold.held_at,
        expires_at=hold.expires_at,
        closed_at=hold.closed_at,
        entry=hold.entry_id,
        lots=[HoldLotOut(each.lot_id, each.points, each.lot.expires_at) for each in hold.lots.all()],
    )


def transfer_out(transfer: PointsTransfer, member: UUID, to: UUID) -> TransferOut:
    return TransferOut(
        id=transfer.pk,
        member=member,
        to=to,
        currency=transfer.sender.currency,
        points=transfer.points,
        note=transfer.note,
        at=transfer.at,
    )


def adjustment_out(row: PointsAdjustment) -> AdjustmentOut:
    """Expects the enrollment's member to be fetched."""
    return AdjustmentOut(
        id=row.pk,
        state=row.state,  # type: ignore[arg-type]  # text, one of these by the model's choices
        member=row.enrollment.member.public_id,
        currency=row.currency,
        points=row.points,
        reason_code=row.reason_code,
        reason=row.reason,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        decided_at=row.decided_at,
        decision=row.decision,
        entry=row.entry_id,
    )
