"""Bringing in a file: the same way as the API's bulk, in chunks, so memory stays flat and a repetition is safe."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO, Any

import msgspec
from django.db import transaction

from core import strict_json
from core.actor import Actor
from core.errors import DomainError
from core.outbox import woken_once
from loyalty.ingest import Answer, event_ingest_raw
from loyalty.judging import refusal
from members.errors import ExternalIdTaken
from members.models import Member
from members.services import member_create

CHUNK, MEMBERS_AT_ONCE = 1_000, 250
Progress = Callable[["ImportReport"], None]


class ImportReport(msgspec.Struct):
    """What it came to. counts: by outcome (processed, guest, unmatched, repeated, refused). Points by currency."""

    rows: int = 0
    counts: dict[str, int] = {}
    issued: dict[str, int] = {}
    reversed: dict[str, int] = {}
    reasons: dict[str, int] = {}

    def add(self, answer: Answer) -> None:
        self.rows += 1
        outcome = {200: "repeated", 201: str(answer.body.get("status"))}.get(answer.status, "refused")
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        if answer.status == 201:
            for name, into in (("awards", self.issued), ("reversed", self.reversed)):
                for each in answer.body[name]:
                    into[each["currency"]] = into.get(each["currency"], 0) + each["points"]
        elif answer.error is not None:
            self.reasons[answer.error.code] = self.reasons.get(answer.error.code, 0) + 1


def lines_of(source: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """(line number from 1, line) of what isn't empty."""
    for number, line in enumerate(source, start=1):
        if line.strip():
            yield number, line


def events_import(
    source: Iterable[bytes], *, actor: Actor, rejected: IO[str] | None = None, progress: Progress = lambda report: None
) -> ImportReport:
    """Ingest newline-delimited JSON events. rejected: a CSV of the rows that were refused, with line, code and reason.

    Each chunk commits by itself: a run that was cut off is repeated, and what is in is answered as a repetition.
    """
    report = ImportReport()
    writer = csv.writer(rejected) if rejected is not None else None
    if writer is not None:
        writer.writerow(["line", "id", "code", "field", "reason"])
    numbered = lines_of(source)
    while chunk := list(islice(numbered, CHUNK)):
        with woken_once():
            answered = list(_ingest(chunk, actor))
        for (number, _line), row, answer in answered:
            report.add(answer)
            if answer.error is not None and writer is not None:
                told = row.get("id", "") if isinstance(row, dict) else ""
                error = answer.error
                writer.writerow([number, _plain(told), error.code, error.field or "", _plain(error.detail)])
        progress(report)
    return report


def _ingest(chunk: list[tuple[int, bytes]], actor: Actor) -> Iterator[tuple[tuple[int, bytes], Any, Answer]]:
    """Read a chunk's lines strictly, ingest what can be read, answer in order."""
    rows: list[Any] = []
    refused: dict[int, Answer] = {}
    for position, (_number, line) in enumerate(chunk):
        try:
            rows.append(strict_json.read(line))
        except DomainError as error:
            rows.append(None)
            refused[position] = refusal(error)
    good = [position for position in range(len(chunk)) if position not in refused]
    answered = dict(zip(good, event_ingest_raw([rows[at] for at in good], actor=actor), strict=True))
    for position, numbered in enumerate(chunk):
        yield numbered, rows[position], refused.get(position) or answered[position]


def _plain(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)[:300]
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def members_import(
    source: Iterable[bytes], *, actor: Actor, progress: Callable[[Counter[str]], None] = lambda counts: None
) -> Counter[str]:
    """Create members from newline-delimited JSON objects with external_id, and name, email, language as told.

    Returns counts: created, known (the external id is there already), refused:<code>.
    """
    counts: Counter[str] = Counter()
    known = set(Member.objects.exclude(external_id=None).values_list("external_id", flat=True).iterator())
    numbered = lines_of(source)
    while chunk := list(islice(numbered, MEMBERS_AT_ONCE)):
        with woken_once(), transaction.atomic():
            for _number, line in chunk:
                counts[_member_import(line, known, actor)] += 1
        progress(counts)
    return counts


def _member_import(line: bytes, known: set[str | None], actor: Actor) -> str:
    """One member; what became of the line."""
    try:
        fields = _member_fields(strict_json.read(line))
        if fields.get("external_id") in known:
            return "known"
        with transaction.atomic():
            member_create(actor=actor, **fields)
        return "created"
    except ExternalIdTaken:
        return "known"
    except DomainError as error:
        return f"refused:{error.code}"


def _member_fields(row: Any) -> dict[str, Any]:
    names = ("external_id", "email", "name", "phone", "language")
    if not isinstance(row, dict) or not all(isinstance(row.get(name, ""), str) for name in names):
        raise DomainError("A member is an object of texts.", code="invalid_input", status=422)
    return {name: row[name] for name in names if name in row}
