"""Tiers that are given, over REST: holding a member at least at one, ending that, and inviting into one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Meta, Struct

from core.api.schema import describe, path_parameter
from core.api.shapes import Body
from core.api.thin import ThinView
from core.api.views import answer
from core.idempotency import Reply
from loyalty.api.examples import MEMBER_ID
from loyalty.api.moving_shapes import ProgramSlug
from loyalty.api.places import place_of
from loyalty.floors import tier_floor_end, tier_floor_set
from loyalty.inviting import invitation_make
from loyalty.models import Enrollment, TierFloor, TierInvitation

TAG = "Points"
path_parameter("ladder", description="The ladder's code.", schema={"type": "string", "maxLength": 40}, example="status")
FLOOR_SET: dict[str, Any] = {"tier": "gold", "source": "plan", "until": "2027-06-01T00:00:00+02:00"}
FLOOR: dict[str, Any] = {
    "member": MEMBER_ID,
    "ladder": "status",
    "tier": "gold",
    "source": "plan",
    "reason": "",
    "set_at": "2026-11-14T09:20:00Z",
    "until": "2027-06-01T00:00:00+02:00",
    "ended_at": None,
}
INVITE: dict[str, Any] = {"tier": "black", "reason": "Ten years with us"}
INVITATION: dict[str, Any] = {
    "id": "01932c18-3c5d-7e66-8f20-b6d2c3e4f5a6",
    "member": MEMBER_ID,
    "ladder": "status",
    "tier": "black",
    "state": "waiting",
    "reason": "Ten years with us",
    "invited_at": "2026-11-14T09:20:00Z",
    "until": None,
    "closed_at": None,
}
TierCode = Annotated[str, Meta(min_length=1, max_length=40)]
Reason = Annotated[str, Meta(max_length=300)]
Source = Annotated[str, Meta(min_length=1, max_length=60, description="Who gives it: `plan`, `staff`, your own word.")]
Until = Annotated[datetime, Meta(tz=True)] | None


class FloorSet(Body):
    """until: for good when it isn't said. source: another tier of the same source takes the place of this one."""

    tier: TierCode
    source: Source
    until: Until = None
    reason: Reason = ""
    program: ProgramSlug = None


class FloorEnd(Struct):
    source: Source
    program: Annotated[str, Meta(max_length=40)] | None = None


class FloorOut(Struct):
    member: UUID
    ladder: str
    tier: str
    source: str
    reason: str
    set_at: datetime
    until: datetime | None
    ended_at: datetime | None


class InvitationMake(Body):
    """until: of the tier, for good when it isn't said. at_once: the member is in without being asked."""

    tier: TierCode
    until: Until = None
    reason: Reason = ""
    at_once: bool = False
    program: ProgramSlug = None


class InvitationOut(Struct):
    id: UUID
    member: UUID
    ladder: str
    tier: str
    state: Literal["waiting", "accepted", "declined", "withdrawn"]
    reason: str
    invited_at: datetime
    until: datetime | None
    closed_at: datetime | None


class FloorView(ThinView):
    scopes = {"POST": "tiers:write", "DELETE": "tiers:write"}

    @describe(
        summary="Give a member a tier",
        tag=TAG,
        body=FloorSet,
        answers={201: FloorOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": FLOOR_SET, "201": FLOOR},
    )
    def post(self, request: HttpRequest, member: str, ladder: str) -> HttpResponse:
        """Hold the member at least at this tier, whatever they earn. What is earned above it still counts."""
        body = self.read_body(FloorSet)
        return self.once(lambda: self._set(place_of(member, body.program), ladder, body), required=True)

    def _set(self, place: Enrollment, ladder: str, body: FloorSet) -> Reply:
        floor = tier_floor_set(
            enrollment=place,
            ladder=ladder,
            tier=body.tier,
            source=body.source,
            until=body.until,
            reason=body.reason,
            actor=self.principal.actor,
        )
        return 201, floor_out(floor, place)

    @describe(
        summary="Take a given tier back",
        tag=TAG,
        query=FloorEnd,
        answers={200: FloorOut},
        refusals=(422,),
        examples={"200": {**FLOOR, "ended_at": "2026-12-01T08:00:00Z"}},
    )
    def delete(self, request: HttpRequest, member: str, ladder: str) -> HttpResponse:
        """End what a source gave: the member falls to what they earned, or to what another source gives."""
        asked = self.read_query(FloorEnd)
        place = place_of(member, asked.program)
        floor = tier_floor_end(enrollment=place, ladder=ladder, source=asked.source, actor=self.principal.actor)
        return answer(200, floor_out(floor, place))


class InvitationView(ThinView):
    scopes = {"POST": "tiers:write"}

    @describe(
        summary="Invite a member into a tier",
        tag=TAG,
        body=InvitationMake,
        answers={201: InvitationOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": INVITE, "201": INVITATION},
    )
    def post(self, request: HttpRequest, member: str, ladder: str) -> HttpResponse:
        """It waits on the member's page until they accept or decline. It takes the place of one that waits already."""
        body = self.read_body(InvitationMake)
        return self.once(lambda: self._invite(place_of(member, body.program), ladder, body), required=True)

    def _invite(self, place: Enrollment, ladder: str, body: InvitationMake) -> Reply:
        made = invitation_make(
            enrollment=place,
            ladder=ladder,
            tier=body.tier,
            until=body.until,
            reason=body.reason,
            at_once=body.at_once,
            actor=self.principal.actor,
        )
        return 201, invitation_out(made, place)


def floor_out(floor: TierFloor, place: Enrollment) -> FloorOut:
    return FloorOut(
        member=place.member.public_id,
        ladder=floor.ladder,
        tier=floor.tier,
        source=floor.source,
        reason=floor.reason,
        set_at=floor.set_at,
        until=floor.until,
        ended_at=floor.ended_at,
    )


def invitation_out(made: TierInvitation, place: Enrollment) -> InvitationOut:
    return InvitationOut(
        id=made.pk,
        member=place.member.public_id,
        ladder=made.ladder,
        tier=made.tier,
        state=made.state,  # type: ignore[arg-type]  # text, one of these by the model's choices
        reason=made.reason,
        invited_at=made.invited_at,
        until=made.until,
        closed_at=made.closed_at,
    )
