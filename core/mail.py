"""Mail leaves through the outbox, written in the transaction of what it tells about.

Its text may hold log-in links, so it lies there sealed and is blanked once it is sent. The room that knows how to send
registers a handler for MAIL_REQUESTED.
"""

from __future__ import annotations

import msgspec
from django.db import transaction

from core.outbox import outbox_add
from core.secrets import seal, unseal

MAIL_REQUESTED = "mail.requested"
PURPOSE = "mail"


class Mail(msgspec.Struct, frozen=True):
    """One mail as it will be sent. to: one address; a mail to two people is two mails."""

    to: str
    subject: str
    text: str
    html: str | None = None


def mail_queue(*, to: str, language: str, kind: str, subject: str, text: str, html: str | None = None) -> None:
    """Queue a mail at the current brand. kind: what it is about, snake_case, the only part that stays readable."""
    # [:] makes plain texts of what templates rendered; a marked-safe one can't be encoded.
    mail = Mail(to=to, subject=" ".join(subject.split()), text=text[:], html=html[:] if html else None)
    sealed = seal(msgspec.json.encode(mail).decode(), purpose=PURPOSE)
    with transaction.atomic():
        outbox_add(MAIL_REQUESTED, {"kind": kind, "language": language, "sealed": sealed})


def mail_open(sealed: str) -> Mail:
    """The mail in an outbox row. ValueError if it was sealed elsewhere."""
    return msgspec.json.decode(unseal(sealed, purpose=PURPOSE), type=Mail)
