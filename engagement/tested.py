"""Mails about product panels: chosen or not, on its way, what is waited for, thanks."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.outbox import Message, handler
from loyalty.definition.translation import text_in
from members.letters import letter_queue
from members.models import Member
from panels.models import Application
from panels.selectors import spec_of


@handler("panel.selected")
def chosen(message: Message) -> None:
    _letter("panel_selected", message, accept_by=_day(message.payload["accept_by"]))


@handler("panel.not_selected")
def not_chosen(message: Message) -> None:
    _letter("panel_not_selected", message)


@handler("panel.reserve")
def stands_by(message: Message) -> None:
    _letter("panel_reserve", message)


@handler("panel.called_off")
def called_off(message: Message) -> None:
    _letter("panel_called_off", message)


@handler("panel.shipped")
def shipped(message: Message) -> None:
    _letter("panel_shipped", message, carrier=message.payload.get("carrier"), tracking=message.payload.get("tracking"))


@handler("panel.reminded")
def reminded(message: Message) -> None:
    """Before the day, and when staff ask for it."""
    _letter("panel_reminder", message, about=message.payload["about"], last_day=_day(message.payload.get("last_day")))


@handler("panel.overdue")
def overdue(message: Message) -> None:
    """Once, after the day."""
    _letter("panel_reminder", message, about=message.payload["about"], overdue=True)


@handler("panel.answered")
def thanked(message: Message) -> None:
    _letter("panel_thanks", message)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _letter(kind: str, message: Message, **words: Any) -> None:
    """To the member who applied, in their language; nothing where they can't be written to. Never their answers."""
    rows = Application.objects.select_related("enrollment__member", "panel")
    row = rows.filter(pk=message.payload["application_id"]).first()
    if row is None:
        return
    member = row.enrollment.member
    if not member.email or member.status != Member.Status.ACTIVE:
        return
    spec = spec_of(row.panel)
    letter_queue(
        kind=kind,
        to=member.email,
        language=member.language,
        name=member.name,
        path=f"/panels/{row.panel.code}/?program={message.payload['program']}",
        panel=text_in(spec.name, member.language),
        product=text_in(spec.product, member.language),
        **words,
    )
