"""A program with a product panel, members who apply, and testers at any step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from loyalty.models import Enrollment, Program
from panels.applying import application_make
from panels.choosing import applications_select, panel_settle
from panels.lending import answers_send, invitation_accept, product_receive, product_ship
from panels.models import Application, Panel, Participation
from rewards.fulfilment import Address
from tests.loyalty import shop

ZONE = ZoneInfo("Europe/Amsterdam")
HOME = Address(name="Anna", street="Kade 1", postcode="1011 AB", city="Amsterdam", country="NL")
ASKS = [
    {
        "kind": "choice", "code": "size", "name": {"en": "Your size?", "nl": "Je maat?"},
        "options": [{"code": "s", "name": "S"}, {"code": "m", "name": "M"}, {"code": "l", "name": "L"}],
    },
    {"kind": "text", "code": "why", "name": "Why you?", "needed": False},
]  # fmt: skip
QUESTIONS = [
    {"kind": "scale", "code": "warm", "name": {"en": "How warm?", "nl": "Hoe warm?"}, "low": "cold", "high": "hot"},
    {
        "kind": "choices", "code": "where", "name": "Where did you wear it?", "most": 2,
        "options": [{"code": "hill", "name": "Hill"}, {"code": "town", "name": "Town"}, {"code": "sea", "name": "Sea"}],
    },
    {"kind": "text", "code": "words", "name": "In your words", "most": 100},
]  # fmt: skip
APPLIED = {"size": "m", "why": "I walk a lot"}
ANSWERS = {"warm": 4, "where": ["hill", "sea"], "words": "Light and warm."}
RULE = {
    "code": "tester",
    "name": "Tester",
    "trigger": "panel.answered",
    "effects": [{"kind": "points_fixed", "currency": "points", "points": 150}],
}


def local(days: float) -> str:
    return f"{(clock.now() + timedelta(days=days)).astimezone(ZONE):%Y-%m-%dT%H:%M}"


def piece(**more: Any) -> dict[str, Any]:
    base = {
        "code": "jacket",
        "name": {"en": "Winter jacket", "nl": "Winterjas"},
        "product": {"en": "A jacket that isn't in the shop yet", "nl": "Een jas die nog niet in de winkel is"},
        "units": 2,
        "opens_at": local(-1),
        "closes_at": local(10),
        "asks": ASKS,
        "questions": QUESTIONS,
    }
    return {**base, **more}


def document(*pieces: dict[str, Any], **sections: Any) -> dict[str, Any]:
    rules = [*shop.DOCUMENT["rules"], RULE]
    return {**shop.DOCUMENT, "rules": rules, "sections": {"panels": {"items": list(pieces)}, **sections}}


def program(**more: Any) -> Program:
    return shop.program(document(piece(**more)))


def panel() -> Panel:
    return Panel.objects.select_related("program").get(code="jacket")


def applies(place: Enrollment, **answers: Any) -> Application:
    return application_make(panel=panel(), enrollment=place, answers={**APPLIED, **answers}, actor=shop.PARTNER)


def crowd(made: Program, size: int) -> list[Application]:
    return [applies(shop.place(shop.member(f"M{number}"), made)) for number in range(size)]


def over() -> None:
    """Nobody can apply any more; requests have a clock of their own."""
    Panel.objects.update(closes_at=clock.now() - timedelta(seconds=1))


def chosen(application: Application) -> Participation:
    applications_select(panel=panel(), ids=[application.pk], actor=shop.STAFF)
    return fresh(application)


def settled() -> Panel:
    over()
    return panel_settle(panel=panel(), actor=shop.STAFF)


def fresh(application: Application) -> Participation:
    rows = Participation.objects.select_related("application__panel", "application__enrollment__member")
    return rows.get(application=application)


def testing(application: Application) -> Participation:
    """Chosen, sent and received."""
    chosen(application)
    return received(application)


def received(application: Application) -> Participation:
    """Of somebody who was chosen."""
    one = fresh(application)
    invitation_accept(participation=one, address=HOME, actor=shop.PARTNER)
    if one.application.panel.spec.get("ships", True):
        product_ship(participation=one, actor=shop.STAFF, carrier="Post", tracking="3S1")
        product_receive(participation=one, actor=shop.PARTNER)
    return fresh(application)


def answered(application: Application, **more: Any) -> Participation:
    return answers_send(participation=testing(application), answers={**ANSWERS, **more}, actor=shop.PARTNER)
