"""Shared accounts over the API: whose account a member's points are in, joining one, leaving it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import Struct, field

from core.api.schema import describe
from core.api.shapes import Body
from core.api.thin import ThinView
from core.api.views import answer
from loyalty.api.examples import MEMBER_ID
from loyalty.api.moving_shapes import ProgramSlug
from loyalty.api.places import ProgramFilter, member_named, place_of
from loyalty.api.shapes import MemberRefIn
from loyalty.models import Enrollment
from loyalty.pooling import pool_join, pool_leave

TAG = "Points"
HEAD_ID = "01932c0e-9d10-7b52-8a67-0c1d2e3f4a5b"
POOL: dict[str, Any] = {"member": MEMBER_ID, "program": "club", "head": HEAD_ID, "members": [HEAD_ID, MEMBER_ID]}
ALONE: dict[str, Any] = {"member": MEMBER_ID, "program": "club", "head": None, "members": [MEMBER_ID]}


class PoolJoin(Body):
    """with: the member whose account is shared from now on, by your own id or by e-mail."""

    head: MemberRefIn = field(name="with")
    program: ProgramSlug = None


class PoolOut(Struct):
    """head: whose account it is; null when the member has one of their own. members: all who share it, head first."""

    member: UUID
    program: str
    head: UUID | None
    members: list[UUID]


class PoolView(ThinView):
    scopes = {"GET": "ledger:read", "POST": "points:transfer", "DELETE": "points:transfer"}

    @describe(
        summary="Read who shares a member's account",
        tag=TAG,
        query=ProgramFilter,
        answers={200: PoolOut},
        refusals=(422,),
        examples={"200": POOL},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """A household has one balance; tiers stay everybody's own."""
        return answer(200, _out(place_of(member, self.read_query(ProgramFilter).program)))

    @describe(
        summary="Share another member's account",
        tag=TAG,
        body=PoolJoin,
        answers={200: PoolOut},
        refusals=(409,),
        examples={"body": {"with": {"external_id": "C-1008"}}, "200": POOL},
    )
    def post(self, request: HttpRequest, member: str) -> HttpResponse:
        """Everything that the member has goes into it, each lot with its dates. The same again changes nothing."""
        body = self.read_body(PoolJoin)
        place = place_of(member, body.program)
        head = member_named(body.head, place.program, field="with")
        pool_join(enrollment=place, head=head, actor=self.principal.actor)
        return answer(200, _out(place))

    @describe(
        summary="Leave a shared account",
        tag=TAG,
        query=ProgramFilter,
        answers={200: PoolOut},
        refusals=(422,),
        examples={"200": ALONE},
    )
    def delete(self, request: HttpRequest, member: str) -> HttpResponse:
        """What was shared stays with its head. The same again changes nothing."""
        place = place_of(member, self.read_query(ProgramFilter).program)
        pool_leave(enrollment=place, actor=self.principal.actor)
        return answer(200, _out(place))


def _out(place: Enrollment) -> PoolOut:
    row = Enrollment.objects.select_related("member", "program", "pool__member").get(pk=place.pk)
    head = row.pool or row
    sharers = list(head.sharers.order_by("pk").values_list("member__public_id", flat=True))
    return PoolOut(
        member=row.member.public_id,
        program=row.program.slug,
        head=head.member.public_id if sharers else None,
        members=[head.member.public_id, *sharers],
    )
