"""Reading a file to its end before anything of it is booked, so that one that can't be read changes nothing."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import BinaryIO

import msgspec
from django.utils.translation import gettext as _

from loyalty.imports.files import PIECE, file_open
from loyalty.imports.mapping import Columns, Mapping
from loyalty.imports.refusals import UnreadableFile
from loyalty.imports.rows import BOM, csv_rows, sheet_read
from loyalty.models import ImportJob

EVERY = 20_000
Alive = Callable[[int], None]


def file_check(job: ImportJob, alive: Alive) -> int:
    """How many rows the file has. UnreadableFile with the line, for what isn't text to the end or whose quotes don't
    match. alive is called now and then with the rows counted so far.
    """
    with file_open(job.path) as file:
        if job.format == ImportJob.Format.NDJSON:
            return _json_count(file, alive)
        return _csv_count(file, job, alive)


def _json_count(file: BinaryIO, alive: Alive) -> int:
    decoder = codecs.getincrementaldecoder("utf-8")()
    rows = 0
    for line, raw in enumerate(file, start=1):
        try:
            decoder.decode(raw, False)
        except UnicodeDecodeError as error:
            raise UnreadableFile(_("Line %(line)d is not UTF-8.") % {"line": line}, field="file", line=line) from error
        if raw.strip():
            rows += 1
            if rows == 1:
                _first_check(raw.removeprefix(BOM).lstrip())
            if rows % EVERY == 0:
                alive(rows)
    if rows == 0:
        raise UnreadableFile(_("The file has no rows."), field="file")
    return rows


def _first_check(raw: bytes) -> None:
    if raw.startswith(b"["):
        raise UnreadableFile(_("This is a list in JSON. Put one object on each line, without commas."), field="file")
    if not raw.startswith(b"{"):
        raise UnreadableFile(_("The first line is no JSON object. Is this a CSV?"), field="file", line=1)


def _csv_count(file: BinaryIO, job: ImportJob, alive: Alive) -> int:
    mapping = msgspec.convert(job.mapping, Mapping)
    sheet = sheet_read(file, mapping.delimiter)
    columns = Columns(mapping, sheet.titles, job.kind)
    _utf8_check(file)
    rows = 0
    for row in csv_rows(file, columns, delimiter=sheet.delimiter, offset=sheet.offset, line=sheet.line):
        rows += 1
        if isinstance(row.error, UnreadableFile):
            words = _("Line %(line)d: %(problem)s") % {"line": row.line, "problem": row.error.detail}
            raise UnreadableFile(words, field="file", line=row.line)
        if rows % EVERY == 0:
            alive(rows)
    if rows == 0:
        raise UnreadableFile(_("The file has no rows below its titles."), field="file")
    return rows


def _utf8_check(file: BinaryIO) -> None:
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 0
    while piece := file.read(PIECE):
        try:
            decoder.decode(piece, False)
        except UnicodeDecodeError as error:
            line = lines + piece[: max(0, error.start)].count(b"\n") + 1
            words = _("Line %(line)d is not UTF-8. Save the file as CSV UTF-8.")
            raise UnreadableFile(words % {"line": line}, field="file", line=line) from error
        lines += piece.count(b"\n")
    if decoder.getstate()[0]:
        raise UnreadableFile(_("The file ends in the middle of a character."), field="file")
