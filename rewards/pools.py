"""Filling a pool with codes: each once, sealed at rest, and a report of what was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from psycopg import errors as pg

from core.actor import Actor
from core.audit import audit_record
from core.secrets import keyed_hashes, seal
from rewards.models import CodePool, PoolCode

CHUNK = 5_000
MAX_CODE_LENGTH = 200
ATTEMPTS = 3


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
        added, duplicates = _add_despite_twins(pool, list(_clean(chunk, report)))
        report.added += added
        for line in duplicates:
            report.reject(line, "duplicate")
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


def _add_despite_twins(pool: CodePool, lines: list[tuple[int, str]]) -> tuple[int, list[int]]:
    """_add_chunk, again when an import into another pool won one of the codes after they were looked up.

    The database's word counts: what the twin committed is a duplicate the next time. Taken up to ATTEMPTS times.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _add_chunk(pool, lines)
        except (IntegrityError, OperationalError) as error:
            if attempt == ATTEMPTS or not isinstance(error.__cause__, pg.UniqueViolation | pg.DeadlockDetected):
                raise
    raise AssertionError("unreachable")


def _add_chunk(pool: CodePool, lines: list[tuple[int, str]]) -> tuple[int, list[int]]:
    """Under the pool's lock: number what is new, seal it, insert it, raise the pool's size.

    Returns how many were added, and the numbers of the lines that the brand has already.
    """
    row = CodePool.objects.select_for_update(no_key=True).get(pk=pool.pk)
    hashed: dict[bytes, tuple[int, str, list[bytes]]] = {}
    duplicates: list[int] = []
    for line, code in lines:
        lookups = keyed_hashes(code, purpose="pool_code")
        if lookups[0] in hashed:
            duplicates.append(line)
        else:
            hashed[lookups[0]] = (line, code, lookups)
    known = _known([lookup for _line, _code, lookups in hashed.values() for lookup in lookups])
    fresh: list[PoolCode] = []
    for current, (line, code, lookups) in hashed.items():
        if known.isdisjoint(lookups):
            ordinal = row.size + len(fresh) + 1
            fresh.append(PoolCode(pool=row, ordinal=ordinal, sealed=seal(code, purpose="pool_code"), lookup=current))
        else:
            duplicates.append(line)
    PoolCode.objects.bulk_create(fresh, batch_size=1000)
    left = row.left + len(fresh)
    warned = warned_of(left, row.low_at) if fresh else row.warned
    CodePool.objects.filter(pk=row.pk).update(size=F("size") + len(fresh), warned=min(row.warned, warned))
    pool.size = row.size + len(fresh)
    return len(fresh), duplicates


def warned_of(left: int, low_at: int) -> int:
    """Of what the team would be told at this: 0 nothing, 1 few are left, 2 none is. See CodePool.warned."""
    return 0 if left >= max(low_at, 1) else 1 if left else 2


def _known(lookups: list[bytes]) -> set[bytes]:
    """Those of the hashes that a code of the brand has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lookup FROM rewards_poolcode WHERE lookup = ANY(%s)", [lookups])
        return {bytes(lookup) for (lookup,) in cursor.fetchall()}
