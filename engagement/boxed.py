"""Mails about boxes: one that needs an address, one that closes soon."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats, translation
from django.utils.translation import gettext as _

from billing.models import Shipment
from core import clock
from core.outbox import Message, handler
from loyalty.definition.translation import text_in
from members.letters import letter_queue
from members.models import Member
from tenants.context import current_brand

PAGE = "/boxes/"


@handler("shipment.address_needed")
def address_needed(message: Message) -> None:
    """Unless somebody has said it in the meantime."""
    box = _box(message)
    if box is None or box.address or box.state not in Shipment.OPEN_STATES:
        return
    member = box.subscription.member
    with translation.override(member.language):
        words = {"day": _day(box.cycle_at), "until": _moment(box.cut_off_at)}
        text = (
            _("We don’t know yet where to send your box of %(day)s. Tell us until %(until)s, and it leaves on time.")
            if box.state == Shipment.State.PLANNED and box.cut_off_at > clock.now()
            else _("Your box of %(day)s is waiting: we don’t know where to send it. It leaves once you’ve told us.")
        ) % words
        _letter(member, _("Your box needs an address"), text, f"{PAGE}{box.public_id}/address/")


@handler("shipment.closing")
def closing(message: Message) -> None:
    """Unless it is skipped or closed by now."""
    box = _box(message)
    if box is None or box.state != Shipment.State.PLANNED or box.cut_off_at <= clock.now():
        return
    member = box.subscription.member
    with translation.override(member.language):
        words = {"day": _day(box.cycle_at), "until": _moment(box.cut_off_at), "items": _contents(box, member.language)}
        text = _(
            "Until %(until)s you can change your box of %(day)s: swap something, send it later or skip it. In it: "
            "%(items)s. You can turn this reminder off on the page of your boxes."
        ) % words  # fmt: skip
        _letter(member, _("Your box closes soon"), text, PAGE)


def _box(message: Message) -> Shipment | None:
    rows = Shipment.objects.select_related("subscription__member")
    box = rows.filter(public_id=message.payload["shipment_id"], subscription__duplicate=False).first()
    if box is None:
        return None
    member = box.subscription.member
    return box if member.email and member.status == Member.Status.ACTIVE else None


def _contents(box: Shipment, language: str) -> str:
    return ", ".join(f"{each['count']} × {text_in(each['name'], language)}" for each in (*box.items, *box.extras))


def _letter(member: Member, headline: str, words: str, path: str) -> None:
    letter_queue(
        kind="plan_news", to=member.email or "", language=member.language, path=path, headline=headline, words=words
    )


def _here(at: datetime) -> datetime:
    """At the brand's place, as its pages tell it."""
    brand = current_brand()
    return at.astimezone(ZoneInfo(brand.time_zone)) if brand is not None else at


def _day(at: datetime) -> str:
    return formats.date_format(_here(at), "j F")


def _moment(at: datetime) -> str:
    return formats.date_format(_here(at), "j F H:i")
