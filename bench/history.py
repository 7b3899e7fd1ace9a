"""A brand with months of booked events: some are really booked, the rest are copies of those, row by row, in SQL.

Booking a million takes minutes and isn't what is measured. A copy is a member of its own with everything that hangs on
it, so the ledger adds up for copies as it does for what they were copied from.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.db import connection

from bench.program import order
from bench.report import say
from core import clock
from core.actor import Actor
from core.tables import JobRun
from loyalty.ingest import event_ingest_raw
from loyalty.nightly import JOB

SHOP = Actor("partner", "api:bench", "shop")
AT_ONCE, EACH, RETURNED = 1000, 10, 20

# Columns of a copy that aren't as in the original; every other is. {k} is the copy's number.
UUID = "md5({column}::text || '-{k}')::uuid"
TEXT = "{column} || '-{k}'"
COPIED: Mapping[str, Mapping[str, str]] = {
    "members_member": {"id": "member", "public_id": UUID, "external_id": TEXT, "email": "'{k}-' || {column}"},
    "loyalty_enrollment": {"id": "place", "member_id": "member"},
    "loyalty_pointsaccount": {"id": "account", "enrollment_id": "place"},
    "loyalty_event": {
        "id": UUID,
        "member_id": "member",
        "external_id": TEXT,
        "payload": "CASE WHEN payload ? 'order'"
        " THEN jsonb_set(payload, '{{order,number}}', to_jsonb(payload#>>'{{order,number}}' || '-{k}'))"
        " ELSE jsonb_set(payload, '{{return,order}}', to_jsonb(payload#>>'{{return,order}}' || '-{k}')) END",
    },
    "loyalty_order": {"event_id": UUID, "number": TEXT, "member_id": "member"},
    "loyalty_pointsentry": {"id": "entry", "account_id": "account", "event_id": UUID, "reversal_of_id": "entry"},
    "loyalty_pointslot": {"entry_id": "entry", "account_id": "account"},
    "loyalty_lotdraw": {"id": "", "entry_id": "entry", "lot_id": "entry"},
    "loyalty_progresscounter": {"id": "", "enrollment_id": "place"},
    "loyalty_tierstanding": {"id": "", "enrollment_id": "place"},
    "loyalty_tierchange": {"id": "", "enrollment_id": "place", "event_id": UUID},
}
# What a copied event told the outside, as far back as the proof asks for it.
DELIVERED = """
INSERT INTO core_outboxmessage (topic, payload, created_at, available_at, delivered_at, attempts, last_error)
SELECT 'points.earned', jsonb_build_object('event_id', id), received_at, received_at, received_at, 1, ''
FROM loyalty_event WHERE member_id > %s
  AND received_at >= (SELECT max(received_at) FROM loyalty_event) - interval '7 days'
"""
KEYS = {
    "member": "members_member.id",
    "place": "loyalty_enrollment.id",
    "account": "loyalty_pointsaccount.id",
    "entry": "loyalty_pointsentry.id",
}


def history_make(*, members: int, copies: int, months: int) -> int:
    """Book EACH events of each of the brand's members over the months, then copy all. How many events there are."""
    now = datetime.now(UTC)
    begun = now - timedelta(days=30 * months - 1)
    step = (now - timedelta(hours=1) - begun) / (members * EACH)
    told = 0
    real = clock.now
    try:
        while told < members * EACH:
            at = begun + told * step
            clock.now = lambda at=at: at  # type: ignore[misc]  # mypy infers no lambda with a default
            # No member twice in a batch: copies of its rows have ids that aren't in order.
            batch = [_event(told + n, members, at) for n in range(min(AT_ONCE, members))]
            event_ingest_raw(batch, actor=SHOP)
            told += len(batch)
    finally:
        clock.now = real
    _nights(begun, now)
    for number in range(1, copies):
        _copy(number)
        if number % 10 == 0:
            say(f"  {(number + 1) * told:,} events")
    with connection.cursor() as cursor:
        cursor.execute(DELIVERED, [_offsets.get("member", 0)])
        for table in COPIED:
            cursor.execute(f"ANALYZE {table}")
        cursor.execute("SELECT count(*) FROM loyalty_event")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _event(number: int, members: int, at: datetime) -> dict[str, object]:
    """An order, and now and then the return of half of the member's order before."""
    round_, member = divmod(number, members)
    whose = {"external_id": f"c-{member + 1}"}
    if round_ and number % RETURNED == 0:
        back = {"return": {"order": f"H-{number - members}", "amount_minor": 1200}}
        return {
            "id": f"B-{number}",
            "type": "order.returned",
            "member": whose,
            "occurred_at": at.isoformat(),
            "data": back,
        }
    minor = 2500 + secrets.randbelow(9000)
    return order(f"H-{number}", whose, total_minor=minor, occurred_at=at.isoformat())


def _nights(begun: datetime, now: datetime) -> None:
    days = (now - begun).days
    JobRun.objects.bulk_create(
        [
            JobRun(
                job=JOB,
                scope="club",
                local_date=(begun + timedelta(days=n)).date(),
                started_at=begun + timedelta(days=n),
            )
            for n in range(days)
        ]
    )
    JobRun.objects.filter(job=JOB).update(finished_at=now)


_offsets: dict[str, int] = {}


def _copy(number: int) -> None:
    with connection.cursor() as cursor:
        if number == 1:
            for name, column in KEYS.items():
                table, _dot, key = column.partition(".")
                cursor.execute(f"SELECT max({key}) FROM {table}")
                row = cursor.fetchone()
                _offsets[name] = int(row[0]) if row else 0
        for table, changed in COPIED.items():
            cursor.execute(_statement(table, changed, number))


def _statement(table: str, changed: Mapping[str, str], number: int) -> str:
    """INSERT … SELECT of the originals, which are the rows that no copy has made: told by their keys or their text."""
    columns = [each for each in _columns(table) if changed.get(each) != ""]
    values = []
    for column in columns:
        how = changed.get(column)
        if how in KEYS:
            values.append(f"{column} + {number * _offsets[how]}")
        elif how:
            values.append(how.format(column=column, k=number))
        else:
            values.append(column)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table} WHERE {_original(table)}"
    )


def _original(table: str) -> str:
    if table in ("loyalty_event", "loyalty_order"):
        return f"member_id <= {_offsets['member']}"
    if table in ("loyalty_lotdraw", "loyalty_pointslot"):
        return f"entry_id <= {_offsets['entry']}"
    for column, name in (("enrollment_id", "place"), ("id", "")):
        if column in _columns(table):
            key = name or next(each for each, at in KEYS.items() if at == f"{table}.id")
            return f"{column} <= {_offsets[key]}"
    raise KeyError(table)


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [each.name for each in connection.introspection.get_table_description(cursor, table)]
