"""Where an import's file lies: in the brand's own folder, read by nobody but the import, gone when it is over."""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec
from django.conf import settings
from django.utils.translation import gettext as _
from django_tenants.files.storage import TenantFileSystemStorage

from core.ids import uuid7
from loyalty.imports.refusals import FileTooLarge, UnreadableFile

FOLDER = "imports"
HEAD = 64 * 1024
PIECE = 1024 * 1024
# What files that aren't text begin with: none of them is unpacked here, so nothing can unfold into more than was sent.
PACKED = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",
)
SHEETS = (b"\xd0\xcf\x11\xe0", b"%PDF")


class Kept(msgspec.Struct, frozen=True):
    """A file as it was written. path: relative to the brand's folder."""

    path: str
    sha256: str
    size: int


def file_keep(pieces: Iterable[bytes]) -> Kept:
    """Write what comes, piece by piece, and say what it was. FileTooLarge, and UnreadableFile for an empty one.

    Whoever calls this and then doesn't use the file must file_drop() it.
    """
    limit: int = settings.IMPORT_MAX_BYTES
    name = f"{FOLDER}/{uuid7()}"
    target = Path(TenantFileSystemStorage().path(name))
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    try:
        with target.open("xb") as file:
            target.chmod(0o600)
            for piece in pieces:
                size += len(piece)
                if size > limit:
                    raise FileTooLarge(
                        _("At most %(limit)d MB are taken at once.") % {"limit": limit // 1_000_000}, field="file"
                    )
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if size == 0:
            raise UnreadableFile(_("The file is empty."), field="file")
        readable_check(target.open("rb").read(HEAD))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return Kept(name, digest.hexdigest(), size)


def file_open(path: str) -> BinaryIO:
    """The kept file. UnreadableFile when it isn't there (any more)."""
    try:
        return Path(TenantFileSystemStorage().path(path)).open("rb")
    except OSError as error:
        raise UnreadableFile(_("The file isn't there any more. Upload it again."), field="file") from error


def file_drop(path: str) -> None:
    if path:
        Path(TenantFileSystemStorage().path(path)).unlink(missing_ok=True)


def pieces_of(file: BinaryIO) -> Iterable[bytes]:
    while piece := file.read(PIECE):
        yield piece


def readable_check(head: bytes) -> None:
    """UnreadableFile for what is plainly no text in UTF-8; what it is instead is said when that can be seen."""
    if head.startswith(PACKED):
        words = _("This is a packed file (zip, gzip or an Excel workbook). Unpack it, or save it as CSV UTF-8.")
        raise UnreadableFile(words, field="file")
    if head.startswith(SHEETS):
        raise UnreadableFile(_("This is no text file. Save it as CSV UTF-8."), field="file")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableFile(_("This text is in UTF-16. Save it as UTF-8."), field="file")
    if b"\x00" in head:
        raise UnreadableFile(_("This is no text file: it holds NUL bytes."), field="file")
