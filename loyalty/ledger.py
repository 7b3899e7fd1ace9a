"""The only door to the functions that move points (loyalty/sql). Nothing else writes entries, lots or draws.

Times are passed in: the domain clock's, never the database's. Every function here runs in the caller's transaction or,
as a single statement, in its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import DatabaseError, OperationalError, connection, transaction
from psycopg import errors as pg

from core.actor import Actor
from core.errors import Busy
from core.flight import COMMIT, Flight
from loyalty.errors import HoldClosed, InsufficientPoints

NOT_ENOUGH, MISFIT, BUDGET_MOVED, CLOSED, MOVED = "SG001", "SG002", "SG003", "SG004", "SG005"


_LOCK = "SELECT version FROM loyalty_enrollment WHERE id = %s FOR NO KEY UPDATE"


class BrokenPromise(Exception):
    """A bug: a booking contradicted the lots it was judged on. Nothing was written."""


class Moved(Exception):
    """A member isn't as judged any more. Nothing was written; judge again."""


class BudgetMoved(Exception):
    """Others used a budget up since it was read. Nothing was written; judge again on what is left."""


def entry_fields(*, kind: str, actor: Actor, effect: str, reason: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """The JSON that points_entry() takes; see loyalty/sql/0001_points.sql for the names in `more`."""
    return {
        "kind": kind,
        "effect": effect,
        "reason": dict(reason),
        "source": actor.source,
        "initiated_by": actor.initiated_by,
        "actor": actor.name,
        **more,
    }


def _call(sql: str, params: Sequence[Any]) -> Any:
    """One function call, one value. Raises as told() says."""
    with told(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
        return row[0] if row else None


@contextmanager
def told() -> Iterator[None]:
    """Translates what the database refuses; a wait that was too long becomes Busy."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, pg.LockNotAvailable | pg.DeadlockDetected):
            raise Busy() from error
        raise
    except DatabaseError as error:
        cause = error.__cause__
        state = getattr(cause, "sqlstate", None)
        if state == NOT_ENOUGH and isinstance(cause, pg.Error):
            raise InsufficientPoints(balance=int(cause.diag.message_detail or 0)) from error
        if state == MOVED:
            raise Moved(str(cause)) from error
        if state == BUDGET_MOVED:
            raise BudgetMoved(str(cause)) from error
        if state == MISFIT:
            raise BrokenPromise(str(cause)) from error
        if state == CLOSED:
            raise HoldClosed() from error
        raise


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def points_spend(*, account_id: int, points: int, now: datetime, entry: Mapping[str, Any]) -> int:
    """Take points out of the account, soonest expiry first. Returns the entry's id. InsufficientPoints, Busy."""
    with transaction.atomic():
        spent: int = _call("SELECT points_spend(%s, %s, %s, %s::jsonb)", [account_id, points, now, _json(entry)])
    return spent


def points_give(*, account_id: int, points: int, now: datetime, entry: Mapping[str, Any]) -> int:
    """Put points into the account as a lot of their own, active at once. Returns the entry's id."""
    given: int = _call("SELECT points_give(%s, %s, %s, %s::jsonb)", [account_id, points, now, _json(entry)])
    return given


def points_undo_spend(*, spend_id: int, now: datetime, entry: Mapping[str, Any]) -> int:
    """Give a spend's points back to the lots that they came from. Returns the reversing entry's id."""
    undone: int = _call("SELECT points_undo_spend(%s, %s, %s::jsonb)", [spend_id, now, _json(entry)])
    return undone


def points_restore(*, enrollment_id: int, now: datetime, restore: Mapping[str, Any]) -> int:
    """Give a part of a spend back to the lots named; see book_restores() in loyalty/sql/0013_lots.sql for `restore`.

    Returns the reversing entry's id. The caller has worked the lots out under the member's lock.
    """
    with transaction.atomic():
        points_settle(enrollment_id=enrollment_id, now=now)
        _call("SELECT book_restores(%s::jsonb, %s)", [_json({"restores": [restore]}), now])
        entry: int = _call(
            "SELECT id FROM loyalty_pointsentry WHERE account_id = %s AND effect = %s",
            [restore["account"], restore["entry"]["effect"]],
        )
        # Whoever has judged on what was there before judges anew.
        _call(
            "WITH moved AS (UPDATE loyalty_enrollment e SET version = version + 1"
            " FROM (SELECT id, pool_id FROM loyalty_enrollment WHERE id = %s) m"
            " WHERE e.id IN (m.id, m.pool_id) RETURNING 1) SELECT count(*) FROM moved",
            [enrollment_id],
        )
    return entry


def points_hold(*, account_id: int, points: int, now: datetime, hold: Mapping[str, Any]) -> None:
    """Set points aside; hold: the columns of loyalty_pointshold. InsufficientPoints, Busy."""
    with transaction.atomic():
        _call("SELECT points_hold(%s, %s, %s, %s::jsonb)", [account_id, points, now, _json(hold)])


def points_hold_close(
    *,
    hold_id: UUID,
    take: int,
    state: str,
    regrant_until: datetime | None,
    now: datetime,
    entry: Mapping[str, Any],
) -> int | None:
    """Spend `take` of a hold and give the rest back. Returns the spend's entry, None when nothing is taken."""
    with transaction.atomic():
        spent: int | None = _call(
            "SELECT points_hold_close(%s, %s, %s, %s, %s, %s::jsonb)",
            [hold_id, take, state, regrant_until, now, _json(entry)],
        )
    return spent


def points_holds_sweep(*, now: datetime, limit: int) -> int:
    """Give back holds whose time is up, of up to `limit` members. 0: none is due."""
    swept: int = _call("SELECT points_holds_sweep(%s, %s)", [now, limit])
    return swept


def points_transfer(
    *, from_account: int, to_account: int, points: int, now: datetime, transfer: Mapping[str, Any]
) -> None:
    """Give points to another account of the program; see loyalty/sql/0011_transfer.sql. InsufficientPoints, Busy."""
    with transaction.atomic():
        _call(
            "SELECT points_transfer(%s, %s, %s, %s, %s::jsonb)",
            [from_account, to_account, points, now, _json(transfer)],
        )


def points_pour(*, from_account: int, to_account: int, now: datetime, transfer: Mapping[str, Any]) -> int:
    """Everything of an account into one that is shared; see loyalty/sql/0013_lots.sql. Returns how many points."""
    poured: int = _call("SELECT points_pour(%s, %s, %s, %s::jsonb)", [from_account, to_account, now, _json(transfer)])
    return poured


def points_keep(*, enrollment_id: int, member_id: int) -> int:
    """Lots there that wait for an event about an order of that member aren't off without it. How many; the caller has
    locked the enrollment."""
    kept: int = _call("SELECT points_keep(%s, %s)", [enrollment_id, member_id])
    return kept


def points_settle(*, enrollment_id: int, now: datetime) -> int:
    """Activate and expire what is due of one member, under the member's lock. Returns how many lots moved."""
    with transaction.atomic():
        enrollment_lock(enrollment_id)
        settled: int = _call("SELECT points_settle(%s, %s)", [enrollment_id, now])
    return settled


def lots_put_off(*, enrollment_id: int, now: datetime, days: int, zone: str) -> dict[int, datetime]:
    """What would end later than now in the member's own accounts ends so many local days later: entry → its new end.
    The caller has locked the enrollment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loyalty_pointslot l SET expires_at ="
            " ((l.expires_at AT TIME ZONE %(zone)s) + make_interval(days => %(days)s)) AT TIME ZONE %(zone)s"
            " FROM loyalty_pointsaccount a WHERE a.id = l.account_id AND a.enrollment_id = %(enrollment)s"
            " AND l.remaining + l.held > 0 AND l.expires_at > %(now)s RETURNING l.entry_id, l.expires_at",
            {"zone": zone, "days": days, "enrollment": enrollment_id, "now": now},
        )
        moved = dict(cursor.fetchall())
        _judged_anew(enrollment_id)
    return moved


def lots_pull_back(*, enrollment_id: int, ends: Mapping[int, datetime], days: int, zone: str) -> int:
    """So many local days sooner again, where the end is still the one named; how many. The caller has locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loyalty_pointslot l SET expires_at ="
            " ((l.expires_at AT TIME ZONE %(zone)s) - make_interval(days => %(days)s)) AT TIME ZONE %(zone)s"
            " FROM unnest(%(entries)s::bigint[], %(ends)s::timestamptz[]) AS k (entry, ends)"
            " WHERE l.entry_id = k.entry AND l.expires_at = k.ends",
            {"zone": zone, "days": days, "entries": list(ends), "ends": list(ends.values())},
        )
        moved = int(cursor.rowcount)
        _judged_anew(enrollment_id)
    return moved


def _judged_anew(enrollment_id: int) -> None:
    """Whoever judged on the lots as they were has to look again."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE loyalty_enrollment SET version = version + 1 WHERE id = %s", [enrollment_id])


def points_activate_batch(*, program_id: int, now: datetime, limit: int) -> int:
    """Let what is due become active, for up to `limit` lots of a program; how many, 0 when none is due."""
    with transaction.atomic():
        woken: int = _call("SELECT points_activate_batch(%s, %s, %s)", [program_id, now, limit])
    return woken


def points_settle_batch(*, program_id: int, now: datetime, limit: int) -> int:
    """Activate and expire what is due of up to `limit` accounts. 0 when nothing is due."""
    settled: int = _call("SELECT points_settle_batch(%s, %s, %s)", [program_id, now, limit])
    return settled


def enrollment_lock(enrollment_id: int) -> int:
    """Lock a member's place in a program until the transaction ends; returns its version. Busy after lock_timeout.

    Where the member shares an account its head's place is locked with it, in order of id.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a lock outside a transaction holds nothing")
    pool = _call("SELECT pool_id FROM loyalty_enrollment WHERE id = %s", [enrollment_id])
    versions = {each: _call(_LOCK, [each]) for each in sorted({enrollment_id, pool} - {None})}
    if _call("SELECT pool_id FROM loyalty_enrollment WHERE id = %s", [enrollment_id]) != pool:
        raise Busy()  # joined or left in between; nothing was written
    return int(versions[enrollment_id])


def enrollments_lock(enrollment_ids: Iterable[int]) -> None:
    """Lock several members' places, in the one order that everybody locks in."""
    wanted = set(enrollment_ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pool_id FROM loyalty_enrollment WHERE id = ANY (%s)", [list(wanted)])
        wanted |= {row[0] for row in cursor.fetchall() if row[0] is not None}
    for enrollment_id in sorted(wanted):
        _call(_LOCK, [enrollment_id])


def batch_book(*, members: Sequence[tuple[int, int]], now: datetime, plan: Mapping[str, Any]) -> list[int]:
    """Book a judged batch, whole or not at all: [] when booked, else the enrollments whose version has moved.

    members: (enrollment id, version that was judged). plan: lists of rows by table as loyalty/booking.py makes them.
    IntegrityError on event_once or order_once when a twin was booked meanwhile; BudgetMoved.
    """
    call = "loyalty_book_budgeted" if "budgets" in plan else "loyalty_book"
    # One statement is a transaction of its own; within a caller's, a refusal must leave that one usable.
    with transaction.atomic() if connection.in_atomic_block else nullcontext(), told():
        answer = Flight(_booking(call, members, now, plan)).land()
    stale: list[int] = msgspec.json.decode(answer).get("stale", [])
    return stale


def batch_send(*, members: Sequence[tuple[int, int]], now: datetime, plan: Mapping[str, Any]) -> Callable[[], None]:
    """The same, and the commit of the caller's transaction, without waiting. What comes back must be called whatever
    happens, and nothing else may use the connection until then: it waits, and raises as batch_book; Moved.

    plan: without budgets.
    """
    with told():
        flight = Flight(_booking("loyalty_book_or_fail", members, now, plan), (COMMIT, ()))

    def landed() -> None:
        with told():
            flight.land()

    return landed


def _booking(
    call: str, members: Sequence[tuple[int, int]], now: datetime, plan: Mapping[str, Any]
) -> tuple[str, list[bytes]]:
    ids, versions = ([each[place] for each in members] for place in (0, 1))
    params = [_array(ids), _array(versions), now.isoformat().encode(), msgspec.json.encode(plan)]
    return f"SELECT {call}($1::bigint[], $2::bigint[], $3::timestamptz, $4::jsonb)::text", params


def _array(numbers: Sequence[int]) -> bytes:
    return f"{{{','.join(map(str, numbers))}}}".encode()


def ledger_invariants(since: datetime | None = None) -> list[dict[str, Any]]:
    """Every row that breaks a promise of the ledger, as {"promise", "detail"}; empty when all is well."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT promise, detail::text FROM ledger_invariants(%s)", [since])
        return [{"promise": promise, "detail": msgspec.json.decode(detail)} for promise, detail in cursor.fetchall()]
