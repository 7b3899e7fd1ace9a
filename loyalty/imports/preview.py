"""The first rows of a file as they would be booked: the same code, in a transaction that is taken back."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy

from loyalty.imports.files import file_open
from loyalty.imports.members import members_take
from loyalty.imports.runner import events_take, rows_of
from loyalty.ingest import Answer
from loyalty.models import ImportJob

ROWS = 20
OUTCOMES = {
    "processed": gettext_lazy("booked"),
    "guest": gettext_lazy("guests' orders"),
    "unmatched": gettext_lazy("match no order"),
    "created": gettext_lazy("members made"),
    "repeated": gettext_lazy("were in already"),
    "refused": gettext_lazy("refused"),
}


class Seen(msgspec.Struct, frozen=True):
    """A row and what it would come to. points: `+12 points`. reason: why it would be refused."""

    line: int
    id: str
    outcome: str
    points: str = ""
    field: str = ""
    reason: str = ""

    @property
    def outcome_shown(self) -> str:
        return str(OUTCOMES.get(self.outcome, self.outcome))


def import_preview(job: ImportJob) -> list[Seen]:
    """What the first rows that are still to do would come to. Writes nothing. UnreadableFile, Busy."""
    with file_open(job.path) as file:
        rows = list(islice(rows_of(job, file), ROWS))
    with transaction.atomic():
        if job.kind == ImportJob.Kind.MEMBERS:
            answers = members_take(job, rows)
        else:
            answers = events_take(job, rows, booked=None)
        transaction.set_rollback(True)
    return [_seen(row.line, row.id, answer) for row, answer in zip(rows, answers, strict=True)]


def _seen(line: int, own: str, answer: Answer) -> Seen:
    if answer.error is not None:
        return Seen(line, own, "refused", field=answer.error.field or "", reason=str(answer.error.detail))
    if answer.status == 200:
        return Seen(line, own, "repeated")
    return Seen(line, own, str(answer.body["status"]), points=_points(answer.body))


def _points(body: dict[str, Any]) -> str:
    given = [f"+{each['points']} {each['currency']}" for each in body.get("awards", ())]
    return ", ".join([*given, *(f"−{abs(each['points'])} {each['currency']}" for each in body.get("reversed", ()))])
