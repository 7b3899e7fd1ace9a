"""The mail catcher of the demo: mails become files in a folder per brand, and /mailbox/ shows those of its own host."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from email.message import EmailMessage as Parsed
from email.parser import BytesParser
from email.policy import default as modern
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from core.tenancy import current_schema

SHOWN = 200
NAME = re.compile(r"\A[0-9]{13}-[0-9a-f]{16}\Z")
STYLE = re.compile(r'\sstyle="([^"<>]*)"')


class MailboxBackend(BaseEmailBackend):
    """Writes <MAILBOX_DIR>/<schema>/<milliseconds>-<hash of the Message-ID>.eml; the same Message-ID is kept once."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            mail_keep(message.message().as_bytes())
        return len(email_messages)


class Caught(NamedTuple):
    """One mail as it is listed and shown. name: its file's, without suffix."""

    name: str
    to: str
    sender: str
    subject: str
    at: float
    text: str
    html: str
    message_id: str


def mail_keep(raw: bytes) -> Path:
    """Write one mail of the current schema. A repeat of a Message-ID changes nothing."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    identity = BytesParser(policy=modern).parsebytes(raw, headersonly=True)["Message-ID"] or raw.hex()
    digest = hashlib.sha256(str(identity).encode()).hexdigest()[:16]
    for kept in folder.glob(f"*-{digest}.eml"):
        return kept
    target = folder / f"{time.time_ns() // 1_000_000:013d}-{digest}.eml"
    unfinished = target.with_suffix(".part")
    unfinished.write_bytes(raw)
    unfinished.replace(target)
    return target


def mails() -> list[Caught]:
    """The current schema's mails, newest first."""
    return list(_read(sorted(_folder().glob("*.eml"), reverse=True)[:SHOWN]))


def mail_named(name: str) -> Caught | None:
    """One mail of the current schema. The name is checked: it comes from an address bar."""
    if not NAME.match(name):
        return None
    return next(_read([_folder() / f"{name}.eml"]), None)


def styles_moved(html: str) -> tuple[str, str]:
    """(html with classes instead of style attributes, the style sheet for them).

    Mails need style attributes, and the pages' policy forbids them; so the viewer moves them into one sheet, which the
    policy allows by its nonce.
    """
    rules: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        return f' class="{rules.setdefault(match[1], f"s{len(rules)}")}"'

    moved = STYLE.sub(replace, html)
    return moved, "".join(f".{name}{{{rule}}}" for rule, name in rules.items())


def _folder() -> Path:
    return Path(settings.MAILBOX_DIR) / current_schema()


def _read(paths: list[Path]) -> Iterator[Caught]:
    for path in paths:
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            continue
        parsed: Parsed = BytesParser(policy=modern).parsebytes(raw)
        yield Caught(
            name=path.stem,
            to=str(parsed["To"] or ""),
            sender=str(parsed["From"] or ""),
            subject=str(parsed["Subject"] or ""),
            at=int(path.stem.partition("-")[0]) / 1000,
            text=_part(parsed, "plain"),
            html=_part(parsed, "html"),
            message_id=str(parsed["Message-ID"] or ""),
        )


def _part(parsed: Parsed, kind: str) -> str:
    part = parsed.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
