"""What the members' pages of this room show, read through selectors."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Sum
from django.http import Http404
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from claims.forms import local, told_values
from claims.models import CheckIn, Claim, ClaimFile, Place
from claims.selectors import check_ins_of, claim_type_of, claim_types, claims_of, files_of
from loyalty.definition.claims import ClaimType
from loyalty.definition.translation import Teller
from loyalty.home import Link
from loyalty.models import Enrollment, PointsEntry
from loyalty.selectors import document_now

Context = dict[str, Any]
SHOWN = 100
RECENT = 5


class Way(NamedTuple):
    """Something that can be sent in, in the reader's words."""

    code: str
    name: str
    description: str


class Shown(NamedTuple):
    claim: Claim
    name: str


def way(claim_type: ClaimType) -> Way:
    return Way(claim_type.code, local(claim_type.name), local(claim_type.description))


def ways(enrollment: Enrollment) -> list[Way]:
    return [way(each) for each in claim_types(enrollment.program_id).values() if each.enabled]


def claim_type_or_404(enrollment: Enrollment, code: str) -> ClaimType:
    found = claim_type_of(enrollment.program_id, code)
    if found is None or not found.enabled:
        raise Http404
    return found


def claim_or_404(enrollment: Enrollment, claim_id: UUID) -> Claim:
    """The member's own claim; another's isn't there."""
    found = claims_of(enrollment).filter(pk=claim_id).first()
    if found is None:
        raise Http404
    return found


def file_of(enrollment: Enrollment, claim_id: UUID, file_id: UUID) -> ClaimFile | None:
    return ClaimFile.objects.filter(claim__enrollment=enrollment, claim=claim_id, pk=file_id).first()


def money_of(enrollment: Enrollment) -> str:
    return document_now(enrollment.program_id).program.money_currency


def list_page(enrollment: Enrollment) -> Context:
    names = {code: local(each.name) for code, each in claim_types(enrollment.program_id).items()}
    shown = [Shown(each, names.get(each.type, each.type)) for each in claims_of(enrollment)[:SHOWN]]
    return {"enrollment": enrollment, "ways": ways(enrollment), "claims": shown}


def claim_page(enrollment: Enrollment, claim: Claim) -> Context:
    claim_type = claim_type_of(enrollment.program_id, claim.type)
    return {
        "enrollment": enrollment,
        "claim": claim,
        "name": local(claim_type.name) if claim_type is not None else claim.type,
        "values": told_values(claim_type, claim.fields, money_of(enrollment)),
        "files": files_of(claim),
        "again": claim_type is not None and claim_type.enabled and claim.state == Claim.State.REFUSED,
    }


def check_in_context(enrollment: Enrollment) -> Context:
    rules = document_now(enrollment.program_id).check_ins
    return {"enrollment": enrollment, "rules": rules, "recent": list(check_ins_of(enrollment)[:RECENT])}


def home_part(enrollment: Enrollment) -> Context:
    """What can be sent in, and whether there is somewhere to check in; nothing where there is neither."""
    waiting = claims_of(enrollment).filter(state=Claim.State.SUBMITTED).count()
    return {"ways": ways(enrollment)[:3], "waiting": waiting, "somewhere": somewhere(enrollment)}


def somewhere(enrollment: Enrollment) -> bool:
    """Whether there is a place to check in at."""
    rules = document_now(enrollment.program_id).check_ins
    return (rules.by_position or rules.by_code) and Place.objects.filter(active=True).exists()


def menu_links(enrollment: Enrollment) -> Iterator[Link]:
    if ways(enrollment):
        yield Link("/claims/", _("Send in"), "upload", "claims:list", ("claims:new", "claims:one", "claims:withdraw"))
    if somewhere(enrollment):
        yield Link("/check-in/", _("Check in"), "shop", "claims:check_in", ("claims:code", "claims:scanned"))


def outcome_words(check_in: CheckIn) -> str:
    """Why a check-in doesn't count, in words."""
    return str(check_in.get_reason_display())


def earned_words(check_in: CheckIn) -> str:
    """What a visit gave: "10 points"; "" where it gave none, or isn't booked yet."""
    document = document_now(check_in.enrollment.program_id)
    teller = Teller(document, _, (get_language() or "en")[:2])
    scales = {each.code: each.scale for each in document.currencies}
    given = PointsEntry.objects.filter(event=check_in.event, kind=PointsEntry.Kind.EARN)
    sums = given.order_by().values_list("account__currency").annotate(points=Sum("points")) if check_in.event else []
    return teller.list_and([teller.points(code, Decimal(points).scaleb(-scales.get(code, 0))) for code, points in sums])
