"""A member's points: what there is, where they stand, every line, and adjusting by hand."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse

from core import clock
from core.api.pagination import page_of
from core.api.schema import describe
from core.api.thin import ThinView
from core.api.views import ApiView, answer
from core.errors import IdempotencyKeyMissing
from core.idempotency import Reply
from loyalty.adjusting import adjustment_make
from loyalty.api import examples, moving_examples
from loyalty.api.moving_shapes import AdjustmentFilters, AdjustmentOut, adjustment_out
from loyalty.api.places import ProgramFilter, place_of, place_row
from loyalty.api.shapes import AdjustmentCreate, BalancesOut, LedgerFilters, LineOut, TiersOut, line_out
from loyalty.models import LotDraw, PointsAdjustment, PointsEntry
from loyalty.selectors import balances_named, balances_of, entries_of
from loyalty.tierviews import tiers_named, tiers_of
from members.api.reference import member_filter

TAG = "Points"


class BalancesView(ThinView):
    scopes = {"GET": "ledger:read"}

    @describe(
        summary="Read a member's balances",
        tag=TAG,
        query=ProgramFilter,
        answers={200: BalancesOut},
        refusals=(422,),
        examples={"200": examples.BALANCES},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """One per point currency, in minor units: scale says how many digits to show after the decimal sign."""
        program = self.read_query(ProgramFilter).program
        found = balances_named(member_filter(member), program)
        if found is None:
            place = place_row(member, program)  # which says what is wrong
            found = place, balances_of(place)
        return answer(200, BalancesOut(found[0].member, found[0].slug, clock.now(), found[1]))


class TiersView(ThinView):
    scopes = {"GET": "ledger:read"}

    @describe(
        summary="Read a member's tiers",
        tag=TAG,
        query=ProgramFilter,
        answers={200: TiersOut},
        refusals=(422,),
        examples={"200": examples.TIERS},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """One per ladder: the tier, until when it holds, and what is missing to the next."""
        program = self.read_query(ProgramFilter).program
        found = tiers_named(member_filter(member), program)
        if found is None:
            place = place_row(member, program)  # which says what is wrong
            found = place, tiers_of(place)
        return answer(200, TiersOut(found[0].member, found[0].slug, clock.now(), found[1]))


class LedgerView(ApiView):
    scopes = {"GET": "ledger:read"}

    @describe(
        summary="Read a member's ledger",
        tag=TAG,
        query=LedgerFilters,
        answers={200: LineOut},
        page=True,
        refusals=(422,),
        examples={"200": examples.LEDGER},
    )
    def get(self, request: Any, member: str) -> HttpResponse:
        """Newest first, each line with the lots behind it. Nothing in it ever changes; corrections are lines too."""
        filters = self.read_query(LedgerFilters)
        lines = lines_filtered(entries_of(place_of(member, filters.program)), filters)
        return answer(200, page_of(lines, self.http).body(line_out))


class AdjustmentsView(ApiView):
    scopes = {"GET": "ledger:read", "POST": "points:adjust"}

    @describe(
        summary="List a member's adjustments",
        tag=TAG,
        query=AdjustmentFilters,
        answers={200: AdjustmentOut},
        page=True,
        refusals=(422,),
        examples={"200": moving_examples.ADJUSTMENTS},
    )
    def get(self, request: Any, member: str) -> HttpResponse:
        """Newest first: those that wait for a second person, and what became of the others."""
        filters = self.read_query(AdjustmentFilters)
        place = place_of(member, filters.program)
        found = PointsAdjustment.objects.filter(enrollment=place).select_related("enrollment__member")
        if filters.state is not None:
            found = found.filter(state=filters.state)
        return answer(200, page_of(found, self.http).body(adjustment_out))

    @describe(
        summary="Give or take points by hand",
        tag=TAG,
        body=AdjustmentCreate,
        answers={201: LineOut, 202: AdjustmentOut},
        idempotency="required",
        refusals=(409,),
        examples={
            "body": examples.ADJUSTMENT_CREATE,
            "201": examples.ADJUSTMENT,
            "202": moving_examples.ADJUSTMENT_WAITING,
        },
    )
    def post(self, request: Any, member: str) -> HttpResponse:
        """For goodwill and corrections. 409 when more would be taken than there is.

        Above the program's limit the answer is 202 and nothing is booked until one of the staff agrees.
        """
        body = self.read_body(AdjustmentCreate)
        return self.once(lambda: self._adjust(member, body), required=True)

    def _adjust(self, member: str, body: AdjustmentCreate) -> Reply:
        principal, key = self.principal, self.idempotency_key
        if not key:
            raise IdempotencyKeyMissing()
        made = adjustment_make(
            enrollment=place_of(member, body.program),
            currency=body.currency,
            points=body.points,
            reason=body.reason,
            reason_code=body.reason_code,
            actor=principal.actor,
            key=f"{principal.name}:{key}",
        )
        if made.entry_id is None:
            return 202, adjustment_out(made)
        return 201, line_out(lines_filtered(PointsEntry.objects.filter(pk=made.entry_id), LedgerFilters()).get())


def lines_filtered(entries: QuerySet[PointsEntry], filters: LedgerFilters) -> QuerySet[PointsEntry]:
    draws = Prefetch("draws", LotDraw.objects.select_related("lot").order_by("id"))
    found = entries.select_related(None).select_related("account", "lot").prefetch_related(draws)
    if filters.currency is not None:
        found = found.filter(account__currency=filters.currency)
    if filters.since is not None:
        found = found.filter(recorded_at__gte=filters.since)
    return found
