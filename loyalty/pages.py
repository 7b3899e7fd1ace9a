"""What the members' pages about points show, read through selectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core import clock
from loyalty.endings import endings_of
from loyalty.home import member_parts, visitor_parts
from loyalty.inviting import invited
from loyalty.metricwords import metric_words, words_joined
from loyalty.models import Enrollment, PointsEntry, PointsLot
from loyalty.selectors import Balance, balances_of, entries_of
from loyalty.showcase import Naming, currencies_of, levels, ways_to_earn
from loyalty.statements import MOST_LINES, Period, statement_lines, statement_totals
from loyalty.templatetags.points import kind_word, localized
from loyalty.tierviews import MetricView, TierView, tiers_of
from loyalty.transferring import transfer_rules
from loyalty.versions import programs_fresh

Context = dict[str, Any]
RECENT = 5
PAGE = 25
SOON = timedelta(days=90)
RING = 276.46  # the length of the ring's line: 2π × 44


class Line(NamedTuple):
    """One entry. order: its number, unless the reason names it. waits_until: when its points become active.

    ends_at: when what is left of them expires.
    """

    entry: PointsEntry
    currency: Balance | Naming
    word: str
    order: str
    waits_until: datetime | None
    ends_at: datetime | None


class Month(NamedTuple):
    """heading: False when the month began on the page before."""

    key: str
    day: date
    heading: bool
    lines: list[Line]


class Need(NamedTuple):
    """One of several things that a ladder goes by, in words. percent: of the way to the next tier."""

    name: str
    reached: str
    missing: str
    percent: int


class Standing(NamedTuple):
    """A tier for showing. dash: how far the ring goes round. missing, progress: in words. year: of a calendar year."""

    tier: TierView
    dash: str
    missing: str
    progress: str
    year: int | None
    to_keep: str
    several: list[Need]


def home_page(enrollment: Enrollment) -> Context:
    balances = balances_of(enrollment)
    main = next((each for each in balances if each.spendable), None)
    soon = clock.now() + SOON
    return {
        "enrollment": enrollment,
        "balances": balances,
        "main": main,
        "sharing": words_joined(sharing_names(enrollment), every=True),
        "others": [each for each in balances if each is not main],
        "soon": [each for each in balances if each.expiring and each.expiring_at and each.expiring_at <= soon],
        "standings": standings(enrollment),
        "endings": endings_of(enrollment),
        "invitations": invited(enrollment),
        "lines": lines(newest(enrollment)[:RECENT], balances),
        "parts": member_parts(enrollment),
    }


def sharing_names(enrollment: Enrollment) -> list[str]:
    """Who has the same balance as the member, by name or number; nobody where it is theirs alone."""
    head = enrollment.pool_id or enrollment.pk
    others = Enrollment.objects.filter(Q(pk=head) | Q(pool=head)).exclude(pk=enrollment.pk)
    rows = others.order_by("pk").values_list("member__name", "member__external_id")
    return [str(name or number) for name, number in rows if name or number]


def activity_page(enrollment: Enrollment, *, before: str) -> Context:
    """before: the id of the last entry shown; the newest come where it is none of the member's."""
    entries = newest(enrollment)
    last = entries.filter(pk=int(before)).first() if before.isdecimal() and len(before) < 19 else None
    if last is not None:
        at = last.occurred_at
        entries = entries.filter(Q(occurred_at__lt=at) | Q(occurred_at=at, pk__lt=last.pk))
    found = list(entries[: PAGE + 1])
    return {
        "enrollment": enrollment,
        "before": last.pk if last else None,
        "may_give": bool(transfer_rules(enrollment)),
        "months": by_month(lines(found[:PAGE], balances_of(enrollment)), begun=month_of(last) if last else ""),
        "next_before": found[PAGE - 1].pk if len(found) > PAGE else None,
    }


def statement_page(enrollment: Enrollment, period: Period, form: Any) -> Context:
    """Lines oldest first, as many as a page can bear; the file has all of them."""
    found = list(statement_lines(enrollment, period)[: MOST_LINES + 1])
    totals = statement_totals(enrollment, period)
    by_code = {each.currency: [] for each in totals}  # type: dict[str, list[Line]]
    for line in lines(found[:MOST_LINES], balances_of(enrollment)):
        by_code.setdefault(line.entry.account.currency, []).append(line)
    return {
        "enrollment": enrollment,
        "period": period,
        "form": form,
        "accounts": [(each, by_code[each.currency]) for each in totals],
        "cut": len(found) > MOST_LINES,
        "made_at": clock.now(),
    }


def newest(enrollment: Enrollment) -> QuerySet[PointsEntry]:
    """Entries by when they happened, not by when they were written down: an import brings old ones late."""
    return entries_of(enrollment).order_by("-occurred_at", "-pk")


def month_of(entry: PointsEntry) -> str:
    """The local month in which it happened, YYYY-MM."""
    return f"{timezone.localtime(entry.occurred_at):%Y-%m}"


def by_month(found: Iterable[Line], *, begun: str = "") -> list[Month]:
    """Lines, newest first, by the local month in which they happened. begun: the month that has its heading already."""
    months: list[Month] = []
    for line in found:
        key = month_of(line.entry)
        if not months or months[-1].key != key:
            day = timezone.localtime(line.entry.occurred_at).date().replace(day=1)
            months.append(Month(key, day, key != begun, []))
        months[-1].lines.append(line)
    return months


def lines(entries: Iterable[PointsEntry], balances: list[Balance]) -> list[Line]:
    """Entries with what a member wants to know of each. A currency that the program dropped shows by its code."""
    entries = list(entries)
    lots = PointsLot.objects.in_bulk([entry.pk for entry in entries if entry.points > 0])
    currencies = {each.currency: each for each in balances}
    return [_line(entry, lots.get(entry.pk), named(currencies, entry.account.currency)) for entry in entries]


def named(currencies: Mapping[str, Balance], code: str) -> Balance | Naming:
    """The currency, or just its code where the program dropped it since."""
    return currencies.get(code) or Naming(code, code, 0)


def _line(entry: PointsEntry, lot: PointsLot | None, currency: Balance | Naming) -> Line:
    waits = lot.activates_at if lot and lot.active_at is None and lot.remaining else None
    ends = lot.expires_at if lot and lot.active_at is not None and lot.remaining else None
    order = "" if entry.order_number and entry.order_number in localized(entry.reason) else entry.order_number
    return Line(entry, currency, kind_word(entry), order, waits, ends)


def standings(enrollment: Enrollment) -> list[Standing]:
    """Where the member stands on each ladder that has more than one tier."""
    year = timezone.localtime(clock.now()).year
    return [_standing(tier, year) for tier in tiers_of(enrollment) if len(tier.tiers) > 1]


def _standing(tier: TierView, year: int) -> Standing:
    first = tier.metrics[0]
    return Standing(
        tier=tier,
        dash=f"{tier.percent / 100 * RING:.1f}",
        missing=metric_words(tier.missing, first),
        progress=metric_words(max(0, tier.progress), first),
        year=year if tier.window == "calendar_year" else None,
        to_keep=words_joined([metric_words(each.to_keep, each) for each in tier.metrics if each.to_keep], tier.all_of),
        several=[_need(each) for each in tier.metrics] if len(tier.metrics) > 1 else [],
    )


def _need(metric: MetricView) -> Need:
    share = min(100, max(0, metric.reached) * 100 // metric.threshold) if metric.threshold else 100
    name = localized(metric.name_many) if metric.kind != "money" else _("Spent")
    reached, missing = metric_words(max(0, metric.reached), metric), metric_words(metric.missing, metric)
    return Need(name, reached, missing if metric.missing else "", share)


def landing_page() -> Context:
    """What a visitor reads of the first program that is published; empty when there is none yet."""
    now = clock.now()
    for state in programs_fresh().values():
        if not any(row.in_force_from <= now for row in state.versions):
            continue
        document = state.at(now).document
        return {
            "published": True,
            "ways": ways_to_earn(document, now),
            "ladders": levels(document),
            "parts": visitor_parts(state.id, currencies_of(document)),
        }
    return {}
