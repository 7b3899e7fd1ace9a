"""Pictures of the catalogue and files for members: looked into when they come in, known by their content."""

from __future__ import annotations

import hashlib
from io import BytesIO

from django.db import transaction
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from rewards.models import RewardFile

MAX_FILE = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 1_200
JPEG, PDF, EPUB, ZIP, MP3 = "image/jpeg", "application/pdf", "application/epub+zip", "application/zip", "audio/mpeg"
_STARTS = ((b"%PDF-", PDF), (b"PK\x03\x04", ZIP), (b"ID3", MP3))
_PICTURES = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"RIFF", "WEBP"))


class FileRefused(InvalidInput):
    code = "reward_file_refused"
    title = _("This file can't be used.")


def file_add(*, name: str, raw: bytes, actor: Actor) -> RewardFile:
    """Keep a picture (made anew, without anything beside it) or a file; the same content is kept once. FileRefused."""
    if not raw:
        raise FileRefused(_t("The file is empty."), field="file")
    if len(raw) > MAX_FILE:
        raise FileRefused(_t("The file is larger than %(n)d MB.") % {"n": MAX_FILE // 1024**2}, field="file")
    media_type, content = _looked_into(raw)
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        row, made = RewardFile.objects.get_or_create(
            digest=digest,
            defaults={
                "name": name.strip()[:120] or digest[:12],
                "media_type": media_type,
                "content": content,
                "size": len(content),
                "uploaded_at": clock.now(),
            },
        )
        if made:
            audit_record(
                actor=actor.name,
                action="reward_file.add",
                object_type="rewardfile",
                object_id=row.pk,
                changes={"sha256": digest},
            )
    return row


def _looked_into(raw: bytes) -> tuple[str, bytes]:
    """By its first bytes: what it is called or said to be counts for nothing."""
    for start, format_name in _PICTURES:
        if raw.startswith(start):
            return JPEG, _picture(raw, format_name)
    for start, media_type in _STARTS:
        if raw.startswith(start):
            epub = media_type == ZIP and b"mimetypeapplication/epub+zip" in raw[:80]
            return (EPUB if epub else media_type), raw
    raise FileRefused(_t("Use a picture (JPEG, PNG, WebP), or a PDF, EPUB, ZIP or MP3."), field="file")


def _picture(raw: bytes, format_name: str) -> bytes:
    try:
        with Image.open(BytesIO(raw), formats=[format_name]) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise FileRefused(_t("The picture has too many pixels."), field="file")
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(_t("The picture can't be read; it may be broken."), field="file") from error
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    plain = Image.new("RGB", upright.size, "white")
    plain.paste(upright, mask=upright.getchannel("A"))
    made = BytesIO()
    plain.save(made, "JPEG", quality=84, optimize=True)
    return made.getvalue()
