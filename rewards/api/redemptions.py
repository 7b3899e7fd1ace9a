"""Taking rewards for members, and what becomes of what was taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.thin import ThinView
from core.api.views import ApiView, answer
from core.errors import IdempotencyKeyMissing, NotFound
from core.idempotency import Reply
from loyalty.api.places import NotEnrolled, place_of
from loyalty.errors import UnknownMember
from loyalty.versions import programs_read_once
from members.api.reference import MemberNotFound, member_filter
from rewards.api import examples
from rewards.api.catalogue import reward_by_code
from rewards.api.shapes import (
    RedemptionCancel,
    RedemptionCreate,
    RedemptionDetail,
    RedemptionFilters,
    RedemptionOut,
    RedemptionUse,
    redemption_out,
)
from rewards.models import Redemption
from rewards.services import redemption_cancel, redemption_use, reward_redeem
from rewards.vouchers import code_of

TAG = "Redemptions"
path_parameter(
    "redemption",
    description="The redemption's id.",
    schema={"type": "string", "format": "uuid"},
    example=examples.REDEMPTION_ID,
)


class RedemptionNotFound(NotFound):
    code = "redemption_not_found"
    title = _("There is no such redemption.")


class RedemptionsView(ThinView):
    scopes = {"GET": "redemptions:read", "POST": "redemptions:write"}

    @describe(
        summary="Redeem a reward",
        tag=TAG,
        body=RedemptionCreate,
        answers={201: RedemptionOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": examples.REDEMPTION_CREATE, "201": examples.REDEMPTION},
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Points, stock and code together, or nothing. Of two for the last one, one gets 409 and keeps the points.

        With `reserve_minutes` everything is only held, until you capture or cancel it or the time is up; what costs
        money besides is held always, until you confirm the money. The code isn't in this answer: read the redemption.
        """
        body = self.read_body(RedemptionCreate)
        # What the program says is asked once: it may change a moment later, and this answer would have been the same.
        with programs_read_once():
            return self.once(
                lambda: self._redeem(body), required=True, location=lambda made: f"/api/v1/redemptions/{made['id']}"
            )

    def _redeem(self, body: RedemptionCreate) -> Reply:
        principal, key = self.principal, self.idempotency_key
        if not key:
            raise IdempotencyKeyMissing()
        try:
            place = place_of(body.member, body.program)
        except (MemberNotFound, NotEnrolled) as error:
            raise UnknownMember(error.detail, field="member") from error
        reward = reward_by_code(place.program, body.reward)
        made = reward_redeem(
            enrollment=place,
            reward=reward,
            actor=principal.actor,
            key=f"{principal.name}:{key}",
            pay_with=body.pay_with,
            reserve=timedelta(minutes=body.reserve_minutes) if body.reserve_minutes is not None else None,
            order_number=body.order,
        )
        return 201, redemption_out(made)

    @describe(
        summary="List redemptions",
        tag=TAG,
        query=RedemptionFilters,
        answers={200: RedemptionOut},
        page=True,
        refusals=(404,),
        examples={"200": examples.REDEMPTIONS},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Newest first, in pages; without their codes."""
        filters = self.read_query(RedemptionFilters)
        found = rows()
        if filters.member is not None:
            found = found.filter(**member_filter(filters.member, prefix="enrollment__member__"))
        if filters.reward is not None:
            found = found.filter(reward__code=filters.reward)
        if filters.state is not None:
            found = found.filter(state=filters.state)
        return answer(200, page_of(found, request).body(redemption_out))


class RedemptionView(ApiView):
    scopes = {"GET": "redemptions:read"}

    @describe(
        summary="Read a redemption and its code",
        tag=TAG,
        answers={200: RedemptionDetail},
        examples={"200": examples.REDEMPTION_DETAIL},
    )
    def get(self, request: Any, redemption: UUID) -> HttpResponse:
        """The only answer that holds the code: show it to the member whose redemption it is, and keep it nowhere."""
        row = redemption_by_id(redemption)
        return answer(200, {**msgspec.to_builtins(redemption_out(row)), "code": code_of(row)})


class CancelView(ApiView):
    scopes = {"POST": "redemptions:write"}

    @describe(
        summary="Cancel a redemption",
        tag=TAG,
        body=RedemptionCancel,
        answers={200: RedemptionOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": examples.REDEMPTION_CANCEL, "200": examples.REDEMPTION_CANCELED},
    )
    def post(self, request: Any, redemption: UUID) -> HttpResponse:
        """While it is unused: the points go back to the lots that they came from, the code is voided.

        Make sure first that a code that the member was shown isn't used elsewhere; members can't cancel such a one.
        """
        body = self.read_body(RedemptionCancel)

        def run() -> Reply:
            row = redemption_by_id(redemption)
            redemption_cancel(redemption=row, actor=self.principal.actor, reason=body.reason)
            return 200, redemption_out(redemption_by_id(redemption))

        with programs_read_once():
            return self.once(run, required=True)


class UseView(ApiView):
    scopes = {"POST": "redemptions:write"}

    @describe(
        summary="Mark a redemption as used",
        tag=TAG,
        body=RedemptionUse,
        answers={200: RedemptionOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": {}, "200": examples.REDEMPTION_USED},
    )
    def post(self, request: Any, redemption: UUID) -> HttpResponse:
        """At the till, once. 409 when it was used or canceled, or its time is over."""
        self.read_body(RedemptionUse)

        def run() -> Reply:
            redemption_use(redemption=redemption_by_id(redemption), actor=self.principal.actor)
            return 200, redemption_out(redemption_by_id(redemption))

        return self.once(run, required=False)


def rows() -> QuerySet[Redemption]:
    return Redemption.objects.select_related("reward", "code", "enrollment__member", "enrollment__program")


def redemption_by_id(redemption: UUID) -> Redemption:
    found = rows().filter(pk=redemption).first()
    if found is None:
        raise RedemptionNotFound(field="redemption")
    return found
