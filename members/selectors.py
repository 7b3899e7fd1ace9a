"""Questions about people."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from members.models import Consent, Member, User


def member_of(user: object) -> Member | None:
    """The member behind a log-in; None for visitors, and for staff who don't collect."""
    if not isinstance(user, User):
        return None
    return Member.objects.filter(user=user).exclude(status=Member.Status.ERASED).first()


def member_by_public_id(public_id: str) -> Member | None:
    return Member.objects.filter(public_id=UUID(public_id)).first()


def consents_in_force(member: Member) -> dict[str, Consent]:
    """The latest answer per purpose; a purpose that was never asked about is missing."""
    latest = Consent.objects.filter(member=member).order_by("purpose", "-id").distinct("purpose")
    return {consent.purpose: consent for consent in latest}


def consent_history(member: Member) -> QuerySet[Consent]:
    """Every answer, newest first."""
    return Consent.objects.filter(member=member).order_by("-id")
