"""Holding points for an order, and giving them to another member."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.thin import ThinView
from core.api.views import ApiView, answer
from core.errors import IdempotencyKeyMissing, NotFound
from core.idempotency import Reply
from loyalty.api import moving_examples as examples
from loyalty.api.moving_shapes import (
    HoldCapture,
    HoldCreate,
    HoldFilters,
    HoldOut,
    HoldRelease,
    TransferCreate,
    TransferOut,
    hold_out,
    transfer_out,
)
from loyalty.api.places import member_named, place_of
from loyalty.holding import USUAL, holds_of, points_capture, points_hold, points_release
from loyalty.models import HoldLot, PointsHold
from loyalty.transferring import points_transfer

TAG = "Points"
path_parameter(
    "hold", description="The hold's id.", schema={"type": "string", "format": "uuid"}, example=examples.HOLD_ID
)


class HoldNotFound(NotFound):
    code = "hold_not_found"
    title = _("There is no such hold.")


class HoldsView(ThinView):
    scopes = {"GET": "ledger:read", "POST": "points:spend"}

    @describe(
        summary="Hold points",
        tag=TAG,
        body=HoldCreate,
        answers={201: HoldOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": examples.HOLD_CREATE, "201": examples.HOLD},
    )
    def post(self, request: HttpRequest, member: str) -> HttpResponse:
        """Set points aside while an order is being paid: nobody else can spend them, and nothing is spent yet.

        Capture what was used, or release; when the time is up they go back by themselves.
        """
        body = self.read_body(HoldCreate)
        return self.once(
            lambda: self._hold(member, body), required=True, location=lambda made: f"/api/v1/holds/{made['id']}"
        )

    def _hold(self, member: str, body: HoldCreate) -> Reply:
        principal, key = self.principal, self.idempotency_key
        if not key:
            raise IdempotencyKeyMissing()
        made = points_hold(
            enrollment=place_of(member, body.program),
            currency=body.currency,
            points=body.points,
            actor=principal.actor,
            key=f"{principal.name}:{key}",
            lasts=timedelta(minutes=body.minutes) if body.minutes is not None else USUAL,
            order_number=body.order,
        )
        return 201, hold_out(hold_by_id(made.pk))

    @describe(
        summary="List a member's holds",
        tag=TAG,
        query=HoldFilters,
        answers={200: HoldOut},
        page=True,
        refusals=(422,),
        examples={"200": examples.HOLDS},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """Newest first, with the lots that they are taken from."""
        filters = self.read_query(HoldFilters)
        found = _with_lots(holds_of(place_of(member, filters.program)))
        if filters.state is not None:
            found = found.filter(state=filters.state)
        return answer(200, page_of(found, request).body(hold_out))


class HoldView(ApiView):
    scopes = {"GET": "ledger:read"}

    @describe(summary="Read a hold", tag=TAG, answers={200: HoldOut}, examples={"200": examples.HOLD})
    def get(self, request: Any, hold: UUID) -> HttpResponse:
        """Its state, and the lots behind it."""
        return answer(200, hold_out(hold_by_id(hold)))


class HoldCaptureView(ThinView):
    scopes = {"POST": "points:spend"}

    @describe(
        summary="Capture a hold",
        tag=TAG,
        body=HoldCapture,
        answers={200: HoldOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": examples.HOLD_CAPTURE, "200": examples.HOLD_CAPTURED},
    )
    def post(self, request: HttpRequest, hold: UUID) -> HttpResponse:
        """Spend what was held, or a part of it; the rest goes back to its lots. 409 when the hold is closed, or stands
        behind a redemption or a cart's payment: capture that."""
        body = self.read_body(HoldCapture)

        def run() -> Reply:
            points_capture(hold=hold_by_id(hold), points=body.points, actor=self.principal.actor)
            return 200, hold_out(hold_by_id(hold))

        return self.once(run, required=True)


class HoldReleaseView(ThinView):
    scopes = {"POST": "points:spend"}

    @describe(
        summary="Release a hold",
        tag=TAG,
        body=HoldRelease,
        answers={200: HoldOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": {}, "200": examples.HOLD_RELEASED},
    )
    def post(self, request: HttpRequest, hold: UUID) -> HttpResponse:
        """Everything goes back to the lots that it came from. 409 when the hold is closed, or stands behind a
        redemption or a cart's payment: cancel or release that."""
        self.read_body(HoldRelease)

        def run() -> Reply:
            points_release(hold=hold_by_id(hold), actor=self.principal.actor)
            return 200, hold_out(hold_by_id(hold))

        return self.once(run, required=True)


class TransfersView(ThinView):
    scopes = {"POST": "points:transfer"}

    @describe(
        summary="Give points to another member",
        tag=TAG,
        body=TransferCreate,
        answers={201: TransferOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": examples.TRANSFER_CREATE, "201": examples.TRANSFER},
    )
    def post(self, request: HttpRequest, member: str) -> HttpResponse:
        """Where the program allows it, within its limits. Each lot keeps the day that it expires on."""
        body = self.read_body(TransferCreate)
        return self.once(lambda: self._give(member, body), required=True)

    def _give(self, member: str, body: TransferCreate) -> Reply:
        principal, key = self.principal, self.idempotency_key
        if not key:
            raise IdempotencyKeyMissing()
        sender = place_of(member, body.program)
        recipient = member_named(body.to, sender.program, field="to")
        made = points_transfer(
            sender=sender,
            recipient=recipient,
            currency=body.currency,
            points=body.points,
            actor=principal.actor,
            key=f"{principal.name}:{key}",
            note=body.note,
        )
        return 201, transfer_out(made, sender.member.public_id, recipient.member.public_id)


def _with_lots(holds: QuerySet[PointsHold]) -> QuerySet[PointsHold]:
    lots = Prefetch("lots", HoldLot.objects.select_related("lot").order_by("id"))
    return holds.select_related("account").prefetch_related(lots)


def hold_by_id(hold: UUID) -> PointsHold:
    found = _with_lots(PointsHold.objects.filter(pk=hold)).first()
    if found is None:
        raise HoldNotFound(field="hold")
    return found
