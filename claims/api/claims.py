"""Claims over REST: a partner's app sends them for members, a partner's desk may decide them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from claims.api import examples
from claims.api.shapes import (
    ClaimApprove,
    ClaimCreate,
    ClaimDetail,
    ClaimFilters,
    ClaimOut,
    ClaimRefuse,
    ClaimWithdraw,
    FileContent,
    MemberClaimFilters,
    claim_detail,
    claim_out,
)
from claims.models import Claim, ClaimFile
from claims.pictures import Upload, upload_read
from claims.selectors import doubles_of, files_of
from claims.services import Sent, claim_approve, claim_refuse, claim_submit, claim_withdraw
from core import strict_json
from core.api.pagination import page_of
from core.api.parsers import body_of
from core.api.schema import describe, path_parameter
from core.api.shapes import body_read
from core.api.thin import JSON, ThinView
from core.api.views import answer
from core.errors import InvalidInput, NotFound
from core.idempotency import Reply
from loyalty.api.places import place_of
from members.api.reference import member_by_reference, member_filter

TAG = "Claims"
MULTIPART = "multipart/form-data"
KINDS = ("photo", "receipt")
FORM: dict[str, Any] = {
    "type": "object",
    "required": ["claim"],
    "properties": {
        "claim": {"type": "string", "description": "The claim as JSON, as in the body without files."},
        "photo": {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP."},
        "receipt": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP or PDF."},
    },
}
UUID_SCHEMA = {"type": "string", "format": "uuid"}
path_parameter("claim", description="The claim's id.", schema=UUID_SCHEMA, example=examples.CLAIM_ID)
path_parameter("file", description="The file's id.", schema=UUID_SCHEMA, example=examples.FILE_ID)


class ClaimNotFound(NotFound):
    code = "claim_not_found"
    title = gettext_lazy("There is no such claim.")


class ClaimFileNotFound(NotFound):
    code = "claim_file_not_found"
    title = gettext_lazy("There is no such file, or it was removed.")


class MemberClaimsView(ThinView):
    scopes = {"GET": "claims:read", "POST": "claims:write"}
    media_types = (JSON, MULTIPART)

    @describe(
        summary="Send a claim for a member",
        tag=TAG,
        body=ClaimCreate,
        media={MULTIPART: FORM},
        answers={201: ClaimOut},
        idempotency="required",
        refusals=(404, 409, 422),
        examples={"body": examples.CLAIM_CREATE, "201": examples.CLAIM},
    )
    def post(self, request: HttpRequest, member: str) -> HttpResponse:
        """What the member did, with the proof that the claim type asks for. It waits until staff approve it.

        Files come as multipart/form-data, 5 MB at most altogether: the claim as JSON in the part `claim`, the files in
        `photo` and `receipt`. Pictures are written anew, without what the camera noted beside them.
        """
        body, files = self._read()
        sent = Sent(body.type, body.fields, body.link, body.text, files)

        def run() -> Reply:
            place, key = place_of(member, body.program), f"{self.principal.name}:{self.idempotency_key}"
            made = claim_submit(enrollment=place, sent=sent, actor=self.principal.actor, key=key)
            return 201, claim_out(claim_by_id(made.pk))

        return self.once(run, required=True, location=lambda made: f"/api/v1/claims/{made['id']}")

    def _read(self) -> tuple[ClaimCreate, tuple[Upload, ...]]:
        if self.http.content_type != MULTIPART:
            return self.read_body(ClaimCreate), ()
        body_of(self.http)
        try:
            part, given = self.http.POST.get("claim"), self.http.FILES
        except (MultiPartParserError, BadRequest, SuspiciousOperation) as error:
            raise strict_json.MalformedBody(_("The form can't be read.")) from error
        if not isinstance(part, str) or not part:
            raise InvalidInput(_("Send the claim as JSON in the part `claim`."), field="claim")
        body = body_read(ClaimCreate, strict_json.read(part.encode("utf-8", "surrogatepass")))
        for name in given:
            if name not in KINDS:
                raise InvalidInput(_("Files are sent in the parts `photo` and `receipt`."), field=name[:40])
        files = [(kind, file) for kind in KINDS for file in given.getlist(kind)]
        return body, tuple(upload_read(file.read(), kind=kind) for kind, file in files)

    @describe(
        summary="List a member's claims",
        tag=TAG,
        query=MemberClaimFilters,
        answers={200: ClaimOut},
        page=True,
        refusals=(404,),
        examples={"200": examples.CLAIMS},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """Newest first, in pages."""
        filters = self.read_query(MemberClaimFilters)
        who = member_by_reference(member)
        found = filtered(rows().filter(enrollment__member=who), filters.type, filters.state)
        return answer(200, page_of(found, request).body(claim_out))


class ClaimsView(ThinView):
    scopes = {"GET": "claims:read"}

    @describe(
        summary="List claims",
        tag=TAG,
        query=ClaimFilters,
        answers={200: ClaimOut},
        page=True,
        refusals=(404,),
        examples={"200": examples.CLAIMS},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Newest first, in pages; `?state=submitted` are those that wait."""
        filters = self.read_query(ClaimFilters)
        found = filtered(rows(), filters.type, filters.state)
        if filters.member is not None:
            found = found.filter(**member_filter(filters.member, prefix="enrollment__member__"))
        return answer(200, page_of(found, request).body(claim_out))


class ClaimView(ThinView):
    scopes = {"GET": "claims:read"}

    @describe(
        summary="Read a claim",
        tag=TAG,
        answers={200: ClaimDetail},
        refusals=(404,),
        examples={"200": examples.CLAIM_DETAIL},
    )
    def get(self, request: HttpRequest, claim: UUID) -> HttpResponse:
        """With its files, and other claims that show the same."""
        row = claim_by_id(claim)
        return answer(200, claim_detail(row, files_of(row), doubles_of(row)))


class ClaimFileView(ThinView):
    scopes = {"GET": "claims:read"}

    @describe(
        summary="Read a claim's file",
        tag=TAG,
        answers={200: FileContent},
        refusals=(404,),
        examples={"200": examples.FILE_CONTENT},
    )
    def get(self, request: HttpRequest, claim: UUID, file: UUID) -> HttpResponse:
        """A JPEG or a PDF, in base64. Whoever shows it elsewhere: a PDF comes from a member and may hold anything."""
        found = ClaimFile.objects.filter(claim=claim, pk=file, removed_at__isnull=True).first()
        if found is None:
            raise ClaimFileNotFound(field="file")
        return answer(200, FileContent(found.pk, found.media_type, b64encode(bytes(found.content)).decode()))


class DecisionView(ThinView):
    def _decision_key(self) -> str:
        """The same key is the same decision; without one every request is its own."""
        return f"{self.principal.name}:{self.idempotency_key}" if self.idempotency_key else ""


class ApproveView(DecisionView):
    scopes = {"POST": "claims:decide"}

    @describe(
        summary="Approve a claim",
        tag=TAG,
        body=ClaimApprove,
        answers={200: ClaimOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": examples.APPROVE, "200": examples.APPROVED},
    )
    def post(self, request: HttpRequest, claim: UUID) -> HttpResponse:
        """It becomes an event of the claim type's event type, judged like any other. Who is first decides."""
        body = self.read_body(ClaimApprove)

        def run() -> Reply:
            principal = self.principal
            row, key = claim_by_id(claim), self._decision_key()
            claim_approve(claim=row, fields=body.fields, actor=principal.actor, key=key)
            return 200, claim_out(claim_by_id(claim))

        return self.once_by_nature(run)


class RefuseView(DecisionView):
    scopes = {"POST": "claims:decide"}

    @describe(
        summary="Refuse a claim",
        tag=TAG,
        body=ClaimRefuse,
        answers={200: ClaimOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": examples.REFUSE, "200": examples.REFUSED},
    )
    def post(self, request: HttpRequest, claim: UUID) -> HttpResponse:
        """With a reason, which the member reads on their page and in a mail. Nothing is given."""
        body = self.read_body(ClaimRefuse)

        def run() -> Reply:
            row, key = claim_by_id(claim), self._decision_key()
            claim_refuse(claim=row, reason=body.reason, actor=self.principal.actor, key=key)
            return 200, claim_out(claim_by_id(claim))

        return self.once(run, required=False)


class WithdrawView(ThinView):
    scopes = {"POST": "claims:write"}

    @describe(
        summary="Take a claim back",
        tag=TAG,
        body=ClaimWithdraw,
        answers={200: ClaimOut},
        idempotency="optional",
        refusals=(404, 409, 422),
        examples={"body": {}, "200": examples.WITHDRAWN},
    )
    def post(self, request: HttpRequest, claim: UUID) -> HttpResponse:
        """For the member, while nobody has decided it."""
        self.read_body(ClaimWithdraw)

        def run() -> Reply:
            claim_withdraw(claim=claim_by_id(claim), actor=self.principal.actor)
            return 200, claim_out(claim_by_id(claim))

        return self.once(run, required=False)


def rows() -> QuerySet[Claim]:
    return Claim.objects.select_related("enrollment__member", "enrollment__program")


def filtered(found: QuerySet[Claim], kind: str | None, state: str | None) -> QuerySet[Claim]:
    if kind is not None:
        found = found.filter(type=kind)
    return found if state is None else found.filter(state=state)


def claim_by_id(claim: UUID) -> Claim:
    found = rows().filter(pk=claim).first()
    if found is None:
        raise ClaimNotFound(field="claim")
    return found
