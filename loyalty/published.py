"""Which versions of a program stand: all that were published but those that were withdrawn before they took effect."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max, QuerySet

from loyalty.definition.document import Document
from loyalty.definition.read import document_shape
from loyalty.models import Program, ProgramVersion


def versions_standing(program: Program) -> QuerySet[ProgramVersion]:
    """Newest first."""
    return ProgramVersion.objects.filter(program=program, withdrawal__isnull=True).order_by("-number")


def newest_version(program: Program) -> ProgramVersion | None:
    """The version published last, whether in force yet or not; what a draft is compared with."""
    return versions_standing(program).first()


def versions_waiting(program: Program, at: datetime) -> list[ProgramVersion]:
    """Those that take effect later, soonest first, without their documents."""
    return list(versions_standing(program).filter(in_force_from__gt=at).defer("document").order_by("in_force_from"))


def number_next(program: Program) -> int:
    """Numbers are given once: a version that was withdrawn keeps its own."""
    last: int | None = ProgramVersion.objects.filter(program=program).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def documents_waiting(program: Program, at: datetime) -> list[tuple[ProgramVersion, Document]]:
    """Those that take effect later than that, soonest first, with what they say."""
    rows = versions_standing(program).filter(in_force_from__gt=at).order_by("in_force_from", "number")
    return [(each, document_shape(each.document)) for each in rows]
