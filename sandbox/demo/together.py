"""What the demo's brands do with friends, sweepstakes and a calendar of benefits, as far as brands.yaml has them.

Sections stand in the program from the beginning of its past, so what friends did weeks ago is judged by them. Dates of
the plan are days from now, since the demo is made on any day.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.actor import Actor, system
from core.errors import DomainError
from core.outbox import outbox_drain
from draws.entering import entry_free
from draws.models import Sweepstake
from draws.tasks import sweepstakes_sweep
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_plain, draft_replace
from loyalty.ingest import event_ingest_raw, place_ensure
from loyalty.models import Enrollment, Program
from loyalty.publishing import program_publish
from members.services import member_create
from referrals.binding import referral_bind
from referrals.codes import code_ensure, display_name_set
from referrals.deciding import referral_settle
from referrals.models import Referral, ReferralCode
from rewards.catalogue import reward_save
from rewards.models import Reward
from rewards.services import reward_redeem
from tenants.models import Brand

DEMO = system("demo")
SHOP = Actor("partner", "demo:shop", "shop")
DATES = frozenset({"opens_at", "closes_at", "starts_at", "ends_at"})


@contextmanager
def past(brand: Brand, days: float) -> Iterator[None]:
    """So many days ago."""
    before = brand.clock_shift
    brand.clock_shift = -timedelta(days=days)
    try:
        yield
    finally:
        brand.clock_shift = before


def sections_publish(brand: Brand, plan: dict[str, Any], program: Program) -> Program:
    """The program with the plan's sections, in force from before its first week."""
    if "sections" not in plan:
        return program
    plain = draft_plain(program)
    zone = ZoneInfo(plain["program"]["time_zone"])
    plain["sections"] = {**plain.get("sections", {}), **_dated(deepcopy(plan["sections"]), zone)}
    with past(brand, plan["months"] * 31):
        row = draft_replace(
            program=program, document=document_decode(plain), expected_revision=program.draft_revision, actor=DEMO
        )
        program_publish(program=row, actor=DEMO, expected_revision=row.draft_revision)
    return Program.objects.get(pk=program.pk)


def _dated(value: Any, zone: ZoneInfo) -> Any:
    """Days from now, wherever a date belongs, as local dates."""
    if isinstance(value, list):
        return [_dated(each, zone) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _day(inner, zone) if key in DATES and isinstance(inner, int | float) else _dated(inner, zone)
        for key, inner in value.items()
    }


def _day(days: float, zone: ZoneInfo) -> str:
    """So many days after this morning; a part of a day says the hour."""
    morning = clock.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return f"{(morning + timedelta(days=days)).replace(minute=0):%Y-%m-%dT%H:%M}"


def together_add(brand: Brand, plan: dict[str, Any], program: Program) -> None:
    places = list(
        Enrollment.objects.filter(program=program).select_related("member", "program").order_by("-accounts__balance")
    )
    _tickets(plan, program)
    _friends(brand, plan, program, places)
    _draws(brand, plan, program, places)


def _drained() -> None:
    while outbox_drain(limit=500):
        pass


# --- friends -----------------------------------------------------------------------------------------------------
def _friends(brand: Brand, plan: dict[str, Any], program: Program, places: list[Enrollment]) -> None:
    """All by one member, who can log in: friends that count, that wait, and one that staff have to look at."""
    told = plan.get("friends")
    if not told:
        return
    code = code_ensure(enrollment=places[0])
    display_name_set(enrollment=places[0], name=told["shown_as"])
    for number, friend in enumerate(told["come"]):
        with past(brand, friend["days"]):
            _comes(code, friend, number, program)
        if "spends" in friend:
            with past(brand, friend["days"] - 1):
                _buys(f"C-F{number}", friend["spends"], number)
                _drained()
    # The last night is over already; what it would settle tomorrow is settled now.
    for each in Referral.objects.filter(program=program, state=Referral.State.PENDING).order_by("bound_at"):
        referral_settle(referral_id=each.pk, at=clock.now())
    _drained()


def _comes(code: ReferralCode, friend: dict[str, Any], number: int, program: Program) -> None:
    local, _at, domain = (code.enrollment.member.email or "").partition("@")
    email = f"{local}+home@{domain}" if friend.get("alike") else f"friend.{number + 1}@example.net"
    member = member_create(
        actor=SHOP, name=friend["name"], email=email, external_id=f"C-F{number}", language=friend.get("language", "en")
    )
    place = place_ensure(member_id=member.pk, program_id=program.pk)
    referral_bind(code=code, friend=place, actor=Actor("member", f"member:{member.public_id}", "web"))


def _buys(member: str, euros: int, number: int) -> None:
    order = {"number": f"FRIEND-{number}", "currency": "EUR", "total_minor": euros * 100}
    row = {"id": f"FRIEND-{number}", "type": "order.paid", "member": {"external_id": member}}
    event_ingest_raw([{**row, "occurred_at": clock.now().isoformat(), "data": {"order": order}}], actor=SHOP)


# --- sweepstakes -------------------------------------------------------------------------------------------------
def _tickets(plan: dict[str, Any], program: Program) -> None:
    for each in plan.get("tickets", ()):
        reward_save(program=Program.objects.get(pk=program.pk), plain=each, actor=DEMO)


def _draws(brand: Brand, plan: dict[str, Any], program: Program, places: list[Enrollment]) -> None:
    """Members enter each on a day on which it is open, some more often for points; what is over is drawn."""
    for row in Sweepstake.objects.filter(program=program).order_by("closes_at"):
        ago = (clock.now() - row.opens_at) / timedelta(days=1) - 2
        with past(brand, max(ago, 0)):
            for place in places[: plan["entering"]]:
                _enter(row, place)
            _drained()
    sweepstakes_sweep()
    _drained()


def _enter(row: Sweepstake, place: Enrollment) -> None:
    try:
        entry_free(sweepstake=row, enrollment=place, actor=Actor("member", f"member:{place.member.public_id}", "web"))
        ticket = Reward.objects.filter(program=row.program_id, body__kind__sweepstake=row.code).first()
        if ticket is not None and place.pk % 3 == 0:
            reward_redeem(enrollment=place, reward=ticket, actor=SHOP, key=f"demo-ticket-{row.code}")
    except DomainError:
        return
