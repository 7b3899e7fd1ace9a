"""The night's work of a program, in its fixed order, at each local midnight.

What waits becomes active; rewards that are due are issued; tiers whose time is over are looked at; points expire; tiers
that go by a balance follow; who loses a tier soon is told. A day that was missed is caught up in order, a day run twice
changes nothing: what is due is found by its date, and what was done is no longer due. Each chunk commits by itself, so
a killed run goes on where it stopped; JobRun.outcome says how far it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any
from zlib import crc32

import msgspec
from django.db import connection

from core import clock
from core.failpoint import failpoint
from core.tables import JobRun
from core.tenancy import current_schema
from loyalty import ledger
from loyalty.floors import floors_end
from loyalty.models import Program
from loyalty.rules.dates import day_start, local_day
from loyalty.selectors import program_state_of
from loyalty.tiernights import tiers_by_balance, tiers_end, tiers_notice
from loyalty.tierpreview import recalculations_run
from loyalty.versions import ProgramState

log = logging.getLogger(__name__)

JOB = "nightly"
LOTS_AT_ONCE = 5_000


class Night(msgspec.Struct, frozen=True):
    """One local day of a program: the state that it is judged by, and the instant at which it begins."""

    program: Program
    state: ProgramState
    day: date
    midnight: datetime


# Does a chunk at a time and yields how much that was; nothing when nothing is due.
Step = Callable[[Night], Iterator[int]]


class DayReport(msgspec.Struct):
    """What one day's run did. ran False: another process was at it, or the day was done before."""

    day: date
    lots: int = 0
    tiers: int = 0
    ran: bool = True


def _activate(night: Night) -> Iterator[int]:
    program_id = night.program.pk
    while moved := ledger.points_activate_batch(program_id=program_id, now=night.midnight, limit=LOTS_AT_ONCE):
        yield moved


def _expire(night: Night) -> Iterator[int]:
    program_id = night.program.pk
    while moved := ledger.points_settle_batch(program_id=program_id, now=night.midnight, limit=LOTS_AT_ONCE):
        yield moved


def _tiers(night: Night) -> Iterator[int]:
    yield from floors_end(night.state, night.midnight)
    yield from tiers_end(night.state, night.midnight)


def _balances(night: Night) -> Iterator[int]:
    return tiers_by_balance(night.state, night.midnight)


def _notices(night: Night) -> Iterator[int]:
    return tiers_notice(night.state, night.midnight)


# In this order, since the order changes outcomes. What a step's work counts as: lots, tiers, or by its own name.
STEPS: dict[str, list[Step]] = {
    "activate": [_activate],
    "rewards": [],
    "tiers": [_tiers],
    "expire": [_expire],
    "balances": [_balances],
    "notices": [_notices],
}
COUNTS = {"activate": "lots", "expire": "lots", "tiers": "tiers", "balances": "tiers"}


def night_step(name: str) -> Callable[[Step], Step]:
    """Another room's work within a step, done after what stands there already. Register from AppConfig.ready()."""

    def register(step: Step) -> Step:
        if step not in STEPS[name]:
            STEPS[name].append(step)
        return step

    return register


def nightly_run(*, program: Program, today: date | None = None) -> list[DayReport]:
    """Do every day that is due up to today (the program's local day), oldest first; one report per day."""
    state = program_state_of(program.pk)
    zone = state.at(clock.now()).zone
    last_day = today or local_day(clock.now(), zone)
    with _alone(program.slug) as alone:
        if not alone:
            return []
        recalculations_run(state)
        days = _days_due(program, last_day)
        return [_day_run(Night(program, state, day, day_start(day, zone))) for day in days]


def _days_due(program: Program, last_day: date) -> list[date]:
    """The days after the last finished one. A program's first night is today's."""
    finished = JobRun.objects.filter(job=JOB, scope=program.slug, finished_at__isnull=False)
    last = finished.order_by("-local_date").values_list("local_date", flat=True).first()
    first = last + timedelta(days=1) if last is not None else last_day
    return [first + timedelta(days=n) for n in range((last_day - first).days + 1)]


def _day_run(night: Night) -> DayReport:
    run, _made = JobRun.objects.get_or_create(
        job=JOB, scope=night.program.slug, local_date=night.day, defaults={"started_at": clock.now()}
    )
    outcome = _Outcome(run, _due(night))
    for name, steps in STEPS.items():
        for step in steps:
            for moved in step(night):
                outcome.add(name, moved)
                failpoint("night.chunk")
        outcome.lap(name)
    outcome.finish()
    return DayReport(night.day, lots=outcome.told["lots"], tiers=outcome.told["tiers"])


class _Outcome:
    """How far the run is, kept in its row after every chunk; a run that is taken up again goes on counting."""

    def __init__(self, run: JobRun, due: int) -> None:
        self.run = run
        self.begun = monotonic()
        self.told: dict[str, Any] = {"lots": 0, "tiers": 0, "done": 0, **run.outcome}
        self.told["due"] = self.told["done"] + due

    def add(self, step: str, moved: int) -> None:
        name = COUNTS.get(step, step)
        self.told[name] = self.told.get(name, 0) + moved
        self.told["done"] += moved
        self.told["step"] = step
        # What comes up on the way (a tier that ends twice) wasn't foreseen: never more than all but done.
        self.told["percent"] = min(99, self.told["done"] * 100 // max(1, self.told["due"]))
        self.run.outcome = self.told
        self.run.save(update_fields=["outcome"])

    def lap(self, step: str) -> None:
        """How long a step took is what says where a slow night goes."""
        now = monotonic()
        self.told.setdefault("seconds", {})[step] = round(now - self.begun, 2)
        self.begun = now

    def finish(self) -> None:
        self.told["percent"] = 100
        self.told.pop("step", None)
        self.run.finished_at, self.run.outcome = clock.now(), self.told
        self.run.save(update_fields=["finished_at", "outcome"])


_DUE = """
SELECT (SELECT count(*) FROM loyalty_pointslot WHERE active_at IS NULL AND activates_at <= %(now)s)
     + (SELECT count(*) FROM loyalty_pointslot WHERE remaining > 0 AND expires_at <= %(now)s)
     + (SELECT count(*) FROM loyalty_tierstanding WHERE valid_until <= %(now)s)
"""


def _due(night: Night) -> int:
    """About how much there is to do: of the whole brand, since it is for the percentage alone."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": night.midnight})
        row = cursor.fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _alone(scope: str) -> Iterator[bool]:
    """Hold the program's night for this process; False when another holds it. The lock ends with the connection."""
    key = crc32(f"{current_schema()}/{JOB}/{scope}".encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        row = cursor.fetchone()
        held = bool(row and row[0])
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
