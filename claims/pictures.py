"""Files that members send: looked into, never believed.

A picture is decoded and written anew as JPEG, turned upright, at most MAX_SIDE pixels long. So nothing rides along in
it: what the camera wrote beside the picture (where it was taken, by which device) is gone, and the page that asks for
it says so. A PDF is kept as it came; it is only ever given out as a download.
"""

from __future__ import annotations

import hashlib
from io import BytesIO

import msgspec
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from claims.errors import FileRefused

MAX_FILE = 10 * 1024 * 1024
MAX_PIXELS = 60_000_000
MAX_SIDE = 2_400
QUALITY = 84
JPEG, PDF = "image/jpeg", "application/pdf"
# How many of the 64 bits may differ for two pictures to be nearly the same.
NEAR = 5
# With fewer bits set, or unset, the picture is one even plane: all such look alike.
_PLAIN = 6
# The check is ours, by MAX_PIXELS, before anything is decoded; Pillow's own only warns.
Image.MAX_IMAGE_PIXELS = None


class Upload(msgspec.Struct, frozen=True):
    """A file that was looked into. digest: SHA-256 of what was sent, content: what is kept of it."""

    kind: str
    media_type: str
    content: bytes
    digest: str
    width: int | None = None
    height: int | None = None
    picture_hash: int | None = None


def upload_read(raw: bytes, *, kind: str) -> Upload:
    """kind: photo takes pictures, receipt pictures and PDF. FileRefused, with the kind as field."""
    if len(raw) > MAX_FILE:
        raise FileRefused(_("The file is larger than %(n)d MB.") % {"n": MAX_FILE // 1024**2}, field=kind)
    digest = hashlib.sha256(raw).hexdigest()
    if raw.startswith(b"%PDF-") and kind == "receipt":
        if b"%%EOF" not in raw[-2048:]:
            raise FileRefused(_("The PDF is not complete."), field=kind)
        return Upload(kind, PDF, raw, digest)
    picture = _decoded(raw, kind)
    made = BytesIO()
    picture.save(made, "JPEG", quality=QUALITY, optimize=True)
    return Upload(kind, JPEG, made.getvalue(), digest, picture.width, picture.height, picture_hash(picture))


def _decoded(raw: bytes, kind: str) -> Image.Image:
    """The picture, upright, on white, without anything beside it."""
    name = _format(raw)
    if name is None:
        taken = _("JPEG, PNG, WebP or PDF") if kind == "receipt" else _("JPEG, PNG or WebP")
        raise FileRefused(_("Send a file of these kinds: %(kinds)s.") % {"kinds": taken}, field=kind)
    try:
        with Image.open(BytesIO(raw), formats=[name]) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise FileRefused(_("The picture has too many pixels."), field=kind)
            opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(_("The picture can't be read; it may be broken."), field=kind) from error
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    plain = Image.new("RGB", upright.size, "white")
    plain.paste(upright, mask=upright.getchannel("A"))
    return plain


def _format(raw: bytes) -> str | None:
    """By its first bytes; what it is called or said to be counts for nothing."""
    if raw.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "WEBP"
    return None


def picture_hash(picture: Image.Image) -> int | None:
    """64 bits, signed, of which only a few differ after the picture was scaled or saved anew; None for a plain one.

    Each bit says whether a cell of a 9 × 8 grid is brighter than its neighbour.
    """
    cells = picture.convert("L").resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            at = row * 9 + column
            bits = bits << 1 | (cells[at] > cells[at + 1])
    if not _PLAIN <= bits.bit_count() <= 64 - _PLAIN:
        return None
    return bits - (1 << 64) if bits >= 1 << 63 else bits
