"""A panel that won't take place: everybody who waits for it is told, and nothing of it is left half-done."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.payloads import text_check
from panels.applying import told
from panels.choosing import panel_locked
from panels.errors import UnderWay
from panels.models import Application, Panel, Participation

State, Testing = Application.State, Participation.State
WAITING = (State.APPLIED, State.RESERVE, State.SELECTED)
OUT = (Testing.SHIPPED, Testing.RECEIVED, Testing.ANSWERED)
MAX_REASON = 300


def panel_cancel(*, panel: Panel, reason: str, actor: Actor) -> Panel:
    """It won't take place, or not go on: nobody applies, is chosen or is sent anything any more, and whoever waits is
    told. Tests that are over stay as they are. The same again changes nothing.

    UnderWay while a product is out, InvalidInput without a reason, Busy.
    """
    text = reason.strip()
    text_check(text, "reason")
    if not text or len(text) > MAX_REASON:
        raise InvalidInput(_("Say why."), field="reason")
    with transaction.atomic():
        waiting = Application.objects.filter(panel=panel, state__in=WAITING)
        ledger.enrollments_lock(waiting.values_list("enrollment", flat=True))
        row = panel_locked(panel.pk)
        if row.state == Panel.State.CANCELED:
            return row
        out = Participation.objects.filter(application__panel=row, state__in=OUT).count()
        if out:
            raise UnderWay(under_way=out)
        before, row.state = row.state, Panel.State.CANCELED
        row.canceled_at, row.canceled_by, row.cancel_reason = clock.now(), actor.name, text
        row.save(update_fields=["state", "canceled_at", "canceled_by", "cancel_reason"])
        number = sum(_called_off(each, actor) for each in _still_waiting(row))
        audit_record(
            actor=actor.name, action="panel.cancel", object_type="panel", object_id=row.pk,
            changes={"state": [before, row.state], "told": number},
        )  # fmt: skip
        outbox_add("panel.canceled", {"panel": row.code, "program": row.program.slug})
    return row


def _still_waiting(row: Panel) -> list[Application]:
    rows = Application.objects.filter(panel=row, state__in=WAITING).select_for_update(of=("self",))
    return list(rows.select_related("enrollment__member", "panel__program").order_by("pk"))


def _called_off(each: Application, actor: Actor) -> bool:
    """Whoever said no, was too late, or has tested it has nothing to hear of it."""
    testing = Participation.objects.select_for_update().filter(application=each).first()
    if testing is not None:
        if testing.state not in (Testing.INVITED, Testing.ACCEPTED):
            return False
        testing.state, testing.closed_at = Testing.CANCELED, clock.now()
        testing.address, testing.country = "", ""
        testing.save(update_fields=["state", "closed_at", "address", "country"])
    each.state, each.place = State.CANCELED, None
    each.decided_at, each.decided_by = clock.now(), actor.name
    each.save(update_fields=["state", "place", "decided_at", "decided_by"])
    outbox_add("panel.called_off", told(each))
    return True
