"""Filling a pool with codes: each once, sealed at rest, and a report of what was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec
from django.db import connection, transaction
from django.db.models import F

from core.actor import Actor
from core.audit import audit_record
from core.secrets import keyed_hash, seal
from rewards.models import CodePool, PoolCode

CHUNK = 5_000
MAX_CODE_LENGTH = 200


class Rejected(msgspec.Struct, frozen=True):
    """line: counted from 1. reason: `duplicate`, `empty`, `too_long`, `not_printable`. Never the code itself."""

    line: int
    reason: str


class ImportReport(msgspec.Struct):
    """What an import did. rejected: the first thousand lines that were left out, with the reason."""

    added: int = 0
    duplicates: int = 0
    invalid: int = 0
    rejected: list[Rejected] = []

    def reject(self, line: int, reason: str) -> None:
        if reason == "duplicate":
            self.duplicates += 1
        else:
            self.invalid += 1
        if len(self.rejected) < 1000:
            self.rejected.append(Rejected(line, reason))


def pool_import(*, pool: CodePool, codes: Iterable[str], actor: Actor) -> ImportReport:
    """Add codes to the pool's end, in order. A code that any pool of the brand has is left out and counted.

    Each chunk commits by itself: an import that was cut off is simply repeated; what is in is a duplicate then.
    """
    report = ImportReport()
    numbered = enumerate(codes, start=1)
    while chunk := list(islice(numbered, CHUNK)):
        with transaction.atomic():
            _add_chunk(pool, list(_clean(chunk, report)), report)
    audit_record(
        actor=actor.name,
        action="pool.import",
        object_type="codepool",
        object_id=pool.pk,
        changes={"added": report.added, "duplicates": report.duplicates, "invalid": report.invalid},
    )
    return report


def _clean(chunk: list[tuple[int, str]], report: ImportReport) -> Iterator[tuple[int, str]]:
    """Lines that hold a usable code, stripped."""
    for line, raw in chunk:
        code = raw.strip().lstrip("\ufeff")
        if not code:
            report.reject(line, "empty")
        elif len(code) > MAX_CODE_LENGTH:
            report.reject(line, "too_long")
        elif not code.isprintable():
            report.reject(line, "not_printable")
        else:
            yield line, code


def _add_chunk(pool: CodePool, lines: list[tuple[int, str]], report: ImportReport) -> None:
    """Under the pool's lock: number what is new, seal it, insert it, raise the pool's size."""
    row = CodePool.objects.select_for_update(no_key=True).get(pk=pool.pk)
    hashed: dict[bytes, tuple[int, str]] = {}
    for line, code in lines:
        lookup = keyed_hash(code, purpose="pool_code")
        if lookup in hashed:
            report.reject(line, "duplicate")
        else:
            hashed[lookup] = (line, code)
    with connection.cursor() as cursor:
        cursor.execute("SELECT lookup FROM rewards_poolcode WHERE lookup = ANY(%s)", [list(hashed)])
        for (known,) in cursor.fetchall():
            report.reject(hashed.pop(bytes(known))[0], "duplicate")
    fresh = [
        PoolCode(pool=row, ordinal=row.size + number, sealed=seal(code, purpose="pool_code"), lookup=lookup)
        for number, (lookup, (_line, code)) in enumerate(hashed.items(), start=1)
    ]
    # A twin import into another pool may have won a code since the look-up: the database's word counts.
    PoolCode.objects.bulk_create(fresh, batch_size=1000)
    CodePool.objects.filter(pk=row.pk).update(size=F("size") + len(fresh))
    pool.size = row.size + len(fresh)
    report.added += len(fresh)
