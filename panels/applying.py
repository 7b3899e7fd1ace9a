"""Applying to test a product, and withdrawing. The member's lock first, then a shared one on the panel: settling waits
for every application that was let in, and lets none in after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.definition.timetests import age_on
from loyalty.errors import MemberSuspended
from loyalty.models import Enrollment
from loyalty.rules.dates import local_day
from loyalty.selectors import program_now
from members.models import Member
from panels.answers import answers_read
from panels.errors import ApplicationDecided, NotEligible, PanelClosed
from panels.models import Application, Panel
from panels.selectors import spec_of
from rewards.benefits.holding import benefits_held
from rewards.offering import standing_of

State = Application.State


def reasons_against(row: Panel, enrollment: Enrollment) -> list[str]:
    """Why this member can't apply: tier, segment, country, age, benefit. Nothing: they can, when it is open."""
    spec, now = spec_of(row), clock.now()
    standing = standing_of(enrollment, now, [])
    found = []
    if spec.tiers and standing.tiers.isdisjoint(spec.tiers):
        found.append("tier")
    if spec.segments and standing.segments.isdisjoint(spec.segments):
        found.append("segment")
    if spec.countries and standing.country not in spec.countries:
        found.append("country")
    if spec.min_age is not None:
        born, today = enrollment.member.birth_date, local_day(now, program_now(enrollment.program_id).zone)
        if born is None or age_on(born, today) < spec.min_age:
            found.append("age")
    if spec.benefit is not None and spec.benefit not in {each.benefit.code for each in benefits_held(enrollment)}:
        found.append("benefit")
    return found


def application_make(*, panel: Panel, enrollment: Enrollment, answers: Mapping[str, Any], actor: Actor) -> Application:
    """Apply, or apply again after withdrawing. Who has applied already has their answers changed, until it closes.

    PanelClosed, NotEligible, ApplicationDecided, AnswersRefused, MemberSuspended, Busy.
    """
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        opened(panel)
        if enrollment.member.status != Member.Status.ACTIVE:
            raise MemberSuspended()
        row = Application.objects.select_for_update().filter(panel=panel, enrollment=enrollment).first()
        if row is not None and row.state not in (State.APPLIED, State.WITHDRAWN):
            raise ApplicationDecided(state=row.state)
        against = reasons_against(panel, enrollment)
        if against:
            raise NotEligible(reasons=against)
        kept = answers_read(spec_of(panel).asks, answers)
        if row is not None and row.state == State.APPLIED:
            row.answers = kept
            row.save(update_fields=["answers"])
            _audit(row, "panel.reapply", actor)
            return row
        row = row or Application(panel=panel, enrollment=enrollment)
        row.state, row.answers, row.applied_at, row.source = State.APPLIED, kept, clock.now(), actor.source
        row.decided_at, row.decided_by = None, ""
        row.save()
        _audit(row, "panel.apply", actor)
        outbox_add("panel.applied", told(row))
    return row


def application_withdraw(*, application: Application, actor: Actor) -> Application:
    """Take an application back that wasn't decided yet, or a place among those who stand by. ApplicationDecided."""
    with transaction.atomic():
        ledger.enrollment_lock(application.enrollment_id)
        row = application_locked(application.pk)
        if row.state == State.WITHDRAWN:
            return row
        if row.state not in (State.APPLIED, State.RESERVE):
            raise ApplicationDecided(state=row.state)
        row.state, row.place = State.WITHDRAWN, None
        row.decided_at, row.decided_by = clock.now(), actor.name
        row.save(update_fields=["state", "place", "decided_at", "decided_by"])
        _audit(row, "panel.withdraw", actor)
        outbox_add("panel.withdrawn", told(row))
    return row


def application_locked(application_id: Any) -> Application:
    rows = Application.objects.select_for_update(of=("self",))
    return rows.select_related("panel__program", "enrollment__member", "enrollment__program").get(pk=application_id)


def opened(panel: Panel) -> None:
    """Refuse outside of its time, and hold it so until the transaction ends. PanelClosed."""
    state, opens_at, closes_at = held(panel.pk)
    if state != Panel.State.OPEN or not opens_at <= clock.now() < closes_at:
        raise PanelClosed(opens_at=opens_at.isoformat(), closes_at=closes_at.isoformat())


def held(panel_id: int) -> tuple[str, datetime, datetime]:
    """Its state under a lock that applications share and settling doesn't."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, opens_at, closes_at FROM panels_panel WHERE id = %s FOR SHARE", [panel_id])
        found: tuple[str, datetime, datetime] = cursor.fetchone()
    return found


def _audit(row: Application, action: str, actor: Actor) -> None:
    """Whose step it was; never an answer."""
    audit_record(
        actor=actor.name, action=action, object_type="application", object_id=str(row.pk),
        changes={"panel": row.panel.code, "state": row.state},
    )  # fmt: skip


def told(row: Application, **more: Any) -> dict[str, Any]:
    """What the outbox says of an application; nobody's answers."""
    return {
        "member_id": str(row.enrollment.member.public_id),
        "program": row.panel.program.slug,
        "panel": row.panel.code,
        "application_id": str(row.pk),
        **more,
    }
