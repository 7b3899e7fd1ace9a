"""What the API reads and answers about benefits, their uses, and what a member is entitled to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from core.api.shapes import Body
from loyalty.definition.translation import text_in
from rewards.benefits.definition import Beta, Content, EarlyAccess, PartnerCode, Recognition
from rewards.benefits.entitlements import Access, Entitlements, Feature
from rewards.benefits.holding import Held
from rewards.benefits.models import BenefitUse

ProgramSlug = Annotated[str, Meta(min_length=1, max_length=40)] | None
Kind = Literal[
    "discount", "free_shipping", "early_access", "bonus", "content", "recognition", "beta", "invitation",
    "partner_code",
]  # fmt: skip


class AllowanceOut(Struct):
    """How often it may be used in each period, and how often still in the one that runs. renews_on null: never."""

    uses: int
    period: Literal["day", "week", "month", "year", "lifetime"]
    left: int
    renews_on: date | None


class BenefitHeldOut(Struct):
    """A benefit that the member holds now.

    causes: why, as `tier:<ladder>:<tier>`, `plan:<plan>`, `segment:<segment>`, `everyone` or `staff`. until null: no
    end is known. link, title, flag, partner: of the kinds that have one, else empty. A partner's code itself is shown
    to the member alone, on their own page.
    """

    code: str
    kind: Kind
    name: str
    name_nl: str
    description: str
    description_nl: str
    icon: str
    link: str
    title: str
    flag: str
    partner: str
    causes: list[str]
    since: datetime | None
    until: datetime | None
    allowance: AllowanceOut | None


class BenefitsHeldOut(Struct):
    member: UUID
    program: str
    results: list[BenefitHeldOut]


class AccessOut(Struct):
    """Early access that holds now."""

    benefit: str
    name: str
    name_nl: str
    link: str
    since: datetime | None
    until: datetime | None


class FeatureOut(Struct):
    """A feature that the member may use before others. flag: by which the product knows it."""

    benefit: str
    flag: str
    until: datetime | None


class EntitlementsOut(Struct):
    """changes_at: when this answer stops holding, as far as is known; null when nothing is."""

    member: UUID
    program: str
    at: datetime
    changes_at: datetime | None
    benefits: list[BenefitHeldOut]
    early_access: list[AccessOut]
    features: list[FeatureOut]


class TokenCreate(Body):
    """audience: who is to take the token, such as the address of your shop; it takes no other's."""

    audience: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[!-~]+$(?!\n)")]
    program: ProgramSlug = None


class TokenOut(Struct):
    """token: a JWT of alg EdDSA; check it by the keys at /.well-known/jwks.json. kid: which of them signed it."""

    token: str
    token_type: Literal["JWT"]
    kid: str
    expires_at: datetime


class UseCreate(Body):
    """id: your own, unique within your source: the same again is the same use. used_at: now unless it is said."""

    id: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
    used_at: Annotated[datetime, Meta(tz=True)] | None = None
    units: Annotated[int, Meta(ge=1, le=10_000, description="How often it was used at once.")] = 1
    order: Annotated[str, Meta(max_length=200, description="The order that it was used on.")] = ""
    note: Annotated[str, Meta(max_length=200)] = ""
    program: ProgramSlug = None


class UseTakeBack(Body):
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class UseFilters(Struct):
    program: Annotated[str, Meta(max_length=40, description="Needed where a member is in several programs.")] | None = (
        None
    )


class UseOut(Struct):
    """taken_back_at null: it stands. causes: why the member held the benefit then."""

    id: UUID
    member: UUID
    program: str
    benefit: str
    source: str
    external_id: str
    units: int
    causes: list[str]
    order: str
    note: str
    used_at: datetime
    recorded_at: datetime
    taken_back_at: datetime | None
    taken_back_reason: str


def held_out(held: Held) -> BenefitHeldOut:
    each, gives = held.benefit, held.benefit.gives
    return BenefitHeldOut(
        code=each.code,
        kind=str(gives.__struct_config__.tag),  # type: ignore[arg-type]  # one of the model's choices
        name=text_in(each.name, "en"),
        name_nl=text_in(each.name, "nl"),
        description=text_in(each.description, "en"),
        description_nl=text_in(each.description, "nl"),
        icon=each.icon,
        link=gives.link if isinstance(gives, EarlyAccess | Content | PartnerCode) else "",
        title=text_in(gives.title, "en") if isinstance(gives, Recognition) else "",
        flag=gives.flag if isinstance(gives, Beta) else "",
        partner=gives.partner if isinstance(gives, PartnerCode) else "",
        causes=held.causes,
        since=held.since,
        until=held.until,
        allowance=AllowanceOut(
            held.allowed.uses,
            held.allowed.period,  # type: ignore[arg-type]  # one of the model's choices
            held.allowed.left,
            held.allowed.renews_on,
        )
        if held.allowed is not None
        else None,
    )


def access_out(access: Access) -> AccessOut:
    return AccessOut(
        access.benefit,
        text_in(access.name, "en"),
        text_in(access.name, "nl"),
        access.link,
        access.since,
        access.until,
    )


def feature_out(feature: Feature) -> FeatureOut:
    return FeatureOut(feature.benefit, feature.flag, feature.until)


def entitlements_out(found: Entitlements) -> EntitlementsOut:
    return EntitlementsOut(
        member=found.member,
        program=found.program,
        at=found.at,
        changes_at=found.changes_at,
        benefits=[held_out(each) for each in found.benefits],
        early_access=[access_out(each) for each in found.early_access],
        features=[feature_out(each) for each in found.features],
    )


def use_out(use: BenefitUse) -> UseOut:
    """Expects benefit, enrollment, its member and program to be fetched."""
    return UseOut(
        id=use.pk,
        member=use.enrollment.member.public_id,
        program=use.enrollment.program.slug,
        benefit=use.benefit.code,
        source=use.source,
        external_id=use.external_id,
        units=use.units,
        causes=list(use.causes),
        order=use.order_number,
        note=use.note,
        used_at=use.used_at,
        recorded_at=use.recorded_at,
        taken_back_at=use.taken_back_at,
        taken_back_reason=use.taken_back_reason,
    )
