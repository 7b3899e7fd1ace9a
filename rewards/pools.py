"""Filling a pool with codes: each once, sealed at rest, and a report of what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from psycopg import errors as pg

from core.actor import Actor
from core.audit import audit_record
from core.secrets import keyed_hashes, seal
from rewards.models import CodePool, PoolCode

CHUNK = 2_000
MAX_CODE_LENGTH = 200
ATTEMPTS = 3
# What stands above a column of codes: the first line is no code when it is one of these.
TITLES = frozenset({"code", "codes", "voucher", "vouchers", "voucher code", "vouchercode", "voucher_code", "coupon",
                    "coupon code", "couponcode", "coupon_code", "kortingscode", "kortingscodes"})  # fmt: skip


class Rejected(msgspec.Struct, frozen=True):
    """line: counted from 1. reason: `duplicate`, `empty`, `too_long`, `not_printable`, `title`. Never the code."""

    line: int
    reason: str


class ImportReport(msgspec.Struct):
    """What was done with lines. rejected: those that were left out, with the reason."""

    added: int = 0
    duplicates: int = 0
    invalid: int = 0
    rejected: list[Rejected] = []

    def reject(self, line: int, reason: str) -> None:
        if reason == "duplicate":
            self.duplicates += 1
        else:
            self.invalid += 1
        self.rejected.append(Rejected(line, reason))

    def follow(self, other: ImportReport) -> None:
        """Add what was done with the next lines. Of those that were left out the first thousand are kept."""
        self.added += other.added
        self.duplicates += other.duplicates
        self.invalid += other.invalid
        self.rejected += other.rejected[: max(0, 1000 - len(self.rejected))]


def pool_import(*, pool: CodePool, codes: Iterable[str], actor: Actor) -> ImportReport:
    """Add codes to the pool's end, in order. A code that any pool of the brand has is left out and counted.

    Each chunk commits by itself: an import that was cut off is simply repeated; what is in is a duplicate then. For
    what takes longer than somebody waits see rewards/poolimports.py.
    """
    report = ImportReport()
    numbered = enumerate(codes, start=1)
    while chunk := list(islice(numbered, CHUNK)):
        report.follow(lines_add(pool=pool, lines=chunk))
    audit_record(
        actor=actor.name,
        action="pool.import",
        object_type="codepool",
        object_id=pool.pk,
        changes={"added": report.added, "duplicates": report.duplicates, "invalid": report.invalid},
    )
    return report


def lines_add(
    *,
    pool: CodePool,
    lines: list[tuple[int, str]],
    begin: Callable[[], object] = lambda: None,
    end: Callable[[ImportReport], object] = lambda report: None,
) -> ImportReport:
    """A few thousand lines in one transaction. begin, end: called in it, before the pool's lock and after all is added.

    Again when an import into another pool won one of the codes after they were looked up: the database's word counts,
    what the twin committed is a duplicate the next time. Taken up to ATTEMPTS times.
    """
    unusable = ImportReport()
    usable = list(_clean(lines, unusable))
    for attempt in range(1, ATTEMPTS + 1):
        report = ImportReport()
        report.invalid, report.rejected = unusable.invalid, list(unusable.rejected)
        try:
            with transaction.atomic():
                begin()
                _add_chunk(pool, usable, report)
                end(report)
        except (IntegrityError, OperationalError) as error:
            if attempt == ATTEMPTS or not isinstance(error.__cause__, pg.UniqueViolation | pg.DeadlockDetected):
                raise
        else:
            return report
    raise AssertionError("unreachable")


def _clean(lines: list[tuple[int, str]], report: ImportReport) -> Iterator[tuple[int, str]]:
    """Lines that hold a usable code, stripped."""
    for line, raw in lines:
        code = raw.strip().lstrip("\ufeff")
        if not code:
            report.reject(line, "empty")
        elif len(code) > MAX_CODE_LENGTH:
            report.reject(line, "too_long")
        elif not code.isprintable():
            report.reject(line, "not_printable")
        elif line == 1 and code.casefold() in TITLES:
            report.reject(line, "title")
        else:
            yield line, code


def _add_chunk(pool: CodePool, lines: list[tuple[int, str]], report: ImportReport) -> None:
    """Seal what the brand doesn't have yet; then, under the pool's lock, number it, insert it, raise the pool's size.

    Members who take a code wait for that lock, so what takes long is done before.
    """
    hashed: dict[bytes, tuple[int, str, list[bytes]]] = {}
    for line, code in lines:
        lookups = keyed_hashes(code, purpose="pool_code")
        if lookups[0] in hashed:
            report.reject(line, "duplicate")
        else:
            hashed[lookups[0]] = (line, code, lookups)
    known = _known([lookup for _line, _code, lookups in hashed.values() for lookup in lookups])
    fresh: list[PoolCode] = []
    for current, (line, code, lookups) in hashed.items():
        if known.isdisjoint(lookups):
            fresh.append(PoolCode(pool_id=pool.pk, sealed=seal(code, purpose="pool_code"), lookup=current))
        else:
            report.reject(line, "duplicate")
    row = CodePool.objects.select_for_update(no_key=True).get(pk=pool.pk)
    for ordinal, each in enumerate(fresh, start=row.size + 1):
        each.ordinal = ordinal
    PoolCode.objects.bulk_create(fresh, batch_size=1000)
    left = row.left + len(fresh)
    warned = warned_of(left, row.low_at) if fresh else row.warned
    CodePool.objects.filter(pk=row.pk).update(size=F("size") + len(fresh), warned=min(row.warned, warned))
    pool.size = row.size + len(fresh)
    report.added = len(fresh)


def warned_of(left: int, low_at: int) -> int:
    """Of what the team would be told at this: 0 nothing, 1 few are left, 2 none is. See CodePool.warned."""
    return 0 if left >= max(low_at, 1) else 1 if left else 2


def _known(lookups: list[bytes]) -> set[bytes]:
    """Those of the hashes that a code of the brand has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lookup FROM rewards_poolcode WHERE lookup = ANY(%s)", [lookups])
        return {bytes(lookup) for (lookup,) in cursor.fetchall()}
