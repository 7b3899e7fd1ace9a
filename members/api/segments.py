"""Segments over REST: which there are, and putting members in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from msgspec import Meta, Struct

from core.api.schema import describe, path_parameter
from core.api.shapes import Body
from core.api.views import ApiView, answer
from members.api.reference import member_by_reference
from members.models import Segment
from members.segments import (
    segment_by_code,
    segment_counts,
    segment_create,
    segment_member_add,
    segment_member_remove,
)

TAG = "Segments"
path_parameter(
    "segment",
    description="The segment's code.",
    schema={"type": "string", "minLength": 1, "maxLength": 40},
    example="runners",
)
EXAMPLE: dict[str, Any] = {"code": "runners", "name": "Runners", "description": "", "members": 214}


class SegmentCreate(Body):
    code: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)", description="What rules call it by.")]
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    description: Annotated[str, Meta(max_length=600)] = ""


class SegmentOut(Struct):
    """members: how many are in it now."""

    code: str
    name: str
    description: str
    members: int


class SegmentsOut(Struct):
    results: list[SegmentOut]


class MembershipPut(Body):
    until: Annotated[datetime, Meta(tz=True, description="null: for good.")] | None = None


class SegmentsView(ApiView):
    scopes = {"GET": "members:read", "POST": "members:write"}

    @describe(summary="List segments", tag=TAG, answers={200: SegmentsOut}, examples={"200": {"results": [EXAMPLE]}})
    def get(self, request: Any) -> HttpResponse:
        """All segments of the brand, by name."""
        rows = list(Segment.objects.all())
        counts = segment_counts(row.code for row in rows)
        return answer(200, SegmentsOut([segment_out(row, counts) for row in rows]))

    @describe(
        summary="Make a segment",
        tag=TAG,
        body=SegmentCreate,
        answers={201: SegmentOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": {"code": "runners", "name": "Runners"}, "201": {**EXAMPLE, "members": 0}},
    )
    def post(self, request: Any) -> HttpResponse:
        """409 when the code is taken."""
        body = self.read_body(SegmentCreate)
        return self.once(
            lambda: (
                201,
                segment_out(
                    segment_create(
                        code=body.code, name=body.name, description=body.description, actor=self.principal.actor
                    ),
                    {},
                ),
            ),
            required=False,
        )


class SegmentMemberView(ApiView):
    scopes = {"PUT": "members:write", "DELETE": "members:write"}

    @describe(
        summary="Put a member in a segment",
        tag=TAG,
        body=MembershipPut,
        answers={200: SegmentOut},
        examples={"body": {"until": None}, "200": EXAMPLE},
    )
    def put(self, request: Any, segment: str, member: str) -> HttpResponse:
        """Saying it again changes nothing but the end."""
        body = self.read_body(MembershipPut)
        segment_member_add(
            segment=segment_by_code(segment),
            member=member_by_reference(member),
            actor=self.principal.actor,
            until=body.until,
        )
        return answer(200, segment_now(segment))

    @describe(summary="Take a member out of a segment", tag=TAG, answers={200: SegmentOut}, examples={"200": EXAMPLE})
    def delete(self, request: Any, segment: str, member: str) -> HttpResponse:
        """Nothing happens when the member isn't in it."""
        segment_member_remove(
            segment=segment_by_code(segment), member=member_by_reference(member), actor=self.principal.actor
        )
        return answer(200, segment_now(segment))


def segment_now(code: str) -> SegmentOut:
    return segment_out(segment_by_code(code), segment_counts([code]))


def segment_out(segment: Segment, counts: dict[str, int]) -> SegmentOut:
    return SegmentOut(segment.code, segment.name, segment.description, counts.get(segment.code, 0))
