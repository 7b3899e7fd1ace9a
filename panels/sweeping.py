"""What time does by itself: invitations lapse, parcels count as there, reminders go out, days are missed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from core import clock
from core.actor import Actor, system
from core.errors import DomainError
from core.outbox import outbox_add
from loyalty.rules.dates import local_day
from loyalty.selectors import program_now
from panels.applying import told
from panels.choosing import follow_on
from panels.errors import RemindedToday, WrongMoment
from panels.lending import invitation_decline, participation_locked, product_receive
from panels.models import Application, Panel, Participation
from panels.selectors import spec_of

log = logging.getLogger(__name__)
State = Participation.State
OWN = system("panels")
DAY = timedelta(days=1)


def panels_sweep() -> int:
    """One round over everybody under way. Returns how many steps were taken."""
    done = 0
    for panel in Panel.objects.filter(program__archived_at__isnull=True, program__stamp__gt=0).select_related(
        "program"
    ):
        today = local_day(clock.now(), program_now(panel.program_id).zone)
        done += _panel(panel, today)
    return done


def reminder_send(*, participation: Participation, actor: Actor) -> Participation:
    """Remind of what is waited for: saying yes, the answers, or the product. WrongMoment, RemindedToday."""
    with transaction.atomic():
        row, _spec = participation_locked(participation)
        about = waits_for(row)
        if not about:
            raise WrongMoment(state=row.state, outcome=row.outcome)
        if row.reminded_at is not None and row.reminded_at > clock.now() - DAY:
            raise RemindedToday()
        _remind(row, about)
    return row


def waits_for(row: Participation) -> str:
    """What the member has to do: accept, answer, return; "" when it isn't their turn."""
    if row.state == State.INVITED:
        return "accept"
    if row.state == State.RECEIVED:
        return "answer"
    return "return" if row.state == State.ANSWERED and not row.outcome and row.return_by is not None else ""


def last_day_of(row: Participation) -> date | None:
    """By when they have to."""
    days = {"accept": row.accept_by, "answer": row.answer_by, "return": row.return_by}
    return days.get(waits_for(row))


def _panel(panel: Panel, today: date) -> int:
    rows = Participation.objects.filter(application__panel=panel)
    spec = spec_of(panel)
    arrived = clock.now() - timedelta(days=spec.travel_days)
    done = _each(rows.filter(state=State.INVITED, accept_by__lt=today), _lapse)
    done += _each(rows.filter(state=State.SHIPPED, shipped_at__lte=arrived), _arrive)
    soon = today + timedelta(days=spec.remind_days)
    never = Q(reminded_at=None)
    due = (
        Q(state=State.INVITED, accept_by__lte=soon, accept_by__gte=today) & never
        | Q(state=State.RECEIVED, answer_by__lte=soon, answer_by__gte=today)
        & (never | Q(reminded_at__lt=F("received_at")))
        | Q(state=State.ANSWERED, outcome="", return_by__lte=soon, return_by__gte=today)
        & (never | Q(reminded_at__lt=F("answered_at")))
    )
    done += _each(rows.filter(due), _reminded)
    missed = Q(state=State.RECEIVED, answer_by__lt=today) | Q(
        state__in=(State.RECEIVED, State.ANSWERED), outcome="", return_by__lt=today
    )
    done += _each(rows.filter(missed, overdue_at=None), _overdue)
    return done + _followed(panel)


def _each(rows: QuerySet[Participation], step: Callable[[Participation], None]) -> int:
    """Each by itself: one that can't be done now doesn't hold the others up."""
    done = 0
    for row in list(rows.order_by("pk")[:500]):
        try:
            step(row)
            done += 1
        except DomainError as error:
            log.info("tester %s is left for the next round: %s", row.pk, error.code)
    return done


def _lapse(row: Participation) -> None:
    invitation_decline(participation=row, actor=OWN, lapsed=True)


def _arrive(row: Participation) -> None:
    product_receive(participation=row, actor=OWN)


def _reminded(row: Participation) -> None:
    reminder_send(participation=row, actor=OWN)


def _overdue(participation: Participation) -> None:
    with transaction.atomic():
        row, _spec = participation_locked(participation)
        if row.overdue_at is None and row.state in (State.RECEIVED, State.ANSWERED):
            row.overdue_at = clock.now()
            row.save(update_fields=["overdue_at"])
            outbox_add("panel.overdue", _said(row, about=waits_for(row) or "return"))


def _remind(row: Participation, about: str) -> None:
    row.reminded_at = clock.now()
    row.save(update_fields=["reminded_at"])
    last = last_day_of(row)
    outbox_add("panel.reminded", _said(row, about=about, last_day=last.isoformat() if last is not None else None))


def _followed(panel: Panel) -> int:
    """Units that came free while whoever stood by was busy, or of which there are more now."""
    waiting = Application.objects.filter(panel=panel, state=Application.State.RESERVE).exists()
    if panel.state != Panel.State.SETTLED or not waiting:
        return 0
    done = 0
    while True:
        with transaction.atomic():
            if follow_on(panel.pk) is None:
                return done
            done += 1


def _said(row: Participation, **more: Any) -> dict[str, Any]:
    return told(row.application, participation_id=str(row.pk), **more)
