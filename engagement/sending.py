"""The last step of a mail: opened, sent, blanked.

A crash after sending and before the mark sends it again; the Message-ID is made from the brand and the outbox row, so
that the reader's mail program recognises the repeat.
"""

from __future__ import annotations

import logging
from email.utils import formataddr, parseaddr
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection

from core.failpoint import failpoint
from core.mail import MAIL_REQUESTED, Mail, mail_open
from core.outbox import Message, handler
from core.tenancy import current_schema
from tenants.context import current_brand

log = logging.getLogger(__name__)


class MailNotSent(Exception):
    """The mail server refused or couldn't be reached. Names the kind of error only: its text may hold addresses."""


@handler(MAIL_REQUESTED)
def mail_send(message: Message) -> None:
    """Send one mail and blank its text. MailNotSent leaves it sealed, for a later try."""
    sealed = message.payload.get("sealed")
    if not sealed:
        return
    email = _email(mail_open(sealed), message_id(message.id))
    try:
        email.send()
    except (SMTPException, OSError) as error:
        raise MailNotSent(type(error).__name__) from None
    failpoint("mail.after_send")
    _blank(message.id)


def message_id(outbox_id: int) -> str:
    """The same for every delivery of one outbox row of one brand."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or settings.PLATFORM_HOST
    return f"<{current_schema()}.{outbox_id}@{domain}>"


def _email(mail: Mail, identity: str) -> EmailMultiAlternatives:
    brand = current_brand()
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    email = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=formataddr((brand.name, address)) if brand is not None else settings.DEFAULT_FROM_EMAIL,
        to=[mail.to],
        headers={"Message-ID": identity, "Auto-Submitted": "auto-generated"},
    )
    if mail.html:
        email.attach_alternative(mail.html, "text/html")
    return email


def _blank(outbox_id: int) -> None:
    """What was sent need not be kept; that it was sent stays."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_outboxmessage SET payload = payload - 'sealed' WHERE id = %s", [outbox_id])
