"""A program with a sweepstake, and members who take part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.ids import uuid7
from draws.entering import entries_add
from draws.models import Sweepstake, SweepstakeEntry
from loyalty.models import Enrollment, Program
from tests.loyalty import shop

ZONE = ZoneInfo("Europe/Amsterdam")
PRIZES = [
    {"code": "bike", "name": {"en": "A bike", "nl": "Een fiets"}},
    {"code": "mug", "name": "A mug", "quantity": 2},
]


def local(days: float) -> str:
    return f"{(clock.now() + timedelta(days=days)).astimezone(ZONE):%Y-%m-%dT%H:%M}"


def piece(**more: Any) -> dict[str, Any]:
    base = {
        "code": "summer",
        "name": {"en": "Summer draw", "nl": "Zomertrekking"},
        "opens_at": local(-1),
        "closes_at": local(10),
        "prizes": PRIZES,
        "alternates": 2,
    }
    return {**base, **more}


def document(*pieces: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {**shop.DOCUMENT, "sections": {"sweepstakes": {"items": list(pieces)}, **sections}}


def program(**more: Any) -> Program:
    return shop.program(document(piece(**more)))


def sweepstake() -> Sweepstake:
    return Sweepstake.objects.select_related("program").get(code="summer")


def enters(place: Enrollment, number: int = 1) -> list[SweepstakeEntry]:
    return entries_add(
        sweepstake=sweepstake(), enrollment=place, way=SweepstakeEntry.Way.REWARD, cause=f"redemption:{uuid7().hex}",
        number=number, actor=shop.PARTNER,
    )  # fmt: skip


def crowd(made: Program, size: int, each: int = 1) -> list[Enrollment]:
    places = [shop.place(shop.member(f"M{number}"), made) for number in range(size)]
    for place in places:
        enters(place, each)
    return places
