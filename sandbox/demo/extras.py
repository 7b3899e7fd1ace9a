"""What the demo's brands have besides purchases and rewards, as far as their programs have it: see brands.yaml.

Places with check-ins, claims that wait for staff, members who chose a name on the leaderboards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from claims.checkins import Position, check_in_by_position
from claims.models import Place
from claims.places import place_save
from claims.services import Sent, claim_approve, claim_submit
from core.actor import Actor, system
from core.errors import DomainError
from loyalty.leaderboards import leaderboard_join
from loyalty.models import Enrollment, Program

DEMO = system("demo")
STAFF = Actor("staff", "user:1", "admin")


def extras_add(plan: dict[str, Any], program: Program) -> None:
    """Everything that the plan names. What a member may not do (a limit, a name taken) is left out, as in life."""
    places = list(Enrollment.objects.filter(program=program).select_related("member").order_by("pk"))
    for each in plan.get("places", ()):
        place_save(place=None, fields=each, actor=DEMO)
    _check_ins(places)
    for name, enrollment in zip(plan.get("players", ()), places, strict=False):
        _try(leaderboard_join, enrollment=enrollment, name=name, actor=_actor(enrollment))
    for number, sent in enumerate(plan.get("claims", ())):
        _try(_claim, places[number % len(places)], sent, number)


def _check_ins(places: list[Enrollment]) -> None:
    shops = list(Place.objects.order_by("pk"))
    for number, enrollment in enumerate(places[: 3 * len(shops)]):
        shop = shops[number % len(shops)]
        position = Position(latitude=float(shop.latitude), longitude=float(shop.longitude), accuracy_m=12)
        key = f"demo-visit-{number}"
        _try(check_in_by_position, enrollment=enrollment, position=position, actor=_actor(enrollment), key=key)


def _claim(enrollment: Enrollment, sent: dict[str, Any], number: int) -> None:
    told = {key: value for key, value in sent.items() if key != "approved"}
    key = f"demo-claim-{number}"
    claim = claim_submit(enrollment=enrollment, sent=Sent(**told), actor=_actor(enrollment), key=key)
    if sent.get("approved"):
        claim_approve(claim=claim, actor=STAFF, key=key)


def _actor(enrollment: Enrollment) -> Actor:
    return Actor("member", f"member:{enrollment.member.public_id}", "web")


def _try(act: Callable[..., object], *given: Any, **named: Any) -> None:
    try:
        act(*given, **named)
    except DomainError:
        return
