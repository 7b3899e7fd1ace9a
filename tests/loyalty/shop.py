"""A small cast for tests that move points: a program, members, and events as a partner would send them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from core import clock
from core.actor import Actor
from core.ids import uuid7
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.ingest import Answer, event_ingest_raw
from loyalty.models import Enrollment, Program, ProgramVersion
from loyalty.publishing import program_create, program_publish
from loyalty.selectors import balances_of
from loyalty.services import member_enroll
from members.models import Member

PARTNER = Actor("partner", "api:test", "shop")
STAFF = Actor("staff", "user:1", "admin")

# A point per euro, doubled for VIPs on a channel, 25 for a review at most 50 a day; expiry and tiers as most have them.
DOCUMENT: dict[str, Any] = {
    "schema": 2,
    "program": {"name": "Club", "time_zone": "Europe/Amsterdam", "money_currency": "EUR"},
    "currencies": [
        {
            "code": "points",
            "name_one": {"en": "point", "nl": "punt"},
            "name_many": {"en": "points", "nl": "punten"},
            "value_minor_per_point": 1,
            "expiry": {"kind": "after", "n": 12, "unit": "months"},
        }
    ],
    "ladders": [
        {
            "code": "main",
            "name": "Status",
            "qualify": {"kind": "points_earned", "currency": "points"},
            "tiers": [
                {"code": "enthusiast", "name": "Enthusiast", "threshold": 0},
                {"code": "advocate", "name": "Advocate", "threshold": 500},
                {"code": "vip", "name": "VIP", "threshold": 1000},
            ],
        }
    ],
    "rules": [
        {
            "code": "per_euro",
            "name": "A point per euro",
            "description": {"en": "A point for every euro", "nl": "Een punt voor elke euro"},
            "trigger": "order.paid",
            "effects": [{"kind": "points_per_money", "currency": "points", "points": 1, "per_minor": 100}],
        },
        {
            "code": "review",
            "name": "Review",
            "trigger": "review.posted",
            "effects": [{"kind": "points_fixed", "currency": "points", "points": 25}],
            "limits": [{"per": "member", "period": "day", "at_most": 50}],
        },
    ],
}


def program(document: dict[str, Any] | None = None, slug: str = "club") -> Program:
    return program_create(slug=slug, document=document or DOCUMENT, actor=STAFF)


def publish(made: Program, document: dict[str, Any], **more: Any) -> ProgramVersion:
    """Another version of the program; more: from when it holds, …."""
    row, read = Program.objects.get(pk=made.pk), document_decode(document)
    row = draft_replace(program=row, document=read, expected_revision=row.draft_revision, actor=STAFF)
    return program_publish(program=row, actor=STAFF, expected_revision=row.draft_revision, **more)


def member(name: str = "Anna", **fields: Any) -> Member:
    now = clock.now()
    return Member.objects.create(
        **{
            "name": name,
            "email": f"{name.lower()}-{uuid7().hex[-6:]}@example.com",
            "joined_at": now,
            "created_at": now,
            "updated_at": now,
            **fields,
        }
    )


def place(who: Member, program: Program) -> Enrollment:
    return member_enroll(member=who, program=program, actor=PARTNER)


def order(
    who: Member | None, euros: int | str, number: str | None = None, *, days_ago: float = 0, **more: Any
) -> dict[str, Any]:
    number = number or f"O-{uuid7().hex[-12:]}"
    minor = round(float(euros) * 100)
    return {
        "id": number,
        "type": "order.paid",
        "member": str(who.public_id) if who else None,
        "occurred_at": when(days_ago),
        "data": {"order": {"number": number, "currency": "EUR", "total_minor": minor, **more}},
    }


def returned(who: Member | None, number: str | None, euros: int | str, event_id: str | None = None) -> dict[str, Any]:
    return {
        "id": event_id or f"R-{uuid7().hex[-12:]}",
        "type": "order.returned",
        "member": str(who.public_id) if who else None,
        "occurred_at": when(0),
        "data": {"return": {"order": number, "amount_minor": round(float(euros) * 100)}},
    }


def review(who: Member, event_id: str | None = None) -> dict[str, Any]:
    return {
        "id": event_id or f"V-{uuid7().hex[-12:]}",
        "type": "review.posted",
        "member": str(who.public_id),
        "occurred_at": when(0),
        "data": {"stars": 5},
    }


def when(days_ago: float) -> str:
    moment: datetime = clock.now().astimezone(UTC) - timedelta(days=days_ago)
    return moment.isoformat()


def send(*rows: dict[str, Any], actor: Actor = PARTNER) -> list[Answer]:
    return event_ingest_raw(rows, actor=actor)


def balance(enrollment: Enrollment, currency: str = "points") -> int:
    return next(each.balance for each in balances_of(enrollment) if each.currency == currency)
