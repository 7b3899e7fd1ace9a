"""Members and their consents."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpResponse
from msgspec import UNSET, structs

from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.views import ApiView, answer
from core.idempotency import Reply
from members import services
from members.acquisition import Acquisition
from members.api import examples
from members.api.reference import member_by_reference
from members.api.shapes import (
    ConsentCreate,
    ConsentOut,
    MemberCreate,
    MemberFilters,
    MemberOut,
    MemberUpdate,
    consent_out,
    member_out,
)
from members.models import Consent, Member

TAG = "Members"
path_parameter(
    "member",
    description="The member's id, or `ext:` and your own id.",
    schema={"type": "string", "minLength": 1, "maxLength": 130},
    example=examples.MEMBER_ID,
)


class MembersView(ApiView):
    scopes = {"GET": "members:read", "POST": "members:write"}

    @describe(
        summary="List members",
        tag=TAG,
        query=MemberFilters,
        answers={200: MemberOut},
        page=True,
        examples={"200": examples.MEMBERS},
    )
    def get(self, request: Any) -> HttpResponse:
        """Newest first, in pages."""
        page = page_of(members_filtered(self.read_query(MemberFilters)), self.http)
        return answer(200, page.body(member_out))

    @describe(
        summary="Make a member",
        tag=TAG,
        body=MemberCreate,
        answers={201: MemberOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": examples.MEMBER_CREATE, "201": examples.MEMBER},
    )
    def post(self, request: Any) -> HttpResponse:
        """The member is enrolled in the brand's programs. 409 when the e-mail or the external id is taken."""
        body = self.read_body(MemberCreate)

        def run() -> Reply:
            return 201, member_out(member_made(body, self.principal.actor))

        return self.once(run, required=False, location=lambda made: f"/api/v1/members/{made['id']}")


class MemberView(ApiView):
    scopes = {"GET": "members:read", "PATCH": "members:write"}

    @describe(summary="Read a member", tag=TAG, answers={200: MemberOut}, examples={"200": examples.MEMBER})
    def get(self, request: Any, member: str) -> HttpResponse:
        """By id, or by `ext:` and your own id."""
        return answer(200, member_out(member_by_reference(member)))

    @describe(
        summary="Change a member",
        tag=TAG,
        body=MemberUpdate,
        answers={200: MemberOut},
        refusals=(409,),
        examples={"body": examples.MEMBER_UPDATE, "200": examples.MEMBER},
    )
    def patch(self, request: Any, member: str) -> HttpResponse:
        """What isn't sent stays as it is."""
        changes = {
            name: value for name, value in structs.asdict(self.read_body(MemberUpdate)).items() if value is not UNSET
        }
        changed = services.member_update(member=member_by_reference(member), actor=self.principal.actor, **changes)
        return answer(200, member_out(changed))


class ConsentsView(ApiView):
    scopes = {"GET": "members:read", "POST": "members:write"}

    @describe(
        summary="List a member's consents",
        tag=TAG,
        answers={200: ConsentOut},
        page=True,
        examples={"200": examples.CONSENTS},
    )
    def get(self, request: Any, member: str) -> HttpResponse:
        """Every answer ever given, newest first. The newest of a purpose holds."""
        found = Consent.objects.filter(member=member_by_reference(member))
        return answer(200, page_of(found, self.http).body(consent_out))

    @describe(
        summary="Record a consent",
        tag=TAG,
        body=ConsentCreate,
        answers={201: ConsentOut, 200: ConsentOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": examples.CONSENT_CREATE, "201": examples.CONSENT, "200": examples.CONSENT},
    )
    def post(self, request: Any, member: str) -> HttpResponse:
        """201 with the new answer; 200 with the one that holds when it says the same."""
        body = self.read_body(ConsentCreate)
        return self.once(lambda: consent_recorded(member_by_reference(member), body), required=False)


def members_filtered(filters: MemberFilters) -> QuerySet[Member]:
    found: QuerySet[Any] = Member.objects.all()
    if filters.email is not None:
        found = found.alias(email_lower=Lower("email")).filter(email_lower=filters.email.lower())
    if filters.external_id is not None:
        found = found.filter(external_id=filters.external_id)
    if filters.updated_since is not None:
        found = found.filter(updated_at__gte=filters.updated_since)
    return found


def member_made(body: MemberCreate, actor: Any) -> Member:
    first = Acquisition(
        channel=body.acquisition_channel or actor.source,
        utm_source=body.utm_source,
        utm_medium=body.utm_medium,
        utm_campaign=body.utm_campaign,
        referrer=body.referrer,
    )
    return services.member_create(
        actor=actor,
        email=body.email,
        external_id=body.external_id,
        name=body.name,
        phone=body.phone,
        birth_date=body.birth_date,
        language=body.language,
        time_zone=body.time_zone,
        attributes=body.attributes,
        is_test=body.is_test,
        acquisition=first,
    )


def consent_recorded(member: Member, body: ConsentCreate) -> Reply:
    made = services.consent_record(
        member=member, purpose=body.purpose, granted=body.granted, text_version=body.text_version, source=body.source
    )
    if made is not None:
        return 201, consent_out(made)
    holds = Consent.objects.filter(member=member, purpose=body.purpose).latest("id")
    return 200, consent_out(holds)
