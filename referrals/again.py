"""Approvals whose events were refused at the time, such as of a program that was being published, are booked here."""

from __future__ import annotations

from uuid import UUID

from core.outbox import Message, handler
from referrals.booking import APPROVED, milestones_book_open, sides_book
from referrals.deciding import locked
from referrals.models import Referral


class NotBookedYet(Exception):
    """An event is still refused; the outbox tries again."""


@handler(APPROVED)
def booked_again(message: Message) -> None:
    row = locked(UUID(message.payload["referral_id"]))
    if row.state != Referral.State.APPROVED:
        return
    sides_book(row)
    milestones = milestones_book_open(row)
    if row.referrer_event is None or row.friend_event is None or not milestones:
        raise NotBookedYet(str(row.pk))
