"""The published versions that the engine reads, compiled once.

Two caches. Compiled programs by the document's hash: pure, immutable, the same for any brand. The programs of a schema
(which version holds from when) are kept in the process and dropped when the stamp that every context read brings along
says that something was published.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from threading import Lock

import msgspec
from django.db import connection

from core.tenancy import current_schema
from loyalty.definition.compile import compile_program
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.countback import counting_along
from loyalty.definition.read import document_shape
from loyalty.errors import ProgramUnpublished

ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
COMPILED_KEPT = 512
WIDENED_KEPT = 128


class VersionGone(LookupError):
    """The process knows of a version that isn't there: its publishing was undone, or the brand was made anew."""


class VersionRow(msgspec.Struct, frozen=True):
    """in_force_from: ALWAYS for the first version."""

    id: int
    number: int
    in_force_from: datetime
    document_hash: bytes


class ProgramState(msgspec.Struct, frozen=True):
    """A program as published: its versions by the time from which they hold, oldest first.

    withdrawn: versions that were taken back before they took effect; nothing is judged by them. counted_back: version →
    counters that it counts from before, so that events which an older version judges raise them too.
    """

    id: int
    slug: str
    name: str
    stamp: int
    versions: tuple[VersionRow, ...]
    withdrawn: tuple[VersionRow, ...]
    counted_back: tuple[tuple[VersionRow, frozenset[str]], ...]

    def row_at(self, moment: datetime) -> VersionRow:
        """The version in force then; of two with the same time, the later published."""
        found: VersionRow | None = None
        for row in self.versions:
            if row.in_force_from <= moment:
                found = row
        if found is None:
            raise ProgramUnpublished(program=self.slug)
        return found

    def judging(self, *, occurred_at: datetime, received_at: datetime) -> tuple[VersionRow, CompiledProgram]:
        """The version that judges an event. Which of its times counts is said by the version in force now."""
        now_row = self.row_at(received_at)
        compiled = self._compiled(now_row)
        if compiled.document.program.judged_by == "received_at":
            return now_row, compiled
        row = self.row_at(occurred_at)
        return row, self._compiled(row)

    def version(self, version_id: int) -> CompiledProgram:
        """The version of that id, which an event names that it was judged by."""
        return self._compiled(next(row for row in (*self.versions, *self.withdrawn) if row.id == version_id))

    def at(self, moment: datetime) -> CompiledProgram:
        return self._compiled(self.row_at(moment))

    def every(self) -> Iterator[CompiledProgram]:
        """All versions: what was given by an old one goes on by it."""
        return (self._compiled(row) for row in self.versions)

    def _compiled(self, row: VersionRow) -> CompiledProgram:
        later = tuple((each.document_hash, codes) for each, codes in self.counted_back if each.number > row.number)
        if not later:
            return compiled_of(row)
        key = (row.document_hash, later)
        with _lock:
            known = _widened.get(key)
        if known is None:
            known = compiled_of(row)
            for each, codes in self.counted_back:
                if each.number > row.number:
                    known = counting_along(known, compiled_of(each), codes)
            with _lock:
                _widened[key] = known
                while len(_widened) > WIDENED_KEPT:
                    _widened.popitem(last=False)
        return known


_lock = Lock()
_compiled: OrderedDict[bytes, CompiledProgram] = OrderedDict()
# The same with counters of later versions: by the documents and the counters.
_widened: OrderedDict[tuple[bytes, tuple[tuple[bytes, frozenset[str]], ...]], CompiledProgram] = OrderedDict()
# Which was asked for last: a batch asks for the same again and again.
_last: list[tuple[bytes, CompiledProgram] | None] = [None]
_programs: dict[str, dict[str, ProgramState]] = {}
# By schema, while programs_read_once() holds.
_asked: ContextVar[dict[str, dict[str, ProgramState]] | None] = ContextVar("programs_asked", default=None)


def compiled_of(row: VersionRow) -> CompiledProgram:
    """The compiled document of a published version. VersionGone: programs_fresh() knows better."""
    digest = row.document_hash
    if (last := _last[0]) is not None and last[0] == digest:
        return last[1]
    with _lock:
        known = _compiled.get(digest)
        if known is not None:
            _compiled.move_to_end(digest)
            _last[0] = digest, known
            return known
    with connection.cursor() as cursor:
        cursor.execute("SELECT document::text FROM loyalty_programversion WHERE id = %s", [row.id])
        found = cursor.fetchone()
    if found is None:
        raise VersionGone(row.id)
    # It was checked when it was published; here only the types are taken on.
    compiled = compile_program(document_shape(found[0]))
    with _lock:
        _compiled[row.document_hash] = compiled
        while len(_compiled) > COMPILED_KEPT:
            _compiled.popitem(last=False)
    return compiled


def programs(*, stamps: dict[int, int] | None = None) -> dict[str, ProgramState]:
    """The current brand's programs by slug. stamps: program id → stamp as just read; a difference reloads."""
    schema = current_schema()
    known = _programs.get(schema)
    if known is not None and (stamps is None or {each.id: each.stamp for each in known.values()} == stamps):
        return known
    loaded = _load()
    _programs[schema] = loaded
    return loaded


@contextmanager
def programs_read_once() -> Iterator[None]:
    """Within it programs_fresh() asks the database once: for a read of which many parts ask what holds now."""
    token = _asked.set({})
    try:
        yield
    finally:
        _asked.reset(token)


def programs_fresh() -> dict[str, ProgramState]:
    """The same, read anew: for pages and services that have no stamps at hand."""
    asked = _asked.get()
    if asked is None:
        return _fresh()
    schema = current_schema()
    if schema not in asked:
        asked[schema] = _fresh()
    return asked[schema]


def _fresh() -> dict[str, ProgramState]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, stamp FROM loyalty_program WHERE archived_at IS NULL")
        return programs(stamps=dict(cursor.fetchall()))


def _load() -> dict[str, ProgramState]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id, p.slug, p.name, p.stamp, v.id, v.number, v.in_force_from, v.document_hash, w.id IS NOT NULL"
            " FROM loyalty_program p LEFT JOIN loyalty_programversion v ON v.program_id = p.id"
            " LEFT JOIN loyalty_versionwithdrawal w ON w.version_id = v.id"
            " WHERE p.archived_at IS NULL ORDER BY p.id, v.in_force_from NULLS FIRST, v.number"
        )
        rows = cursor.fetchall()
        cursor.execute(
            "SELECT version_id, counters::text FROM loyalty_counterbackfill WHERE canceled_at IS NULL"
            " ORDER BY asked_at, id"
        )
        counted = {
            version: frozenset(msgspec.json.decode(codes, type=list[str])) for version, codes in cursor.fetchall()
        }
    states: dict[str, ProgramState] = {}
    for program_id, slug, name, stamp, version_id, number, since, digest, taken_back in rows:
        known = states.get(slug) or ProgramState(program_id, slug, name, stamp, (), (), ())
        row = (VersionRow(version_id, number, since or ALWAYS, bytes(digest)),) if version_id is not None else ()
        standing, withdrawn = ((), row) if taken_back else (row, ())
        back = tuple((each, counted[each.id]) for each in standing if each.id in counted)
        states[slug] = msgspec.structs.replace(
            known,
            versions=known.versions + standing,
            withdrawn=known.withdrawn + withdrawn,
            counted_back=known.counted_back + back,
        )
    return states
