"""A member's statement over the API: as JSON, or as the file that members and staff get."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from core.api.schema import describe
from core.api.thin import ThinView
from core.api.views import answer
from core.errors import InvalidInput
from loyalty.api import examples, moving_examples
from loyalty.api.places import place_of
from loyalty.api.shapes import LineOut, Points, line_out
from loyalty.models import LotDraw
from loyalty.statements import (
    MOST_LINES,
    CurrencyStatement,
    period_of,
    statement_file,
    statement_lines,
    statement_totals,
)

TAG = "Points"


class StatementFilters(Struct):
    """since, until: the first and the last day, by the program's time; this year up to today when nothing is said."""

    program: Annotated[str, Meta(max_length=40)] | None = None
    since: date | None = None
    until: date | None = None
    format: Literal["json", "csv"] = "json"


class StatementTotal(Struct):
    """opening + came − went = closing. Balance, pending and reserved together. debt: what is owed at the end."""

    currency: str
    scale: int
    opening: Points
    came: Points
    went: Points
    closing: Points
    debt: Points


class StatementOut(Struct):
    """lines: oldest first, by when they were written down."""

    member: UUID
    program: str
    since: date
    until: date
    totals: list[StatementTotal]
    lines: list[LineOut]


class StatementView(ThinView):
    scopes = {"GET": "ledger:read"}

    @describe(
        summary="Read a member's statement",
        tag=TAG,
        query=StatementFilters,
        answers={200: StatementOut},
        or_gives="text/csv",
        refusals=(422,),
        examples={"200": {**moving_examples.STATEMENT, "lines": [examples.ADJUSTMENT]}},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse | HttpResponseBase:
        """Of a period: what there was, every line with the lots behind it, what there is.

        `?format=csv` answers the lines as a file instead, however many there are.
        """
        asked = self.read_query(StatementFilters)
        place = place_of(member, asked.program)
        period = period_of(place, asked.since, asked.until)
        if asked.format == "csv":
            return statement_file(place, period)
        draws = Prefetch("draws", LotDraw.objects.select_related("lot").order_by("id"))
        lines = list(statement_lines(place, period).select_related("lot").prefetch_related(draws)[: MOST_LINES + 1])
        if len(lines) > MOST_LINES:
            raise InvalidInput(
                _("There are more than %(n)d lines: choose a shorter period, or format=csv.") % {"n": MOST_LINES},
                field="since",
            )
        return answer(
            200,
            StatementOut(
                member=place.member.public_id,
                program=place.program.slug,
                since=period.first,
                until=period.last,
                totals=[_total(each) for each in statement_totals(place, period)],
                lines=[line_out(each) for each in lines],
            ),
        )


def _total(each: CurrencyStatement) -> StatementTotal:
    return StatementTotal(each.currency, each.scale, each.opening, each.came, each.went, each.closing, each.debt)
