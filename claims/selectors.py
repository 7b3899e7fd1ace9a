"""What is read of claims and visits."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from claims.models import CheckIn, Claim, ClaimDouble, ClaimFile
from loyalty.definition.claims import ClaimType
from loyalty.models import Enrollment
from loyalty.selectors import document_now


def claim_types(program_id: int) -> dict[str, ClaimType]:
    """The claim types of the program as it is in force now, by code, those switched off among them."""
    return {each.code: each for each in document_now(program_id).claim_types}


def claim_type_of(program_id: int, code: str) -> ClaimType | None:
    return claim_types(program_id).get(code)


def claims_of(enrollment: Enrollment) -> QuerySet[Claim]:
    """A member's claims, newest first."""
    return (
        Claim.objects.filter(enrollment=enrollment)
        .select_related("enrollment__member", "enrollment__program")
        .order_by("-submitted_at", "-pk")
    )


def files_of(claim: Claim) -> list[ClaimFile]:
    """The files of a claim, without their contents."""
    return list(claim.files.defer("content").order_by("pk"))


def doubles_of(claim: Claim) -> list[tuple[Claim, str]]:
    """(claim, kind of double) of every claim that shows the same, earlier and later ones, newest first."""
    rows = ClaimDouble.objects.select_related("claim__enrollment__member", "other__enrollment__member")
    earlier = [(row.other, row.kind) for row in rows.filter(claim=claim)]
    later = [(row.claim, row.kind) for row in rows.filter(other=claim)]
    return sorted([*earlier, *later], key=lambda each: (each[0].pk, each[1]), reverse=True)


def doubled(claim_ids: list[UUID]) -> set[UUID]:
    """Those of the claims that have doubles."""
    rows = ClaimDouble.objects
    return {
        *rows.filter(claim__in=claim_ids).values_list("claim", flat=True),
        *rows.filter(other__in=claim_ids).values_list("other", flat=True),
    }


def check_ins_of(enrollment: Enrollment) -> QuerySet[CheckIn]:
    """A member's check-ins, newest first."""
    return CheckIn.objects.filter(enrollment=enrollment).select_related("place").order_by("-at", "-pk")
