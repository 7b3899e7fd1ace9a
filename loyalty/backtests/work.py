"""Working through a backtest: each part by a process of its own, a few seconds at a time, from where it stands.

A task does not hold a worker for long: it saves what it has counted and sends the next one, so that mails and webhooks
get their turn between. A part whose process died is taken up again at its last save, and counted on from there.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from time import monotonic
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from core import clock
from loyalty.backtests.feed import Person, chunks, nights_of
from loyalty.backtests.memory import DRAFT_ID, ReplayState, Setting, setting_of
from loyalty.backtests.ranking import recalculations_of
from loyalty.backtests.replay import Replay
from loyalty.backtests.report import report_make
from loyalty.backtests.tally import Tally, tally_of
from loyalty.backtests.waking import part_wake
from loyalty.definition.compile import compile_program
from loyalty.definition.read import document_shape
from loyalty.models import BacktestPart, BacktestRun
from loyalty.selectors import program_state_of
from loyalty.versions import ALWAYS, ProgramState, VersionRow

log = logging.getLogger(__name__)

SAVE_SECONDS, TURN_SECONDS = 2.0, 8.0
STALE = timedelta(seconds=60)
MOST_DEATHS = 3
FAILED = gettext_noop("The backtest stopped at a fault on our side. Start it again; if it fails again, tell us.")
DIED = gettext_noop("The process that counted it stopped several times. Start it again.")


class TakenAway(Exception):
    """The run was canceled, or another process took the part: what was counted since the last save is let go."""


def part_work(*, part_id: int) -> None:
    """A turn at a part: a few seconds, then the next turn is sent. Nothing when somebody else is at it."""
    part = _claim(part_id)
    if part is None:
        return
    try:
        if not _turn(part):
            part_wake(part.pk)
            return
        if _finish_part(part):
            run_finish(run_id=part.run_id)
    except TakenAway:
        return
    except Exception:
        log.exception("a backtest failed: run %s, part %d", part.run_id, part.number)
        run_fail(run_id=part.run_id, problem=FAILED)


def run_fail(*, run_id: UUID, problem: str) -> None:
    BacktestRun.objects.filter(pk=run_id, state__in=["queued", "running"]).update(
        state=BacktestRun.State.FAILED, problem=problem, finished_at=clock.now()
    )


def run_finish(*, run_id: UUID) -> None:
    """All parts are counted: the report, once."""
    run = BacktestRun.objects.select_related("program").get(pk=run_id)
    if run.state != BacktestRun.State.RUNNING:
        return
    tally = Tally()
    for part in run.parts.order_by("number"):
        tally.merge(tally_of(part.tally))
    report = msgspec.to_builtins(report_make(run, tally))
    with transaction.atomic():
        done = BacktestRun.objects.filter(pk=run_id, state=BacktestRun.State.RUNNING).update(
            state=BacktestRun.State.DONE, report=report, finished_at=clock.now()
        )
        if done:
            run.parts.update(tally={})


def runs_sweep() -> int:
    """Parts that nobody is at and nobody finished are sent again. How many."""
    before = clock.now() - STALE
    sent = 0
    for run in BacktestRun.objects.filter(state__in=["queued", "running"], asked_at__lt=before):
        parts = list(run.parts.order_by("number"))
        if all(part.finished_at is not None for part in parts):
            if max(part.finished_at for part in parts if part.finished_at is not None) < before:
                run_finish(run_id=run.pk)
            continue
        for part in parts:
            if part.finished_at is None and (part.beat_at is None or part.beat_at < before):
                sent += _again(part)
    return sent


def _again(part: BacktestPart) -> int:
    if part.beat_at is not None:
        if part.deaths + 1 >= MOST_DEATHS:
            run_fail(run_id=part.run_id, problem=DIED)
            return 0
        BacktestPart.objects.filter(pk=part.pk, claims=part.claims).update(deaths=F("deaths") + 1, beat_at=None)
    part_wake(part.pk)
    return 1


# --- one turn --------------------------------------------------------------------------------------------------------
def _claim(part_id: int) -> BacktestPart | None:
    """Take the part if nobody has it; its run is running from then on."""
    now = clock.now()
    with transaction.atomic():
        free = BacktestPart.objects.filter(pk=part_id, finished_at__isnull=True, beat_at__isnull=True)
        if not free.update(beat_at=now, claims=F("claims") + 1):
            return None
        part = BacktestPart.objects.select_related("run", "run__program").get(pk=part_id)
        BacktestRun.objects.filter(pk=part.run_id, state=BacktestRun.State.QUEUED).update(
            state=BacktestRun.State.RUNNING, started_at=now
        )
        part.run.refresh_from_db(fields=["state"])
    return part if part.run.state == BacktestRun.State.RUNNING else None


def _turn(part: BacktestPart) -> bool:
    """Count on from where the part stands; True at its end."""
    setting, tally = _setting(part.run), tally_of(part.tally)
    begun = saved = monotonic()
    run = part.run
    scope = {"program_id": run.program_id, "since": run.since, "until": run.until}
    number, parts = part.number, run.parts.count()
    for found in chunks(**scope, part=number, parts=parts, after=part.after):  # type: ignore[arg-type]  # the scope's values, by name
        for person in found:
            person_count(setting, person, tally)
            part.after, part.done = person.enrollment, part.done + 1
            now = monotonic()
            if now - begun > TURN_SECONDS:
                _save(part, tally, leave=True)
                return False
            if now - saved > SAVE_SECONDS:
                _save(part, tally)
                saved = now
    _save(part, tally)
    return True


def _setting(run: BacktestRun) -> Setting:
    state = program_state_of(run.program_id)
    compiled = compile_program(document_shape(run.document))
    number = run.version or 0
    row = next((each for each in (*state.versions, *state.withdrawn) if each.number == number), None)
    fields = {name: getattr(state, name) for name in ProgramState.__struct_fields__}
    trial = ReplayState(
        **fields,
        since=run.since,
        row=row or VersionRow(DRAFT_ID, 0, ALWAYS, bytes(run.document_hash)),
        compiled=compiled,
    )
    return setting_of(trial, run.until, nights_of(state.slug, compiled), recalculations_of(trial, run.until))


def person_count(setting: Setting, person: Person, tally: Tally) -> None:
    """Replay one member and add what the window came to."""
    replay = Replay(setting, person.member, person.accounts, person.enrolled_at, tally, person.given)
    replay.run(person.events, person.hands)
    earning = earned = False
    for code, purse in replay.purses.items():
        account = purse.account
        for kind, points in (("balance", account.balance), ("pending", account.pending), ("debt", account.debt)):
            if points:
                tally.add(tally.holdings, code, kind, points)
        issued, reversed_ = person.really.get(code, (0, 0))
        earning, earned = earning or code in replay.net, earned or issued > 0
        known = setting.state.compiled.currencies.get(code)
        if code in replay.net or issued or reversed_:
            one = known.one if known is not None else 1
            tally.difference(code, one, person.member.public_id, replay.net.get(code, 0), issued - reversed_)
    for standing in replay.place.standings:
        tally.add(tally.tiers, standing.ladder, standing.tier)
    people = tally.people
    people["members"] = people.get("members", 0) + 1
    people["earning"] = people.get("earning", 0) + earning
    people["earned"] = people.get("earned", 0) + earned


def _save(part: BacktestPart, tally: Tally, *, leave: bool = False) -> None:
    """Keep what has been counted. TakenAway when the run is over or somebody else has the part."""
    kept = BacktestPart.objects.filter(
        pk=part.pk, claims=part.claims, finished_at__isnull=True, run__state=BacktestRun.State.RUNNING
    ).update(
        done=part.done,
        after=part.after,
        events=tally.events,
        tally=msgspec.to_builtins(tally),
        beat_at=None if leave else clock.now(),
    )
    if not kept:
        raise TakenAway


def _finish_part(part: BacktestPart) -> bool:
    """The part is counted. Whether it was the last one."""
    with transaction.atomic():
        BacktestRun.objects.select_for_update(no_key=True).get(pk=part.run_id)
        BacktestPart.objects.filter(pk=part.pk, claims=part.claims).update(finished_at=clock.now())
        return not BacktestPart.objects.filter(run_id=part.run_id, finished_at__isnull=True).exists()
