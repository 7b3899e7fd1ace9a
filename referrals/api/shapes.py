"""What the API reads and answers about friends."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from msgspec import Meta, Struct

from core.api.shapes import Body
from referrals.models import Referral, ReferralCode

Program = Annotated[str, Meta(min_length=1, max_length=40, description="Where there are several programs.")]
MemberName = Annotated[
    str, Meta(min_length=1, max_length=130, description="The member's id, or `ext:` and your own id.")
]
State = Literal["pending", "approved", "flagged", "blocked", "void"]
CodeText = Annotated[str, Meta(min_length=1, max_length=40, description="Case, dashes and blanks don't matter.")]
Trace = Annotated[str, Meta(min_length=1, max_length=500)]


class CodeWrite(Body):
    """code: one that can be read, 4 to 24 letters and digits; left out: the one they have. display_name: what friends
    read; "": nothing."""

    code: CodeText | None = None
    display_name: Annotated[str, Meta(max_length=40)] | None = None
    program: Program | None = None


class CodeFilter(Struct):
    program: Program | None = None


class CodeOut(Struct):
    """link: what the member shares. chosen: by you or the member, else made at random."""

    member: UUID
    program: str
    code: str
    link: str
    display_name: str
    chosen: bool


class CodeSeen(Struct):
    """What may be told to a friend. open: friends can be brought in this program now."""

    code: str
    program: str
    display_name: str
    open: bool


class TracesWrite(Body):
    """Kept as keyed hashes for the days that the program says, to be compared, never read. card: a fingerprint of the
    card, not its number."""

    ip: Annotated[str, Meta(min_length=2, max_length=45)] | None = None
    card: Trace | None = None
    address: Trace | None = None


class BindWrite(TracesWrite, kw_only=True):
    code: CodeText
    program: Program | None = None


class ReferralFilters(Struct):
    """referrer: the member who brought others. friend: the member who was brought."""

    state: State | None = None
    referrer: MemberName | None = None
    friend: MemberName | None = None
    program: Program | None = None


class Decision(Body):
    reason: Annotated[str, Meta(min_length=1, max_length=300)]


class SignalOut(Struct):
    """does: flag or block."""

    kind: str
    does: str
    weight: int


class ReferralOut(Struct):
    """because: returned, too_late, signals or staff. hold_until: until then goods can be returned.

    event: of the friend's first step; referrer_event, friend_event: what gave the two sides.
    """

    id: UUID
    program: str
    referrer: UUID
    friend: UUID
    code: str
    state: State
    because: str | None
    signals: list[SignalOut]
    bound_at: datetime
    converted_at: datetime | None
    hold_until: datetime | None
    decided_at: datetime | None
    reason: str
    number: int | None
    event: UUID | None
    referrer_event: UUID | None
    friend_event: UUID | None
    taken_back: bool


class TracesOut(Struct):
    """How many traces of the member are kept."""

    kept: int


def code_out(code: ReferralCode, request: HttpRequest) -> CodeOut:
    place = code.enrollment
    link = request.build_absolute_uri(f"/r/{code.code}/")
    return CodeOut(place.member.public_id, place.program.slug, code.code, link, code.display_name, code.chosen)


def referral_out(row: Referral) -> ReferralOut:
    return ReferralOut(
        id=row.pk,
        program=row.program.slug,
        referrer=row.referrer.member.public_id,
        friend=row.friend.member.public_id,
        code=row.code,
        state=row.state,  # type: ignore[arg-type]  # text, one of these by the model's choices
        because=row.because or None,
        signals=[SignalOut(each["kind"], each["does"], each["weight"]) for each in row.signals],
        bound_at=row.bound_at,
        converted_at=row.converted_at,
        hold_until=row.hold_until,
        decided_at=row.decided_at,
        reason=row.reason,
        number=row.number,
        event=row.event,
        referrer_event=row.referrer_event,
        friend_event=row.friend_event,
        taken_back=row.taken_back,
    )
