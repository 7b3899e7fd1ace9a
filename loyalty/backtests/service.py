"""Asking for a backtest, and calling it off. The work is in work.py, done by tasks."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.errors import InvalidInput, NotFound
from loyalty.backtests.waking import part_wake
from loyalty.definition.document import Document
from loyalty.definition.expiry import add_months
from loyalty.definition.limits import BudgetLimit, Limit
from loyalty.definition.read import document_hash, document_plain, document_shape
from loyalty.drafts import draft_checked
from loyalty.errors import BacktestOver, BacktestRunning, ProgramUnpublished
from loyalty.models import BacktestPart, BacktestRun, Program, ProgramVersion
from loyalty.rules.dates import day_start, local_day
from loyalty.selectors import program_state_of
from loyalty.versions import compiled_of

MOST_MONTHS = 36
PARTS = 2


def backtest_start(*, program: Program, months: int, version: int | None = None, actor: Actor) -> BacktestRun:
    """Ask what the draft, or a published version, would have given over the last months. Work starts after the commit.

    InvalidInput for months, NotFound for the version, ProgramInvalid for a draft that can't be published,
    ProgramUnpublished, BacktestRunning while another of the program isn't over.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise InvalidInput(_("Choose 1 to %(n)d months.") % {"n": MOST_MONTHS}, field="months")
    state = program_state_of(program.pk)
    if not state.versions:
        raise ProgramUnpublished(program=program.slug)
    document = _document(program, version)
    now, zone = clock.now(), state.at(clock.now()).zone
    with transaction.atomic():
        try:
            with transaction.atomic():
                run = BacktestRun.objects.create(
                    program=program,
                    version=version,
                    document=document_plain(document),
                    document_hash=document_hash(document),
                    months=months,
                    since=day_start(add_months(local_day(now, zone), -months), zone),
                    until=now,
                    asked_by=actor.name,
                    asked_at=now,
                )
        except IntegrityError as error:
            raise BacktestRunning() from error
        documents = [document, *(compiled_of(row).document for row in state.versions)]
        _parts(run, now, 1 if any(budgets_shared(each) for each in documents) else PARTS)
    return run


def backtest_cancel(*, run: BacktestRun, actor: Actor) -> BacktestRun:
    """Call it off: whoever is at it notices within seconds. BacktestOver when it is done, failed or canceled."""
    now = clock.now()
    with transaction.atomic():
        row = BacktestRun.objects.select_for_update(no_key=True).get(pk=run.pk)
        if not row.open:
            raise BacktestOver()
        row.state, row.finished_at = BacktestRun.State.CANCELED, now
        row.save(update_fields=["state", "finished_at"])
    return row


def _document(program: Program, version: int | None) -> Document:
    if version is None:
        return draft_checked(program)
    row = ProgramVersion.objects.filter(program=program, number=version).first()
    if row is None:
        raise NotFound(_("The program has no version %(n)d.") % {"n": version}, field="version")
    return document_shape(row.document)


def budgets_shared(document: Document) -> bool:
    """Whether a rule gives under a budget that all members share: then one process counts, with one budget."""
    lists: list[tuple[Limit, ...]] = [rule.limits for rule in document.rules]
    lists += [group.limits for group in document.cap_groups]
    lists += [currency.limits for currency in document.currencies]
    return any(isinstance(each, BudgetLimit) for limits in lists for each in limits)


def _parts(run: BacktestRun, now: datetime, parts: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id %% %s, count(*) FROM loyalty_enrollment WHERE program_id = %s AND enrolled_at < %s GROUP BY 1",
            [parts, run.program_id, now],
        )
        totals = dict(cursor.fetchall())
    for number in range(parts):
        part = BacktestPart.objects.create(run=run, number=number, total=totals.get(number, 0))
        part_wake(part.pk)
