"""Rules and achievements whose time is over before the version that brings them takes effect: refused at publishing.

What members could earn by before is fine: a campaign that ended may stay in the document, and an older version in which
it stood may be published again. So may a version that ends a running campaign early.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.timezone import localtime

from loyalty.definition.document import Document
from loyalty.definition.overdue import Overdue, holds_until, overdue_in
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem
from loyalty.definition.read import document_shape
from loyalty.models import Program
from loyalty.published import versions_standing


def overdue_problems(program: Program, document: Document, since: datetime) -> Iterator[Problem]:
    """since: from when the document would hold. A program's first version holds from the beginning of time: nothing in
    it is too late; nor is it where events are judged by when they come in, as a late one may lie within."""
    if document.program.judged_by == "received_at":
        return
    local = f"{localtime(since, ZoneInfo(document.program.time_zone)):%Y-%m-%dT%H:%M}"
    found = list(overdue_in(document, local))
    newest = versions_standing(program).first() if found else None
    if newest is None:
        return
    before = document_shape(newest.document)
    for each in found:
        until = holds_until(before, each.kind, each.code)
        runs_now = until is not None and until > local
        if not runs_now and not _stood(program, each):
            yield _problem(each)


def _stood(program: Program, each: Overdue) -> bool:
    """Whether a version that took effect, or will, has had it with this very end."""
    piece = [{"code": each.code, "schedule": {"ends_at": each.ends_at}}]
    return versions_standing(program).filter(Q(**{f"document__{each.kind}__contains": piece})).exists()


def _problem(each: Overdue) -> Problem:
    ends_at = each.ends_at.replace("T", " ")
    wrong = (
        phrase("The rule can never fire: it ends (%(ends_at)s) before this version takes effect.", ends_at=ends_at)
        if each.kind == "rules"
        else phrase("It can never count: it ends (%(ends_at)s) before this version takes effect.", ends_at=ends_at)
    )
    mend = (
        phrase("Let it end later, switch it off, or leave it out.")
        if each.kind == "rules"
        else phrase("Let it end later, or leave it out.")
    )
    return Problem(each.path, wrong, mend)
