"""Who carries out what rules do besides points. Rooms register a kind in AppConfig.ready(); see loyalty/acting.py.

An act may come again after a crash between its effect and the mark, so each is done once by (event_id, rule, effect).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F

from core import outbox
from core.actor import Actor, system
from loyalty.models import Enrollment, Event, Order
from loyalty.reversing import event_reversed
from members.facts import SET_BY, member_fact, member_fact_set, moment_text
from members.models import Member
from members.selectors import member_by_public_id
from members.services import member_update


class ActCall(msgspec.Struct, frozen=True):
    """One act to do or, of a revoker, to undo. effect: index in the rule's effects. params: as the effect made them."""

    event_id: str
    member_id: str
    program: str
    rule: str
    effect: int
    params: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What the act is known by: the same however often it comes."""
        return f"{self.event_id}:{self.rule}:{self.effect}"

    @property
    def actor(self) -> Actor:
        return system(f"rule:{self.rule}")

    def enrollment(self) -> Enrollment | None:
        """The member's place in the program, unless either is gone or the member is erased."""
        rows = Enrollment.objects.select_related("member", "program")
        return (
            rows.filter(member__public_id=self.member_id, program__slug=self.program)
            .exclude(member__status=Member.Status.ERASED)
            .first()
        )

    def occurred(self) -> str:
        """When its event happened, as text that sorts."""
        at = Event.objects.values_list("occurred_at", flat=True).get(pk=self.event_id)
        return moment_text(at)

    def undone(self) -> bool:
        """Whether what caused it has been undone, the order returned whole: an act that was delayed isn't done then."""
        order = Order.objects.filter(event_id=self.event_id, total_minor__gt=0)
        if order.filter(refunded_minor__gte=F("total_minor")).exists():
            return True
        caused = Event.objects.filter(pk=self.event_id).values_list("source", "external_id").first()
        return caused is not None and event_reversed(*caused)


Doer = Callable[[ActCall], None]


def act_handler(kind: str) -> Callable[[Doer], Doer]:
    """Register what does an act of the kind."""
    return _register(f"act.{kind}")


def act_revoker(kind: str) -> Callable[[Doer], Doer]:
    """Register what undoes an act of the kind, when the order that caused it was returned whole."""
    return _register(f"act_revoked.{kind}")


def act_lowerer(kind: str) -> Callable[[Doer], Doer]:
    """Register what is told of the returns that leave a part of the order, for acts that say `follows_returns`."""
    return _register(f"act_lowered.{kind}")


def _register(topic: str) -> Callable[[Doer], Doer]:
    def register(function: Doer) -> Doer:
        def handle(message: outbox.Message) -> None:
            function(msgspec.convert(message.payload, ActCall))

        outbox.handler(topic)(handle)
        return function

    return register


def attribute_set(call: ActCall) -> None:
    """`set_attribute`: setting it twice is setting it once, and what happened last stands, however late acts come.

    Beside the value is kept when the event happened that set it, and which one it was: of two that happened at the
    same moment the one that was booked later stands. What staff, a partner or the member set by hand counts as of then.
    """
    member = member_by_public_id(call.member_id)
    if member is None or member.status == Member.Status.ERASED or call.undone():
        return
    name, order = call.params["name"], [call.occurred(), call.event_id]
    with transaction.atomic():
        # Two acts at once follow each other.
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        before = member_fact(member_id=member.pk, key=SET_BY + name)
        if before is None or before <= order:
            member_update(member=member, actor=call.actor, by_rule=True, attributes={name: call.params["value"]})
            member_fact_set(member_id=member.pk, key=SET_BY + name, value=order)
