"""A member's statement of a period: what there was, every line, what there is, per currency.

Goes by when lines were written down, as the ledger does: so opening plus lines is closing, to the point, and the
statement of a period that is over never changes. Figures are holdings: balance, pending and reserved together.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from msgspec import Struct

from core import clock
from core.backoffice.export import Column, csv_response
from core.backoffice.words import in_language
from core.errors import InvalidInput
from loyalty.models import Enrollment, PointsEntry
from loyalty.rules.dates import day_start, local_day
from loyalty.selectors import accounts_of, program_now
from loyalty.showcase import Naming, currencies_of

LONGEST_DAYS, MOST_LINES = 366 * 10, 2_000


class Period(Struct, frozen=True):
    """From the first day through the last, both local to the program; begins and ends: the instants of that."""

    first: date
    last: date
    begins: datetime
    ends: datetime


class CurrencyStatement(Struct, frozen=True):
    """opening + came − went = closing; minor units. debt: what is owed at the end."""

    currency: str
    name_one: str
    name_many: str
    scale: int
    opening: int
    came: int
    went: int
    closing: int
    debt: int


def period_of(enrollment: Enrollment, first: date | None, last: date | None) -> Period:
    """The asked period; this calendar year up to today where nothing is said. InvalidInput."""
    zone = program_now(enrollment.program_id).zone
    today = local_day(clock.now(), zone)
    last = last or (min(today, date(first.year, 12, 31)) if first is not None and first <= today else today)
    first = first or date(last.year, 1, 1)
    if first > last:
        raise InvalidInput(_("The period ends before it begins."), field="until")
    if (last - first).days > LONGEST_DAYS or first.year < 1990 or last.year > 9000:
        raise InvalidInput(_("Choose a period of at most ten years, from 1990 on."), field="since")
    return Period(first, last, day_start(first, zone), day_start(last + timedelta(days=1), zone))


def statement_lines(enrollment: Enrollment, period: Period) -> QuerySet[PointsEntry]:
    """The lines of the period, oldest first."""
    lines = PointsEntry.objects.filter(
        account__in=accounts_of(enrollment), recorded_at__gte=period.begins, recorded_at__lt=period.ends
    )
    return lines.select_related("account").order_by("pk")


def statement_totals(enrollment: Enrollment, period: Period) -> list[CurrencyStatement]:
    """Per currency that the program has or had; those that nothing ever happened in are left out but for the first."""
    names = currencies_of(program_now(enrollment.program_id).document)
    found: list[CurrencyStatement] = []
    for account in accounts_of(enrollment):
        before = PointsEntry.objects.filter(account=account, recorded_at__lt=period.begins).order_by("-pk").first()
        upto = PointsEntry.objects.filter(account=account, recorded_at__lt=period.ends).order_by("-pk").first()
        if upto is None and found:
            continue
        opening = before.balance_after if before is not None else 0
        closing = upto.balance_after if upto is not None else 0
        sums = _sums(account.pk, period)
        known = names.get(account.currency) or Naming(account.currency, account.currency, 0)
        found.append(
            CurrencyStatement(
                currency=account.currency,
                name_one=known.name_one,
                name_many=known.name_many,
                scale=known.scale,
                opening=opening,
                came=sums[0],
                went=sums[1],
                closing=closing,
                debt=sums[2],
            )
        )
    return found


def _sums(account_id: int, period: Period) -> tuple[int, int, int]:
    """(came, went, debt at the end)."""
    inside = Q(recorded_at__gte=period.begins)
    sums = PointsEntry.objects.filter(account_id=account_id, recorded_at__lt=period.ends).aggregate(
        came=Sum("points", filter=inside & Q(points__gt=0)),
        went=Sum("points", filter=inside & Q(points__lt=0)),
        debt=Sum("debt"),
    )
    return int(sums["came"] or 0), -int(sums["went"] or 0), int(sums["debt"] or 0)


def statement_file(enrollment: Enrollment, period: Period) -> StreamingHttpResponse:
    """The lines as CSV, for the member, for staff and over the API: the same columns, in the reader's language."""
    scales = {each.currency: each.scale for each in statement_totals(enrollment, period)}
    zone = program_now(enrollment.program_id).zone

    def local(moment: datetime) -> str:
        # By the same days as the period.
        return moment.astimezone(zone).isoformat()

    def amount(entry: PointsEntry, minor: int) -> str | int:
        scale = scales.get(entry.account.currency, 0)
        return minor if not scale else f"{Decimal(minor).scaleb(-scale):f}"

    columns: list[Column] = [
        (_("line"), lambda e: e.pk),
        (_("recorded at"), lambda e: local(e.recorded_at)),
        (_("occurred at"), lambda e: local(e.occurred_at)),
        (_("currency"), lambda e: e.account.currency),
        (_("kind"), lambda e: e.get_kind_display()),
        (_("reason"), lambda e: in_language(e.reason)),
        (_("order"), lambda e: e.order_number),
        (_("points"), lambda e: amount(e, e.points)),
        (_("holdings after"), lambda e: amount(e, e.balance_after)),
        (_("debt"), lambda e: amount(e, e.debt)),
        (_("expires at"), lambda e: local(e.expires_at) if e.expires_at else ""),
    ]
    rows = statement_lines(enrollment, period).iterator(chunk_size=2000)
    name = f"statement-{period.first.isoformat()}-{period.last.isoformat()}.csv"
    return csv_response(rows=rows, columns=columns, filename=name)
