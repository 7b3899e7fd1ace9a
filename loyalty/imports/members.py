"""Members from a file: made one by one by the service, as from everywhere else; enrolled all at once.

A member may have nothing that is unique, so a part of the file and its progress are one transaction here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import DomainError, InvalidInput
from loyalty.imports.rows import Row
from loyalty.ingest import Answer
from loyalty.judging import refusal
from loyalty.models import ImportJob
from members.errors import ExternalIdTaken
from members.hooks import created_together
from members.models import Member
from members.services import member_create

NAMES = ("external_id", "email", "name", "phone", "language")


def members_take(job: ImportJob, chunk: Sequence[Row]) -> list[Answer]:
    """Make members of the rows: 201 made, 200 there already, else the refusal. In the caller's transaction."""
    actor = Actor(job.initiated_by, job.actor, job.source)
    known = _known(chunk)
    # Enrolling is what takes long, and takes hardly longer for all of them than for one.
    with created_together(actor):
        return [_taken(row, known, actor) for row in chunk]


def _known(rows: Sequence[Row]) -> set[str]:
    """External ids that are there, and addresses (small letters) that are."""
    bodies = [row.body for row in rows if isinstance(row.body, dict)]
    ids, emails = (
        [each for body in bodies if isinstance(each := body.get(name), str) and "\x00" not in each]
        for name in ("external_id", "email")
    )
    found = Member.objects.filter(external_id__in=ids).values_list("external_id", flat=True)
    lowered = Member.objects.annotate(small=Lower("email")).filter(small__in=[each.lower() for each in emails])
    return {str(each) for each in found} | {str(each) for each in lowered.values_list("small", flat=True)}


def _taken(row: Row, known: set[str], actor: Actor) -> Answer:
    if row.error is not None:
        return refusal(row.error)
    try:
        fields = _fields(row.body)
        # Known by its external id; one without is known by its address.
        own = fields.get("external_id") or fields.get("email", "").lower()
        if own and own in known:
            return Answer(200, {})
        with transaction.atomic():
            member_create(actor=actor, **fields)
        known |= {own}
        return Answer(201, {"status": "created"})
    except ExternalIdTaken:
        return Answer(200, {})
    except DomainError as error:
        return refusal(error)


def _fields(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or not all(isinstance(value, str) for value in body.values()):
        raise InvalidInput(_("A member is an object of texts."))
    unknown = sorted(set(body) - set(NAMES))
    if unknown:
        raise InvalidInput(_("A member has no “%(name)s”.") % {"name": unknown[0][:60]}, field=unknown[0][:60])
    return dict(body)
