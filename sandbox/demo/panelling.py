"""The demo's product panels: one that members apply for now, and one that was tested, with answers to read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from core import clock
from core.actor import Actor, system
from core.errors import DomainError
from loyalty.drafts import section_put
from loyalty.models import Enrollment, Program
from loyalty.publishing import program_publish
from loyalty.selectors import document_now
from panels.applying import application_make
from panels.choosing import panel_settle
from panels.definition import SECTION
from panels.drawing import panel_draw
from panels.lending import answers_send, invitation_accept, product_receive, product_ship
from panels.models import Panel, Participation
from rewards.fulfilment import Address

DEMO = system("demo")
STAFF = Actor("staff", "user:1", "admin")


def panels_add(plan: dict[str, Any], program: Program) -> None:
    """What the plan names, published with the program, and played by its members."""
    told = plan.get("panels")
    if not told:
        return
    _publish(program, told)
    places = list(Enrollment.objects.filter(program=program).select_related("member", "program").order_by("pk"))
    for each in told:
        panel = Panel.objects.select_related("program").get(program=program, code=each["code"])
        closes_at = panel.closes_at
        with transaction.atomic():  # the worker's round would set it back
            # Those of a panel that is over applied while it was open.
            Panel.objects.filter(pk=panel.pk).update(closes_at=clock.now() + timedelta(hours=1))
            for number, enrollment in enumerate(places[: each["applied"]]):
                _applies(panel, enrollment, each["on_applying"][number % len(each["on_applying"])])
            Panel.objects.filter(pk=panel.pk).update(closes_at=closes_at)
        if each.get("answers"):
            _tested(panel, each["answers"])


def _publish(program: Program, told: list[dict[str, Any]]) -> None:
    zone = ZoneInfo(document_now(program.pk).program.time_zone)
    items = [{**each["piece"], "code": each["code"], **_days(each["days"], zone)} for each in told]
    with transaction.atomic():
        row = section_put(program=program, name=SECTION, plain={"items": items}, actor=DEMO)
        program_publish(program=row, actor=DEMO, expected_revision=row.draft_revision, note="Product panels")


def _days(days: list[int], zone: ZoneInfo) -> dict[str, str]:
    """So many days from today it opens, closes, and members hear."""
    today = clock.now().astimezone(zone)
    moments = [f"{today + timedelta(days=each):%Y-%m-%dT09:00}" for each in days]
    return dict(zip(("opens_at", "closes_at", "selects_on"), moments, strict=True))


def _applies(panel: Panel, enrollment: Enrollment, answers: dict[str, Any]) -> None:
    actor = Actor("member", f"member:{enrollment.member.public_id}", "web")
    try:
        application_make(panel=panel, enrollment=enrollment, answers=answers, actor=actor)
    except DomainError:
        return  # not for them, as in life


def _tested(panel: Panel, answers: list[dict[str, Any]]) -> None:
    """Drawn and settled. All but the last few sent their answers; the rest is on its way, or still to say yes."""
    panel_draw(panel=panel, reserves=2, actor=STAFF)
    panel_settle(panel=panel, actor=STAFF)
    testers = Participation.objects.filter(application__panel=panel).order_by("invited_at", "pk")
    testers = testers.select_related("application__enrollment__member")
    for number, one in enumerate(list(testers)[:-1]):
        member = one.application.enrollment.member
        home = Address(
            name=member.name, street=f"Kade {number + 1}", postcode="1011 AB", city="Amsterdam", country="NL"
        )
        invitation_accept(participation=one, address=home, actor=DEMO)
        if number >= len(answers) + 2:
            continue
        product_ship(participation=one, actor=STAFF, carrier="Post", tracking=f"3SDEMO{number:04d}")
        if number <= len(answers):
            product_receive(participation=one, actor=DEMO)
        if number < len(answers):
            answers_send(participation=one, answers=answers[number], actor=DEMO)
