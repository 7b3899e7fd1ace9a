"""A file of codes as it waits for its import: never in the clear, piece by piece sealed for the brand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import InvalidInput
from core.secrets import seal, unseal
from loyalty.imports.files import HEAD, Kept, file_keep, file_open, readable_check
from loyalty.imports.refusals import UnreadableFile
from rewards.pools import CHUNK, MAX_CODE_LENGTH

PURPOSE = "pool_upload"
MOST_CODES = 1_000_000


class TooManyCodes(InvalidInput):
    code = "code_file_too_long"
    title = gettext_lazy("At most a million codes at once.")
    hint = gettext_lazy("Split the file: what is in already is left out.")


class Piece(msgspec.Struct, frozen=True):
    """Lines of the file one after another. end: where in the kept file the next piece begins."""

    codes: list[str]
    end: int


class _Counted:
    def __init__(self, codes: Iterable[str]) -> None:
        self.codes, self.lines = iter(codes), 0

    def sealed(self) -> Iterator[bytes]:
        while piece := list(islice(self.codes, CHUNK)):
            self.lines += len(piece)
            if self.lines > MOST_CODES:
                raise TooManyCodes(field="file")
            # A line that is too long is only told of: one character more than may be says as much as all of it.
            short = [code[: MAX_CODE_LENGTH + 1] for code in piece]
            yield seal(msgspec.json.encode(short).decode(), purpose=PURPOSE).encode() + b"\n"


def codes_keep(codes: Iterable[str]) -> tuple[Kept, int]:
    """Write the codes down sealed: the kept file and how many lines it has. UnreadableFile, TooManyCodes.

    Whoever calls this and then doesn't use the file drops it.
    """
    counted = _Counted(codes)
    return file_keep(counted.sealed()), counted.lines


def pieces_read(path: str, offset: int) -> Iterator[Piece]:
    """What is still to do of a kept file. UnreadableFile when it isn't there any more, or can't be opened."""
    with file_open(path) as file:
        file.seek(offset)
        while raw := file.readline():
            offset += len(raw)
            try:
                codes = msgspec.json.decode(unseal(raw.decode().rstrip("\n"), purpose=PURPOSE), type=list[str])
            except (ValueError, msgspec.DecodeError) as error:
                raise UnreadableFile(
                    _("What was kept of the file can’t be opened any more. Upload it again."), field="file"
                ) from error
            yield Piece(codes, offset)


def codes_of(lines: Iterable[bytes]) -> Iterator[str]:
    """The codes of a file as they are read: of a CSV the first column. UnreadableFile for what isn't text in UTF-8."""
    for number, raw in enumerate(lines, start=1):
        if number == 1:
            readable_check(raw[:HEAD])
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            words = _("Line %(line)d is not UTF-8. Save the file as CSV UTF-8.")
            raise UnreadableFile(words % {"line": number}, field="file", line=number) from error
        first = text.rstrip("\r\n").partition(";")[0].partition(",")[0].partition("\t")[0]
        yield first.strip().strip('"')
