"""What testers answered, for partners whose key is let read it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from msgspec import Struct

from core.api.pagination import page_of
from core.api.schema import describe
from core.api.thin import ThinView
from core.api.views import answer
from panels.api import examples
from panels.api.shapes import TAG, ProgramQuery, named
from panels.models import Panel, Participation
from panels.results import Tally, tallies
from panels.selectors import spec_of


class AnswersOut(Struct):
    """answers: by the codes of the panel's `questions`. Pictures stay with the brand's own team."""

    tester: UUID
    member_id: UUID
    answered_at: datetime
    answers: dict[str, Any]


class TallyOut(Struct):
    """counts: an option's code, or a number of the scale → how often. mean: of a scale."""

    code: str
    kind: str
    answered: int
    counts: dict[str, int]
    mean: float | None


class ResultsOut(Struct):
    """answered: how many questionnaires were sent. questions: those that can be counted."""

    panel: str
    answered: int
    questions: list[TallyOut]


class AnswersView(ThinView):
    scopes = {"GET": "panels:answers"}

    @describe(
        summary="Read testers' answers",
        tag=TAG,
        query=ProgramQuery,
        answers={200: AnswersOut},
        page=True,
        refusals=(404,),
        examples={"200": examples.ANSWERS},
    )
    def get(self, request: HttpRequest, panel: str) -> HttpResponse:
        """Newest tester first, in pages: questionnaires that were sent, not drafts."""
        rows = answered_of(named(panel, self.read_query(ProgramQuery).program))
        return answer(200, page_of(rows, request).body(answers_out))


class ResultsView(ThinView):
    scopes = {"GET": "panels:answers"}

    @describe(
        summary="Read a panel's figures",
        tag=TAG,
        query=ProgramQuery,
        answers={200: ResultsOut},
        refusals=(404,),
        examples={"200": examples.RESULTS},
    )
    def get(self, request: HttpRequest, panel: str) -> HttpResponse:
        """Question by question, without anybody's name: how often each option, the mean of a scale."""
        row = named(panel, self.read_query(ProgramQuery).program)
        found = list(answered_of(row).values_list("answers", flat=True))
        told = [tally_out(each) for each in tallies(spec_of(row).questions, found)]
        return answer(200, ResultsOut(row.code, len(found), told))


def answered_of(row: Panel) -> QuerySet[Participation]:
    rows = Participation.objects.filter(application__panel=row, answered_at__isnull=False)
    return rows.select_related("application__enrollment__member")


def answers_out(row: Participation) -> AnswersOut:
    assert row.answered_at is not None
    return AnswersOut(row.pk, row.application.enrollment.member.public_id, row.answered_at, row.answers)


def tally_out(tally: Tally) -> TallyOut:
    return TallyOut(tally.code, tally.kind, tally.answered, tally.counts, tally.mean)
