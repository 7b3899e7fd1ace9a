"""What the API reads and answers about claims, places and check-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from claims.models import CheckIn, Claim, ClaimFile, Place
from core.api.shapes import Body

Program = Annotated[str, Meta(min_length=1, max_length=40, description="Where there are several programs.")]
MemberName = Annotated[
    str, Meta(min_length=1, max_length=130, description="The member's id, or `ext:` and your own id.")
]
State = Literal["submitted", "approved", "refused", "withdrawn"]
Fields = Annotated[
    dict[str, Annotated[str, Meta(max_length=300)] | int],
    Meta(description="Values by the codes of the claim type's fields; amounts in minor units, dates as YYYY-MM-DD."),
]


class ClaimCreate(Body):
    """As multipart/form-data: this as the part `claim`, and the files as the parts `photo` and `receipt`."""

    type: Annotated[str, Meta(min_length=1, max_length=40, description="The code of the claim type.")]
    fields: Fields = {}
    link: Annotated[str, Meta(max_length=500)] = ""
    text: Annotated[str, Meta(max_length=1000)] = ""
    program: Program | None = None


class ClaimFilters(Struct):
    member: MemberName | None = None
    type: Annotated[str, Meta(max_length=40)] | None = None
    state: State | None = None


class MemberClaimFilters(Struct):
    type: Annotated[str, Meta(max_length=40)] | None = None
    state: State | None = None


class ClaimApprove(Body):
    """fields: what staff fill in, and corrections of what the member filled in."""

    fields: Fields = {}


class ClaimRefuse(Body):
    """reason: read by the member; texts by language, or one for all."""

    reason: (
        Annotated[str, Meta(min_length=1, max_length=500)]
        | dict[Annotated[str, Meta(pattern="^[a-z]{2}$")], Annotated[str, Meta(min_length=1, max_length=500)]]
    )


class ClaimWithdraw(Body):
    """Nothing needs to be said."""


class ClaimOut(Struct):
    """event: the id of the event that the approval became; null until it is booked."""

    id: UUID
    member: UUID
    program: str
    type: str
    state: State
    fields: dict[str, Any]
    link: str
    text: str
    reason: dict[str, str]
    submitted_at: datetime
    decided_at: datetime | None
    event: UUID | None
    source: str


class FileOut(Struct):
    id: UUID
    kind: str
    media_type: str
    size: int
    removed_at: datetime | None


class FileContent(Struct):
    """content: base64."""

    id: UUID
    media_type: Annotated[str, Meta(description="image/jpeg or application/pdf")]
    content: str


class DoubleOut(Struct):
    """Another claim that shows the same: its link, its file, nearly its picture, or its values."""

    claim: UUID
    member: UUID
    kind: Literal["link", "file", "picture", "fields"]


class ClaimDetail(ClaimOut):
    files: list[FileOut]
    doubles: list[DoubleOut]


class PositionIn(Body):
    """Degrees, and how many meters the device says it may be wrong by."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    accuracy_m: Annotated[float, Meta(ge=0, le=1_000_000)]


class CheckInCreate(Body):
    """Either a position, with the place that is meant or the nearest one, or the token of a code that was scanned."""

    position: PositionIn | None = None
    place: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    token: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    program: Program | None = None


class CheckInFilters(Struct):
    state: Literal["accepted", "held", "refused"] | None = None
    program: Program | None = None


class CheckInOut(Struct):
    """state: held ones wait for staff. distance_m: rounded; the position itself is not kept."""

    id: UUID
    member: UUID
    program: str
    place: str
    method: Literal["position", "code"]
    state: Literal["accepted", "held", "refused"]
    reason: Literal["too_far", "inaccurate", "too_soon", "too_fast", "closed", "code_old", "staff"] | None
    distance_m: int | None
    at: datetime
    event: UUID | None


class PlaceFilters(Struct):
    kind: Annotated[str, Meta(max_length=10)] | None = None
    active: bool | None = None


class PlaceOut(Struct):
    code: str
    name: str
    kind: Literal["store", "park", "event", "other"]
    address: str
    latitude: float
    longitude: float
    radius_m: int
    active: bool
    starts_at: datetime | None
    ends_at: datetime | None
    tags: list[str]


def claim_out(claim: Claim) -> ClaimOut:
    """Expects enrollment, its member and program to be fetched."""
    return ClaimOut(**_claim(claim))


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.pk,
        "member": claim.enrollment.member.public_id,
        "program": claim.enrollment.program.slug,
        **{
            name: getattr(claim, name)
            for name in (
                "type", "state", "fields", "link", "text", "reason", "submitted_at", "decided_at", "event", "source",
            )
        },
    }  # fmt: skip


def claim_detail(claim: Claim, files: list[ClaimFile], doubles: list[tuple[Claim, str]]) -> ClaimDetail:
    return ClaimDetail(
        **_claim(claim),
        files=[FileOut(each.pk, each.kind, each.media_type, each.size, each.removed_at) for each in files],
        doubles=[DoubleOut(row.pk, row.enrollment.member.public_id, kind) for row, kind in doubles],  # type: ignore[arg-type]  # one of the model's choices
    )


def check_in_out(row: CheckIn) -> CheckInOut:
    """Expects place, enrollment, its member and program to be fetched."""
    return CheckInOut(
        id=row.pk,
        member=row.enrollment.member.public_id,
        program=row.enrollment.program.slug,
        place=row.place.code,
        method=row.method,  # type: ignore[arg-type]  # one of the model's choices
        state=row.state,  # type: ignore[arg-type]  # text, one of these by the model's choices
        reason=row.reason or None,  # type: ignore[arg-type]  # one of the model's choices
        distance_m=row.distance_m,
        at=row.at,
        event=row.event,
    )


def place_out(place: Place) -> PlaceOut:
    return PlaceOut(
        code=place.code,
        name=place.name,
        kind=place.kind,  # type: ignore[arg-type]  # one of the model's choices
        address=place.address,
        latitude=float(place.latitude),
        longitude=float(place.longitude),
        radius_m=place.radius_m,
        active=place.active,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        tags=list(place.tags),
    )
