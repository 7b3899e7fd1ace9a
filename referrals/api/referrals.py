"""Who brought whom over REST: a partner's app notes it, a partner's desk may decide what is flagged."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.thin import ThinView
from core.api.views import answer
from core.idempotency import Reply
from loyalty.api.places import place_of
from members.api.reference import member_by_reference, member_filter
from members.models import Member
from referrals.api import examples
from referrals.api.codes import TAG
from referrals.api.shapes import (
    BindWrite,
    CodeFilter,
    Decision,
    ReferralFilters,
    ReferralOut,
    TracesOut,
    TracesWrite,
    referral_out,
)
from referrals.binding import referral_bind
from referrals.codes import code_find
from referrals.deciding import referral_approve, referral_block
from referrals.errors import ReferralUnknown
from referrals.models import Referral, ReferralTrace
from referrals.selectors import referral_of_friend, referrals_rows
from referrals.traces import trace_note

path_parameter(
    "referral",
    description="The referral's id.",
    schema={"type": "string", "format": "uuid"},
    example=examples.REFERRAL_ID,
)


class MemberReferralView(ThinView):
    scopes = {"GET": "referrals:read", "POST": "referrals:write"}

    @describe(
        summary="Read who brought a member",
        tag=TAG,
        query=CodeFilter,
        answers={200: ReferralOut},
        refusals=(404,),
        examples={"200": examples.REFERRAL},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """404 for a member whom nobody brought."""
        found = referral_of_friend(place_of(member, self.read_query(CodeFilter).program))
        if found is None:
            raise ReferralUnknown(field="member")
        return answer(200, referral_out(found))

    @describe(
        summary="Note who brought a member",
        tag=TAG,
        body=BindWrite,
        answers={201: ReferralOut},
        idempotency="optional",
        refusals=(404, 409, 422, 429),
        examples={"body": examples.BIND, "201": examples.REFERRAL},
    )
    def post(self, request: HttpRequest, member: str) -> HttpResponse:
        """The friend came by this code. Once: somebody else's code is refused afterwards, the same again is answered.

        The friend must have joined within the days that the program says. Traces are kept as keyed hashes.
        """
        body = self.read_body(BindWrite)

        # Not within: what a failed try counts for would be rolled back with it.
        code = code_find(body.code, asked_by=self.principal.name)

        def run() -> Reply:
            friend = place_of(member, body.program or code.enrollment.program.slug)
            with transaction.atomic():
                made = referral_bind(code=code, friend=friend, actor=self.principal.actor)
                traces_take(friend.member, body)
            return 201, referral_out(referral_by_id(made.pk))

        return self.once(run, required=False, location=lambda made: f"/api/v1/referrals/{made['id']}")


class MemberTracesView(ThinView):
    scopes = {"POST": "referrals:write"}

    @describe(
        summary="Note traces of a member",
        tag=TAG,
        body=TracesWrite,
        answers={200: TracesOut},
        idempotency="optional",
        refusals=(404, 422),
        examples={"body": examples.TRACES, "200": examples.KEPT},
    )
    def post(self, request: HttpRequest, member: str) -> HttpResponse:
        """An IP address, a card's fingerprint, a postal address: what signals compare two members by."""
        body = self.read_body(TracesWrite)

        def run() -> Reply:
            who = member_by_reference(member)
            traces_take(who, body)
            return 200, TracesOut(ReferralTrace.objects.filter(member=who).count())

        return self.once(run, required=False)


class ReferralsView(ThinView):
    scopes = {"GET": "referrals:read"}

    @describe(
        summary="List referrals",
        tag=TAG,
        query=ReferralFilters,
        answers={200: ReferralOut},
        page=True,
        refusals=(404,),
        examples={"200": examples.REFERRALS},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Newest first, in pages; `?state=flagged` are those that staff have to look at."""
        found = filtered(self.read_query(ReferralFilters))
        return answer(200, page_of(found, request).body(referral_out))


class ReferralView(ThinView):
    scopes = {"GET": "referrals:read"}

    @describe(
        summary="Read a referral",
        tag=TAG,
        answers={200: ReferralOut},
        refusals=(404,),
        examples={"200": examples.REFERRAL},
    )
    def get(self, request: HttpRequest, referral: UUID) -> HttpResponse:
        """With the signals that were found, and the events that gave the two sides."""
        return answer(200, referral_out(referral_by_id(referral)))


class ApproveView(ThinView):
    scopes = {"POST": "referrals:decide"}

    @describe(
        summary="Approve a referral",
        tag=TAG,
        body=Decision,
        answers={200: ReferralOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": examples.DECISION, "200": examples.APPROVED},
    )
    def post(self, request: HttpRequest, referral: UUID) -> HttpResponse:
        """A flagged or blocked one counts after all: now, or when its hold is over. Who is first decides."""
        body = self.read_body(Decision)

        def run() -> Reply:
            referral_approve(referral_id=referral, reason=body.reason, actor=self.principal.actor)
            return 200, referral_out(referral_by_id(referral))

        return self.once(run, required=False)


class BlockView(ThinView):
    scopes = {"POST": "referrals:decide"}

    @describe(
        summary="Block a referral",
        tag=TAG,
        body=Decision,
        answers={200: ReferralOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": examples.DECISION, "200": examples.BLOCKED},
    )
    def post(self, request: HttpRequest, referral: UUID) -> HttpResponse:
        """Nothing is given for it; what was given to either side is taken back."""
        body = self.read_body(Decision)

        def run() -> Reply:
            referral_block(referral_id=referral, reason=body.reason, actor=self.principal.actor)
            return 200, referral_out(referral_by_id(referral))

        return self.once(run, required=False)


def traces_take(member: Member, body: TracesWrite) -> None:
    for kind in ReferralTrace.Kind:
        value = getattr(body, kind.value)
        if value is not None:
            trace_note(member=member, kind=kind, value=value)


def referral_by_id(referral: UUID) -> Referral:
    found = referrals_rows().filter(pk=referral).first()
    if found is None:
        raise ReferralUnknown(field="referral")
    return found


def filtered(filters: ReferralFilters) -> QuerySet[Referral]:
    found = referrals_rows()
    if filters.state is not None:
        found = found.filter(state=filters.state)
    if filters.program is not None:
        found = found.filter(program__slug=filters.program)
    for side in ("referrer", "friend"):
        named = getattr(filters, side)
        if named is not None:
            found = found.filter(**member_filter(named, prefix=f"{side}__member__"))
    return found
