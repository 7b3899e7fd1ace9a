"""Reading what tiers a member is given and invited into, and taking an invitation back, over REST."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Meta, Struct

from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.views import ApiView, answer
from loyalty.api.places import place_of
from loyalty.api.tiers import FLOOR, INVITATION, TAG, FloorOut, InvitationOut, floor_out, invitation_out
from loyalty.floors import floors_ever
from loyalty.inviting import invitation_withdraw, invitations_ever

path_parameter(
    "invitation",
    description="The invitation's id.",
    schema={"type": "string", "format": "uuid"},
    example=INVITATION["id"],
)
LadderCode = Annotated[str, Meta(max_length=40)] | None
Slug = Annotated[str, Meta(max_length=40)] | None
FLOORS: dict[str, Any] = {"results": [FLOOR], "next": None, "previous": None}
INVITATIONS: dict[str, Any] = {"results": [INVITATION], "next": None, "previous": None}


class FloorFilters(Struct):
    """ended: those that were taken back or ran out, instead of those that hold."""

    ladder: LadderCode = None
    ended: bool = False
    program: Slug = None


class InvitationFilters(Struct):
    ladder: LadderCode = None
    state: Literal["waiting", "accepted", "declined", "withdrawn"] | None = None
    program: Slug = None


class InvitationEnd(Struct):
    program: Slug = None


class FloorsView(ApiView):
    scopes = {"GET": "ledger:read"}

    @describe(
        summary="List the tiers that a member is given",
        tag=TAG,
        query=FloorFilters,
        answers={200: FloorOut},
        page=True,
        refusals=(422,),
        examples={"200": FLOORS},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """Newest first. Those that hold, by plan or by hand; `ended=true` for those that no longer do."""
        asked = self.read_query(FloorFilters)
        place = place_of(member, asked.program)
        found = floors_ever(place, ladder=asked.ladder, ended=asked.ended)
        return answer(200, page_of(found, request).body(lambda row: floor_out(row, place)))


class InvitationsView(ApiView):
    scopes = {"GET": "ledger:read"}

    @describe(
        summary="List a member's invitations into tiers",
        tag=TAG,
        query=InvitationFilters,
        answers={200: InvitationOut},
        page=True,
        refusals=(422,),
        examples={"200": INVITATIONS},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """Newest first, with what became of them."""
        asked = self.read_query(InvitationFilters)
        place = place_of(member, asked.program)
        found = invitations_ever(place, ladder=asked.ladder, state=asked.state)
        return answer(200, page_of(found, request).body(lambda row: invitation_out(row, place)))


class InvitationEndView(ApiView):
    scopes = {"DELETE": "tiers:write"}

    @describe(
        summary="Withdraw an invitation",
        tag=TAG,
        query=InvitationEnd,
        answers={200: InvitationOut},
        refusals=(409, 422),
        examples={"200": {**INVITATION, "state": "withdrawn", "closed_at": "2026-11-20T10:00:00Z"}},
    )
    def delete(self, request: HttpRequest, member: str, invitation: UUID) -> HttpResponse:
        """While it waits: the member can no longer accept it. One that is closed already is refused."""
        place = place_of(member, self.read_query(InvitationEnd).program)
        made = invitation_withdraw(enrollment=place, invitation_id=invitation, actor=self.principal.actor)
        return answer(200, invitation_out(made, place))
