"""What the API reads and answers about members."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from core.api.shapes import Body
from members.models import Consent, Member

Email = Annotated[str, Meta(min_length=3, max_length=254, description="Kept in small letters.")]
ExternalId = Annotated[str, Meta(min_length=1, max_length=120, description="The member's number in your own system.")]
Name = Annotated[str, Meta(max_length=120)]
Phone = Annotated[str, Meta(max_length=32)]
Language = Literal["en", "nl"]
TimeZone = Annotated[str, Meta(max_length=40, description="IANA name; empty: the program's.")]
Attributes = Annotated[
    dict[str, Any],
    Meta(description="Name → text, number, true or false, for rules to ask. In a change null takes one out."),
]
Purpose = Literal["terms", "marketing_email", "profiling"]


class MemberCreate(Body):
    """At least one of email, external_id and phone."""

    email: Email | None = None
    external_id: ExternalId | None = None
    name: Name = ""
    phone: Phone = ""
    birth_date: date | None = None
    language: Language = "en"
    time_zone: TimeZone = ""
    attributes: Attributes = {}
    is_test: Annotated[bool, Meta(description="Left out of all figures.")] = False
    acquisition_channel: Annotated[str, Meta(max_length=60, description="Where the member came from.")] = ""
    utm_source: Annotated[str, Meta(max_length=120)] = ""
    utm_medium: Annotated[str, Meta(max_length=120)] = ""
    utm_campaign: Annotated[str, Meta(max_length=120)] = ""
    referrer: Annotated[str, Meta(max_length=300)] = ""


class MemberUpdate(Body):
    """What isn't sent stays; null empties."""

    email: Email | UnsetType | None = UNSET
    external_id: ExternalId | UnsetType | None = UNSET
    name: Name | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    birth_date: date | UnsetType | None = UNSET
    language: Language | UnsetType = UNSET
    time_zone: TimeZone | UnsetType = UNSET
    attributes: Attributes | UnsetType = UNSET
    is_test: bool | UnsetType = UNSET


class MemberOut(Struct):
    id: UUID
    external_id: str | None
    email: str | None
    name: str
    phone: str
    birth_date: date | None
    language: str
    time_zone: str
    attributes: dict[str, Any]
    status: Literal["active", "suspended", "erased"]
    is_test: bool
    acquisition_channel: str
    utm_source: str
    utm_medium: str
    utm_campaign: str
    referrer: str
    joined_at: datetime
    created_at: datetime
    updated_at: datetime


class MemberFilters(Struct):
    email: Annotated[str, Meta(description="Whatever its case.")] | None = None
    external_id: str | None = None
    updated_since: Annotated[datetime, Meta(tz=True, description="Changed at or after this time.")] | None = None


class ConsentCreate(Body):
    purpose: Purpose
    granted: bool
    text_version: Annotated[
        str, Meta(min_length=1, max_length=40, description="Which text was agreed to, in your own numbering.")
    ]
    source: Annotated[str, Meta(max_length=60, description="Where it was asked: `till`, `checkout`.")] = "api"


class ConsentOut(Struct):
    id: int
    purpose: Purpose
    granted: bool
    text_version: str
    source: str
    recorded_at: datetime


def member_out(member: Member) -> MemberOut:
    return MemberOut(
        id=member.public_id,
        external_id=member.external_id,
        email=member.email,
        name=member.name,
        phone=member.phone,
        birth_date=member.birth_date,
        language=member.language,
        time_zone=member.time_zone,
        attributes=member.attributes,
        status=member.status,  # type: ignore[arg-type]  # one of the model's choices
        is_test=member.is_test,
        acquisition_channel=member.acquisition_channel,
        utm_source=member.utm_source,
        utm_medium=member.utm_medium,
        utm_campaign=member.utm_campaign,
        referrer=member.referrer,
        joined_at=member.joined_at,
        created_at=member.created_at,
        updated_at=member.updated_at,
    )


def consent_out(consent: Consent) -> ConsentOut:
    return ConsentOut(
        id=consent.pk,
        purpose=consent.purpose,  # type: ignore[arg-type]  # one of the model's choices
        granted=consent.granted,
        text_version=consent.text_version,
        source=consent.source,
        recorded_at=consent.recorded_at,
    )
