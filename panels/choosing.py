"""Who tests: chosen by hand, standing by, told no. The members' locks first, the panel's last:
it guards the units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from core import clock
from core.actor import Actor, system
from core.audit import audit_record
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.rules.dates import local_day
from loyalty.selectors import program_now
from members.models import Member
from panels.applying import told
from panels.errors import ApplicationDecided, ApplicationUnknown, NoUnitsLeft, PanelClosed, StillOpen
from panels.models import Application, Panel, Participation
from panels.selectors import FREE_AGAIN, spec_of

State = Application.State
FOLLOWED = system("panels")


def applications_select(
    *, panel: Panel, ids: Iterable[Any], actor: Actor, way: str = Application.Way.HAND
) -> list[Application]:
    """Choose these: each is invited. Chosen already: as they are. All or none.

    NoUnitsLeft when they are more than the products that are left, ApplicationUnknown, ApplicationDecided, PanelClosed
    before it opens or once it is canceled, Busy.
    """
    with transaction.atomic():
        rows = _locked(panel, ids)
        row = panel_locked(panel.pk)
        _begun(row)
        fresh = [each for each in rows if each.state != State.SELECTED]
        for each in fresh:
            decidable = (State.APPLIED, State.RESERVE) if row.state == Panel.State.OPEN else (State.RESERVE,)
            if each.state not in decidable or each.enrollment.member.status != Member.Status.ACTIVE:
                raise ApplicationDecided(state=each.state, application=str(each.pk))
        units_guard(row, len(fresh))
        for each in fresh:
            invite(row, each, actor=actor, way=way)
        _audit(row, "panel.select", actor, fresh)
    return rows


def applications_reserve(*, panel: Panel, ids: Sequence[Any], actor: Actor) -> list[Application]:
    """Let these stand by, in the order in which they are named, behind those who do. Errors as applications_select."""
    with transaction.atomic():
        rows = {each.pk: each for each in _locked(panel, ids)}
        row = panel_locked(panel.pk)
        _begun(row)
        place = last_place(row)
        fresh = [rows[pk] for pk in _unique(ids, rows) if rows[pk].state != State.RESERVE]
        for each in fresh:
            if each.state != State.APPLIED or row.state != Panel.State.OPEN:
                raise ApplicationDecided(state=each.state, application=str(each.pk))
            place += 1
            stand_by(each, place, actor=actor, way=Application.Way.HAND)
        _audit(row, "panel.reserve", actor, fresh)
    return list(rows.values())


def panel_settle(*, panel: Panel, actor: Actor) -> Panel:
    """The choosing is over: what is left goes to those who stand by, they and all others are told. Once.

    StillOpen before it closes.
    """
    with transaction.atomic():
        waiting = Application.objects.filter(panel=panel, state__in=(State.APPLIED, State.RESERVE))
        ledger.enrollments_lock(waiting.values_list("enrollment", flat=True))
        row = panel_locked(panel.pk)
        if row.state == Panel.State.SETTLED:
            return row
        _begun(row)
        if row.closes_at > clock.now():
            raise StillOpen(closes_at=row.closes_at.isoformat())
        now = clock.now()
        row.state, row.settled_at = Panel.State.SETTLED, now
        row.save(update_fields=["state", "settled_at"])
        while follow_on(row.pk) is not None:
            pass
        for each in waiting.select_related("enrollment__member", "panel__program").select_for_update(of=("self",)):
            if each.state == State.RESERVE:
                outbox_add("panel.reserve", told(each, place=each.place))
                continue
            each.state, each.decided_at, each.decided_by = State.NOT_SELECTED, now, actor.name
            each.save(update_fields=["state", "decided_at", "decided_by"])
            outbox_add("panel.not_selected", told(each))
        _audit(row, "panel.settle", actor, [])
        outbox_add("panel.settled", {"panel": row.code, "program": row.program.slug})
    return row


def follow_on(panel_id: int) -> Application | None:
    """A unit came free after the choosing: whoever stands by first is invited. Under another member's lock already, so
    one who is busy just now is left to the sweep."""
    row = panel_locked(panel_id)
    if row.state != Panel.State.SETTLED or units_left(row) < 1:
        return None
    rows = Application.objects.select_for_update(of=("self",), skip_locked=True)
    found = rows.filter(panel=row, state=State.RESERVE, enrollment__member__status=Member.Status.ACTIVE)
    first = found.select_related("enrollment__member", "panel__program").order_by("place", "applied_at").first()
    if first is not None:
        invite(row, first, actor=FOLLOWED, way=Application.Way.FOLLOWED)
    return first


def invite(row: Panel, each: Application, *, actor: Actor, way: str) -> Participation:
    """Chosen and invited. Under the panel's lock, with the guard passed."""
    now, spec = clock.now(), spec_of(row)
    each.state, each.way, each.decided_at, each.decided_by = State.SELECTED, way, now, actor.name
    each.save(update_fields=["state", "way", "decided_at", "decided_by"])
    made = Participation.objects.create(
        application=each, invited_at=now, accept_by=today_of(row) + timedelta(days=spec.accept_days)
    )
    outbox_add("panel.selected", told(each, accept_by=made.accept_by.isoformat()))
    return made


def stand_by(each: Application, place: int, *, actor: Actor, way: str) -> None:
    each.state, each.place, each.way = State.RESERVE, place, way
    each.decided_at, each.decided_by = clock.now(), actor.name
    each.save(update_fields=["state", "place", "way", "decided_at", "decided_by"])


def panel_locked(panel_id: int) -> Panel:
    """The panel as it stands; whoever holds it decides about its units. Busy after lock_timeout."""
    with ledger.told():
        return Panel.objects.select_for_update(of=("self",)).select_related("program").get(pk=panel_id)


def units_left(row: Panel) -> int:
    taken = Participation.objects.filter(application__panel=row).exclude(state__in=FREE_AGAIN).count()
    return row.units - taken


def units_guard(row: Panel, wanted: int) -> None:
    left = units_left(row)
    if wanted > left:
        raise NoUnitsLeft(left=max(0, left), wanted=wanted)


def last_place(row: Panel) -> int:
    found = Application.objects.filter(panel=row).aggregate(last=Max("place"))["last"]
    return found or 0


def today_of(row: Panel) -> date:
    return day_of(row, clock.now())


def day_of(row: Panel, moment: datetime) -> date:
    """The day that the program's clock shows at that moment."""
    return local_day(moment, program_now(row.program_id).zone)


def _locked(panel: Panel, ids: Iterable[Any]) -> list[Application]:
    try:
        wanted = list(dict.fromkeys(str(UUID(str(each))) for each in ids))
    except ValueError as error:
        raise ApplicationUnknown(field="applications") from error
    found = Application.objects.filter(panel=panel, pk__in=wanted)
    ledger.enrollments_lock(found.values_list("enrollment", flat=True))
    rows = found.select_for_update(of=("self",)).select_related("enrollment__member", "panel__program").order_by("pk")
    locked = list(rows)
    if len(locked) != len(wanted):
        raise ApplicationUnknown(field="applications")
    return locked


def _unique(ids: Sequence[Any], rows: dict[Any, Application]) -> list[Any]:
    by_name = {str(pk): pk for pk in rows}
    return [by_name[each] for each in dict.fromkeys(str(each) for each in ids)]


def _begun(row: Panel) -> None:
    if row.state == Panel.State.CANCELED or row.opens_at > clock.now():
        raise PanelClosed(opens_at=row.opens_at.isoformat(), closes_at=row.closes_at.isoformat())


def _audit(row: Panel, action: str, actor: Actor, rows: Sequence[Application]) -> None:
    audit_record(
        actor=actor.name, action=action, object_type="panel", object_id=row.pk,
        changes={"applications": [str(each.pk) for each in rows[:200]], "number": len(rows)},
    )  # fmt: skip
