"""A file's rows, one after another from any place in it: each whole or refused, and where the next begins."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec
from django.utils.translation import gettext as _

from core import strict_json
from core.errors import DomainError, InvalidInput
from loyalty.imports.files import HEAD
from loyalty.imports.mapping import Columns
from loyalty.imports.refusals import UnreadableFile

MAX_LINE = 1024 * 1024
MAX_ROWS_OF_ONE = 1_000  # lines of one order, as many as an order may have
DELIMITERS = ",;\t|"
BOM = codecs.BOM_UTF8


class Row(msgspec.Struct):
    """line: where it begins, from 1. end, end_line: where the next begins. id: what it calls itself, as far as told."""

    line: int
    end: int
    end_line: int
    id: str = ""
    body: Any = None
    error: DomainError | None = None


class Sheet(msgspec.Struct, frozen=True):
    """What the first line of a CSV says. offset: of the row after it."""

    delimiter: str
    titles: list[str]
    offset: int
    line: int


class Lines:
    """Lines of bytes that know where they are. One that is too long comes as what fits, the rest is skipped."""

    def __init__(self, file: BinaryIO, offset: int = 0, line: int = 0) -> None:
        file.seek(offset)
        self.file, self.offset, self.line = file, offset, line

    def next(self) -> bytes:
        """b"" at the end."""
        raw = self.file.readline(MAX_LINE + 1)
        self.offset += len(raw)
        self.line += 1 if raw else 0
        if len(raw) > MAX_LINE and not raw.endswith(b"\n"):
            while (more := self.file.readline(MAX_LINE)) and not more.endswith(b"\n"):
                self.offset += len(more)
            self.offset += len(more)
        return raw.removeprefix(BOM) if self.line == 1 else raw


def json_rows(file: BinaryIO, *, offset: int = 0, line: int = 0) -> Iterator[Row]:
    """Rows of NDJSON. Empty lines don't count."""
    lines = Lines(file, offset, line)
    while raw := lines.next():
        if not raw.strip():
            continue
        row = Row(lines.line, lines.offset, lines.line)
        try:
            if len(raw) > MAX_LINE:
                raise _too_long()
            row.body = strict_json.read(raw)
            own = row.body.get("id", row.body.get("external_id", "")) if isinstance(row.body, dict) else ""
            row.id = own[:200] if isinstance(own, str) else ""
        except DomainError as error:
            row.error = error
        yield row


def _too_long() -> DomainError:
    return InvalidInput(_("The line is longer than %(n)d bytes.") % {"n": MAX_LINE})


def sheet_read(file: BinaryIO, delimiter: str | None = None) -> Sheet:
    """The first line of a CSV that isn't empty: its columns. UnreadableFile when there are none or two of one name."""
    file.seek(0)
    found = delimiter or _delimiter(file.read(HEAD).removeprefix(BOM))
    records = _Records(file, 0, 0, found)
    for cells, error, _line in records:
        if error is not None:
            raise UnreadableFile(str(error.detail), field="file", line=1)
        if not any(cell.strip() for cell in cells):
            continue
        titles = [cell.strip() for cell in cells]
        twice = sorted({title for title in titles if title and titles.count(title) > 1})
        if twice:
            words = _("Two columns are called “%(title)s”.") % {"title": twice[0][:80]}
            raise UnreadableFile(words, field="file", line=records.lines.line)
        if max(map(len, titles)) > 200 or len(titles) > 500:
            raise UnreadableFile(_("The first line holds no names of columns."), field="file", line=1)
        return Sheet(found, titles, records.lines.offset, records.lines.line)
    raise UnreadableFile(_("The file is empty."), field="file")


def _delimiter(head: bytes) -> str:
    """What parts the cells of the first line: whichever of the usual marks it has most of, outside of quotes."""
    first = head.lstrip(b"\r\n").split(b"\n", 1)[0].decode("utf-8", "replace")
    bare = "".join(first.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


class _Records:
    """The records of a CSV as (cells, what is wrong with it, the line where it begins)."""

    def __init__(self, file: BinaryIO, offset: int, line: int, delimiter: str) -> None:
        self.lines = Lines(file, offset, line)
        self._reader = csv.reader(self._texts(), delimiter=delimiter, strict=True)

    def _texts(self) -> Iterator[str]:
        while raw := self.lines.next():
            yield raw.decode("utf-8", "surrogateescape")

    def __iter__(self) -> Iterator[tuple[list[str], DomainError | None, int]]:
        while True:
            begun = self.lines.line + 1
            error: DomainError | None = None
            cells: list[str] = []
            try:
                cells = next(self._reader)
                if any(not cell.isascii() and _broken(cell) for cell in cells):
                    error = InvalidInput(_("This is not UTF-8. Save the file as CSV UTF-8."))
            except StopIteration:
                return
            except csv.Error as wrong:
                error = _unquoted(wrong, self.lines.line - begun)
            yield cells, error, begun


def _broken(cell: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in cell)


def _unquoted(wrong: csv.Error, further: int) -> DomainError:
    if "field limit" in str(wrong) and not further:
        return InvalidInput(_("A cell is too long."))
    if "new-line" in str(wrong):
        words = _("The lines end in an old way (CR only). Save the file as CSV UTF-8.")
    else:
        words = _("Quotes don't match: a cell is opened and not closed, or text follows after its closing quote.")
    return UnreadableFile(words)


def csv_rows(file: BinaryIO, columns: Columns, *, delimiter: str, offset: int, line: int) -> Iterator[Row]:
    """Rows of a CSV as the objects they stand for. Rows that follow each other under one id are lines of one order."""
    group: list[list[str]] = []
    held: Row | None = None
    records = _Records(file, offset, line, delimiter)
    end, end_line = offset, line
    for cells, error, begun in records:
        if error is None and not any(cell.strip() for cell in cells):
            end, end_line = records.lines.offset, records.lines.line
            continue
        own = columns.id_of(cells)
        if held is not None and (error is not None or not own or own != held.id or not columns.has_lines):
            yield _grouped(held, group, columns, end, end_line)
            held = None
        if held is None:
            held, group = Row(begun, 0, 0, id=own[:200], error=error), []
        group.append(cells)
        end, end_line = records.lines.offset, records.lines.line
        if len(group) > MAX_ROWS_OF_ONE:
            held.error, group = InvalidInput(_("An order has at most 1,000 lines."), field="id"), group[:1]
    if held is not None:
        yield _grouped(held, group, columns, end, end_line)


def _grouped(row: Row, group: list[list[str]], columns: Columns, end: int, end_line: int) -> Row:
    row.end, row.end_line = end, end_line
    if row.error is None:
        try:
            row.body = columns.body(group)
        except DomainError as error:
            row.error = error
    return row


def csv_cells(file: BinaryIO, sheet: Sheet, most: int) -> list[list[str]]:
    """The first rows below the titles as they stand there, for a person to look at."""
    records = _Records(file, sheet.offset, sheet.line, sheet.delimiter)
    return [cells for (cells, error, _line), _n in zip(records, range(most), strict=False) if error is None]
