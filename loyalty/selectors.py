"""What pages, the API and the admin read of loyalty. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from core import clock
from core.errors import InvalidInput
from loyalty.definition.basics import LocalText
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.currencies import Lost, Regrant
from loyalty.definition.document import Document
from loyalty.definition.expiry import After
from loyalty.definition.translation import text_in
from loyalty.models import Enrollment, PointsAccount, PointsEntry
from loyalty.rules.dates import expiry_at, local_day
from loyalty.versions import ProgramState, programs, programs_fresh


class Balance(msgspec.Struct, frozen=True):
    """One currency's points in minor units; scale says how many digits to show.

    balance: to spend now; what is due to expire is out already, what is due to become active is in. expiring: what goes
    next, at expiring_at; 0 and None when nothing does.
    """

    currency: str
    name_one: LocalText
    name_many: LocalText
    symbol: str
    scale: int
    spendable: bool
    balance: int
    pending: int
    reserved: int
    debt: int
    expiring: int
    expiring_at: datetime | None


_BALANCES = """
SELECT a.currency, a.balance, a.pending, a.reserved, a.debt, d.expired, d.woken, d.missed, h.back, h.gone, n.points,
       n.expires_at
FROM loyalty_pointsaccount a
CROSS JOIN LATERAL (
    SELECT coalesce(sum(remaining) FILTER (WHERE expires_at <= %(now)s AND active_at IS NOT NULL), 0) AS expired,
           coalesce(sum(remaining) FILTER (WHERE active_at IS NULL AND activates_at <= %(now)s), 0) AS woken,
           coalesce(sum(remaining) FILTER (WHERE active_at IS NULL AND expires_at <= %(now)s), 0) AS missed
    FROM loyalty_pointslot WHERE account_id = a.id AND remaining > 0
) d
CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.points), 0) AS back,
           coalesce(sum(t.points) FILTER (WHERE l.expires_at <= %(now)s AND o.regrant_until IS NULL), 0) AS gone
    FROM loyalty_pointshold o JOIN loyalty_holdlot t ON t.hold_id = o.id
    JOIN loyalty_pointslot l ON l.entry_id = t.lot_id
    WHERE o.account_id = a.id AND o.state = 'held' AND o.expires_at <= %(now)s
) h
LEFT JOIN LATERAL (
    SELECT sum(remaining) AS points, expires_at FROM loyalty_pointslot
    WHERE account_id = a.id AND remaining > 0 AND active_at IS NOT NULL AND expires_at > %(now)s
    GROUP BY expires_at ORDER BY expires_at LIMIT 1
) n ON true
WHERE a.enrollment_id = (SELECT coalesce(pool_id, id) FROM loyalty_enrollment WHERE id = %(enrollment)s) ORDER BY a.id
"""


class PlaceRow(msgspec.Struct, frozen=True):
    """What reads need of an enrollment, without its model. pk: its id; stamp: the program's, as just read."""

    pk: int
    member: UUID
    program_id: int
    slug: str
    stamp: int


Place = Enrollment | PlaceRow


def program_state_of(program_id: int, stamp: int | None = None) -> ProgramState:
    """stamp: the program's as just read; while the cached state has the same, it isn't asked for again."""
    if stamp is not None:
        for known in programs().values():
            if known.id == program_id and known.stamp == stamp:
                return known
    return next(each for each in programs_fresh().values() if each.id == program_id)


def program_now(program_id: int, stamp: int | None = None) -> CompiledProgram:
    """The version of the program that is in force now, compiled."""
    return program_state_of(program_id, stamp).at(clock.now())


def program_of(place: Place) -> CompiledProgram:
    """The program of a place as it is in force now."""
    return program_now(place.program_id, place.stamp if isinstance(place, PlaceRow) else None)


def document_now(program_id: int) -> Document:
    """The published document that is in force now."""
    return program_now(program_id).document


def regrant_end(program_id: int, policy: Lost | Regrant, *, at: datetime | None = None) -> datetime | None:
    """Until when points that come back past their expiry are given again, by local days; None: they stay lost.

    at: when they come back, now unless it is said.
    """
    if isinstance(policy, Lost):
        return None
    zone = program_now(program_id).zone
    return expiry_at(After(n=policy.days, unit="days"), local_day(at or clock.now(), zone), zone)


def accounts_of(enrollment: Place) -> QuerySet[PointsAccount]:
    """The accounts that the member's points are in: their own, or those of whom they share with."""
    holder = Enrollment.objects.filter(pk=enrollment.pk).values(holder=Coalesce("pool_id", "pk"))
    return PointsAccount.objects.filter(enrollment_id=Subquery(holder)).order_by("pk")


def account_of(enrollment: Enrollment, currency: str) -> PointsAccount:
    """The account of that currency. InvalidInput where the program has no such currency."""
    found = accounts_of(enrollment).filter(currency=currency).first()
    if found is None:
        raise InvalidInput(_("The program has no such point currency."), field="currency")
    return found


def balances_of(place: Place) -> list[Balance]:
    """What the member has, in the order of the program's currencies. One query, no sum over the ledger."""
    document = program_of(place).document
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, {"now": clock.now(), "enrollment": place.pk})
        return _balances(document, {row[0]: row[1:] for row in cursor.fetchall()})


def balances_named(named: Mapping[str, object], program: str | None) -> tuple[PlaceRow, list[Balance]] | None:
    """The same for the member who is named by public_id or external_id, in the program or in the only one, and whose
    place that is. One call; None unless exactly one place is meant."""
    with connection.cursor() as cursor:
        public_id, external_id = named_texts(named)
        params: list[Any] = [public_id, external_id, program, clock.now().isoformat()]
        cursor.execute("SELECT balances_told(%s, %s, %s, %s)", params)
        [told] = cursor.fetchone()
    if told is None:
        return None
    lines, back = _BALANCES_TOLD.decode(told)
    place = PlaceRow(*lines[0][:5])
    rows = {line[5]: (*line[6:13], *back.get(line[5] or "", (0, 0)), *line[13:]) for line in lines}
    return place, _balances(program_of(place).document, rows)


def named_texts(named: Mapping[str, object]) -> tuple[str | None, str | None]:
    """public_id and external_id as a statement's text takes them; a UUID that goes there as such takes longer."""
    public_id, external_id = named.get("public_id"), named.get("external_id")
    return str(public_id) if public_id is not None else None, str(external_id) if external_id is not None else None


# See loyalty/sql/0034_reads_as_text.sql. A place without an account has a line without a currency.
_Number = int | None
_Line = tuple[
    int, UUID, int, str, int, str | None, _Number, _Number, _Number, _Number, _Number, _Number, _Number, _Number,
    datetime | None,
]  # fmt: skip
_BALANCES_TOLD = msgspec.json.Decoder(tuple[list[_Line], dict[str, tuple[int, int]]])


def _balances(document: Document, rows: Mapping[str | None, Sequence[Any]]) -> list[Balance]:
    """rows: currency → what _BALANCES reads of it."""
    found: list[Balance] = []
    for currency in document.currencies:
        balance, pending, reserved, debt, expired, woken, missed, back, gone, expiring, at = rows.get(
            currency.code, (0,) * 10 + (None,)
        )
        # What becomes active pays the debt first; of what is left, those whose last day is over too have expired.
        paid = min(debt, woken)
        expired += max(0, missed - paid)
        # And what comes back from holds whose time is up pays what debt is left.
        returned = min(debt - paid, back - gone)
        found.append(
            Balance(
                currency=currency.code,
                name_one=currency.name_one,
                name_many=currency.name_many,
                symbol=currency.symbol,
                scale=currency.scale,
                spendable=currency.kind != "qualifying",
                balance=int(balance - expired + woken - paid + back - gone - returned),
                pending=int(pending - woken),
                reserved=int(reserved - back),
                debt=int(debt - paid - returned),
                expiring=int(expiring or 0),
                expiring_at=at,
            )
        )
    return found


def entries_of(enrollment: Enrollment) -> QuerySet[PointsEntry]:
    """A member's ledger lines, newest first."""
    return (
        PointsEntry.objects.filter(account__in=accounts_of(enrollment))
        .select_related("account", "event")
        .order_by("-id")
    )


def reason_in(entry: PointsEntry, language: str) -> str:
    """The plain-word reason of a line, as it was told on the day."""
    told: dict[str, Any] = entry.reason or {}
    return text_in({key: str(value) for key, value in told.items()}, language) if told else entry.get_kind_display()
