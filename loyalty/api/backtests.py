"""Backtests over REST: ask for one, watch it, call it off, read its report."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from django.db.models import QuerySet, Sum
from django.http import HttpResponse
from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.shapes import Body
from core.api.views import ApiView, answer
from core.errors import NotFound
from core.idempotency import Reply
from loyalty.api import examples
from loyalty.api.programs import program_by_slug
from loyalty.backtests.report import BacktestReport
from loyalty.backtests.service import MOST_MONTHS, backtest_cancel, backtest_start
from loyalty.models import BacktestRun

TAG = "Programs"
State = Literal["queued", "running", "done", "failed", "canceled"]
path_parameter(
    "backtest",
    description="The backtest's id.",
    schema={"type": "string", "format": "uuid"},
    example=examples.BACKTEST["id"],
)


class BacktestCreate(Body):
    """By the draft, as it would be published, unless `version` names a published one."""

    months: Annotated[int, Meta(ge=1, le=MOST_MONTHS, description="How far to look back.")]
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class BacktestOut(Struct):
    """done of total: members that have been counted. events: of the period, so far."""

    id: UUID
    program: str
    version: Annotated[int | None, Meta(description="What is tested; null for the draft as it was then.")]
    months: int
    since: datetime
    until: datetime
    state: State
    done: int
    total: int
    events: int
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    problem: Annotated[str, Meta(description="Why it failed.")]


class BacktestDetail(BacktestOut):
    """report: null until it is done. Points in minor units of their currency."""

    report: BacktestReport | None


class BacktestsView(ApiView):
    scopes = {"GET": "programs:read", "POST": "programs:backtest"}

    @describe(
        summary="Start a backtest",
        tag=TAG,
        body=BacktestCreate,
        answers={201: BacktestOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": examples.BACKTEST_CREATE, "201": examples.BACKTEST},
    )
    def post(self, request: Any, program: str) -> HttpResponse:
        """What the draft or a version would have given over the last months, beside what really happened.

        Counted in the background; read it again until its state is `done`. One at a time for each program. Nothing is
        written but the report.
        """
        body = self.read_body(BacktestCreate)
        return self.once(
            lambda: self._start(program, body),
            required=False,
            location=lambda made: f"/api/v1/programs/{program}/backtests/{made['id']}",
        )

    def _start(self, program: str, body: BacktestCreate) -> Reply:
        run = backtest_start(
            program=program_by_slug(program), months=body.months, version=body.version, actor=self.principal.actor
        )
        return 201, msgspec.to_builtins(backtest_out(runs_of(program).get(pk=run.pk)))

    @describe(
        summary="List backtests",
        tag=TAG,
        answers={200: BacktestOut},
        page=True,
        examples={"200": examples.BACKTESTS},
    )
    def get(self, request: Any, program: str) -> HttpResponse:
        """Newest first, in pages."""
        program_by_slug(program)
        return answer(200, page_of(runs_of(program), self.http).body(backtest_out))


class BacktestView(ApiView):
    scopes = {"GET": "programs:read", "DELETE": "programs:backtest"}

    @describe(
        summary="Read a backtest and its report",
        tag=TAG,
        answers={200: BacktestDetail},
        examples={"200": examples.BACKTEST_DETAIL},
    )
    def get(self, request: Any, program: str, backtest: UUID) -> HttpResponse:
        """How far it is and, when it is done, every figure beside what really happened."""
        run = run_get(program, backtest)
        return answer(200, {**msgspec.to_builtins(backtest_out(run)), "report": run.report})

    @describe(
        summary="Cancel a backtest",
        tag=TAG,
        answers={200: BacktestOut},
        refusals=(409,),
        examples={"200": {**examples.BACKTEST, "state": "canceled", "finished_at": "2026-11-14T09:06:00Z"}},
    )
    def delete(self, request: Any, program: str, backtest: UUID) -> HttpResponse:
        """It stops within seconds. 409 when it is over."""
        run = run_get(program, backtest)
        backtest_cancel(run=run, actor=self.principal.actor)
        return answer(200, backtest_out(run_get(program, backtest)))


def runs_of(program: str) -> QuerySet[BacktestRun]:
    found: QuerySet[BacktestRun] = (
        BacktestRun.objects.filter(program__slug=program)
        .select_related("program")
        .defer("document")
        .annotate(done=Sum("parts__done"), total=Sum("parts__total"), events=Sum("parts__events"))
    )
    return found


def run_get(program: str, backtest: UUID) -> BacktestRun:
    program_by_slug(program)
    run = runs_of(program).filter(pk=backtest).first()
    if run is None:
        raise NotFound(_("There is no such backtest."), field="backtest")
    return run


def backtest_out(run: BacktestRun) -> BacktestOut:
    return BacktestOut(
        id=run.pk,
        program=run.program.slug,
        version=run.version,
        months=run.months,
        since=run.since,
        until=run.until,
        state=run.state,  # type: ignore[arg-type]  # one of the model's choices
        done=run.done or 0,  # type: ignore[attr-defined]  # annotated
        total=run.total or 0,  # type: ignore[attr-defined]  # annotated
        events=run.events or 0,  # type: ignore[attr-defined]  # annotated
        asked_at=run.asked_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        problem=_(run.problem) if run.problem else "",
    )
