"""What a member holds, each use of it, and the token that says so to others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.thin import ThinView
from core.api.views import ApiView, answer
from core.idempotency import Reply
from loyalty.api.places import ProgramFilter, place_of, place_row
from rewards.api import benefit_examples as examples
from rewards.api.benefit_shapes import (
    BenefitsHeldOut,
    EntitlementsOut,
    TokenCreate,
    TokenOut,
    UseCreate,
    UseFilters,
    UseOut,
    UseTakeBack,
    entitlements_out,
    held_out,
    use_out,
)
from rewards.benefits.entitlements import entitlements_of
from rewards.benefits.errors import BenefitNotFound, BenefitUseNotFound
from rewards.benefits.holding import benefits_held
from rewards.benefits.models import Benefit, BenefitUse
from rewards.benefits.tokens import token_issue
from rewards.benefits.uses import benefit_use, benefit_use_take_back

TAG = "Benefits"
path_parameter(
    "benefit", description="The benefit's code.", schema={"type": "string", "maxLength": 40}, example="coffee"
)
path_parameter("use", description="The use's id.", schema={"type": "string", "format": "uuid"}, example=examples.USE_ID)


class BenefitsView(ThinView):
    scopes = {"GET": "benefits:read"}

    @describe(
        summary="List what a member holds",
        tag=TAG,
        query=ProgramFilter,
        answers={200: BenefitsHeldOut},
        refusals=(422,),
        examples={"200": examples.BENEFITS},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """The benefits that the member's tiers, plan and segments give now, with what is left of each allowance."""
        place = place_row(member, self.read_query(ProgramFilter).program)
        results = [held_out(each) for each in benefits_held(place)]
        return answer(200, BenefitsHeldOut(place.member, place.slug, results))


class EntitlementsView(ThinView):
    scopes = {"GET": "benefits:read"}

    @describe(
        summary="Read what a member is entitled to now",
        tag=TAG,
        query=ProgramFilter,
        answers={200: EntitlementsOut},
        refusals=(422,),
        examples={"200": examples.ENTITLEMENTS},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """Benefits, early access and features that hold at this moment, and until when."""
        place = place_row(member, self.read_query(ProgramFilter).program)
        return answer(200, entitlements_out(entitlements_of(place)))


class TokenView(ThinView):
    scopes = {"POST": "benefits:read"}

    @describe(
        summary="Get a signed token of a member's entitlements",
        tag=TAG,
        body=TokenCreate,
        answers={200: TokenOut},
        examples={"body": examples.TOKEN_CREATE, "200": examples.TOKEN},
    )
    def post(self, request: HttpRequest, member: str) -> HttpResponse:
        """For one audience, for five minutes at most, and never beyond what it says.

        A JWT with `sub` (the member's id), `aud`, `exp`, `jti`, `program`, `benefits` (codes), `early_access` and
        `features` (flags). Whoever gets it checks it by the keys at `/.well-known/jwks.json` of this host, without
        asking us; the keys may be kept for ten minutes.
        """
        body = self.read_body(TokenCreate)
        found = entitlements_of(place_row(member, body.program))
        issuer = request.build_absolute_uri("/").rstrip("/")
        made = token_issue(found, audience=body.audience, issuer=issuer)
        return answer(200, TokenOut(made.token, "JWT", made.kid, made.expires_at))


class BenefitUsesView(ThinView):
    scopes = {"GET": "benefits:read", "POST": "benefits:use"}

    @describe(
        summary="Note that a benefit was used",
        tag=TAG,
        body=UseCreate,
        answers={201: UseOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": examples.USE_CREATE, "201": examples.USE},
    )
    def post(self, request: HttpRequest, member: str, benefit: str) -> HttpResponse:
        """Once per id. 409 when the member doesn't hold it at that time, or used it as often as the allowance says; and
        of a partner's code (`benefit_is_code`), which members take on their own page."""
        body = self.read_body(UseCreate)

        def run() -> Reply:
            made = benefit_use(
                enrollment=place_of(member, body.program),
                code=benefit,
                external_id=body.id,
                actor=self.principal.actor,
                used_at=body.used_at,
                units=body.units,
                order_number=body.order,
                note=body.note,
            )
            return 201, use_out(use_by_id(made.pk))

        return self.once(run, required=False, location=lambda made: f"/api/v1/benefit-uses/{made['id']}")

    @describe(
        summary="List a member's uses of a benefit",
        tag=TAG,
        query=UseFilters,
        answers={200: UseOut},
        page=True,
        refusals=(422,),
        examples={"200": examples.USES},
    )
    def get(self, request: HttpRequest, member: str, benefit: str) -> HttpResponse:
        """Newest first, those that were taken back too."""
        place = place_of(member, self.read_query(UseFilters).program)
        row = Benefit.objects.filter(program_id=place.program_id, code=benefit).first()
        if row is None:
            raise BenefitNotFound(field="benefit")
        found = _rows().filter(enrollment=place, benefit=row)
        return answer(200, page_of(found, request).body(use_out))


class BenefitUseView(ApiView):
    scopes = {"GET": "benefits:read"}

    @describe(summary="Read a use of a benefit", tag=TAG, answers={200: UseOut}, examples={"200": examples.USE})
    def get(self, request: Any, use: UUID) -> HttpResponse:
        """Whether it stands, and why the member held the benefit then."""
        return answer(200, use_out(use_by_id(use)))


class UseRevokeView(ApiView):
    scopes = {"POST": "benefits:use"}

    @describe(
        summary="Take a use of a benefit back",
        tag=TAG,
        body=UseTakeBack,
        answers={200: UseOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": examples.USE_TAKE_BACK, "200": examples.USE_TAKEN_BACK},
    )
    def post(self, request: Any, use: UUID) -> HttpResponse:
        """It wasn't used after all: the allowance has room again. The row stays, with the reason."""
        body = self.read_body(UseTakeBack)

        def run() -> Reply:
            benefit_use_take_back(use=use_by_id(use), actor=self.principal.actor, reason=body.reason)
            return 200, use_out(use_by_id(use))

        return self.once(run, required=True)


def _rows() -> QuerySet[BenefitUse]:
    return BenefitUse.objects.select_related("benefit", "enrollment__member", "enrollment__program")


def use_by_id(use: UUID) -> BenefitUse:
    found = _rows().filter(pk=use).first()
    if found is None:
        raise BenefitUseNotFound(field="use")
    return found
