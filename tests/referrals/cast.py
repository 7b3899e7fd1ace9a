"""A program that pays for friends, and friends who come."""

from __future__ import annotations

from typing import Any

from core.outbox import outbox_drain
from loyalty.models import Enrollment, Program
from members.models import Member
from referrals.binding import referral_bind
from referrals.codes import code_ensure
from referrals.models import Referral
from tests.loyalty import shop


def fixed(points: int) -> dict[str, Any]:
    return {"kind": "points_fixed", "currency": "points", "points": points}


SECTION: dict[str, Any] = {
    "referrer": {"effects": [fixed(100)]},
    "friend": {"effects": [fixed(50)]},
    "milestones": [{"at": 2, "effects": [fixed(500)]}],
    "hold_days": 14,
    "conversion": {"least_minor": 20_00},
}


def program(slug: str = "club", document: dict[str, Any] | None = None, **more: Any) -> Program:
    base = document or shop.DOCUMENT
    return shop.program({**base, "sections": {"referrals": {**SECTION, **more}}}, slug=slug)


def comes(referrer: Enrollment, name: str, **fields: Any) -> Referral:
    """A friend joins and is bound."""
    return bound(referrer, newcomer(name, **fields))


def bound(referrer: Enrollment, friend: Member) -> Referral:
    place = shop.place(friend, referrer.program)
    return referral_bind(code=code_ensure(enrollment=referrer), friend=place, actor=shop.PARTNER)


def newcomer(name: str, **fields: Any) -> Member:
    return shop.member(name, **{"email": f"{name.lower()}@{name.lower()}.example", **fields})


def buys(row: Referral, euros: int = 50, number: str | None = None, **more: Any) -> Referral:
    """The friend's order, and what follows of it."""
    [answer] = shop.send(shop.order(row.friend.member, euros, number, **more))
    assert answer.status == 201, answer.body
    outbox_drain()
    return again(row)


def returns(row: Referral, number: str, euros: int) -> Referral:
    [answer] = shop.send(shop.returned(row.friend.member, number, euros))
    assert answer.status == 201, answer.body
    outbox_drain()
    return again(row)


def again(row: Referral) -> Referral:
    return Referral.objects.select_related("referrer__member", "friend__member", "program").get(pk=row.pk)
