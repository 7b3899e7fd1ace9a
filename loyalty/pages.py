"""What the members' pages about points show, read through selectors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from core import clock
from loyalty.home import member_parts, visitor_parts
from loyalty.models import Enrollment, PointsEntry, PointsLot
from loyalty.selectors import Balance, TierView, balances_of, entries_of, tiers_of
from loyalty.showcase import currencies_of, levels, teller_for, ways_to_earn
from loyalty.templatetags.points import kind_word, points
from loyalty.versions import programs_fresh

Context = dict[str, Any]
RECENT = 5
PAGE = 25
SOON = timedelta(days=45)
RING = 276.46  # the length of the ring's line: 2π × 44


class Line(NamedTuple):
    """One entry. waits_until: when its points become active. ends_at: when what is left of them expires."""

    entry: PointsEntry
    currency: Balance
    word: str
    waits_until: datetime | None
    ends_at: datetime | None


class Month(NamedTuple):
    """heading: False when the month began on the page before."""

    key: str
    day: date
    heading: bool
    lines: list[Line]


class Standing(NamedTuple):
    """A tier for showing. dash: how far the ring goes round. missing, progress: points in words. year: the window's."""

    tier: TierView
    dash: str
    missing: str
    progress: str
    year: int


def home_page(enrollment: Enrollment) -> Context:
    balances = balances_of(enrollment)
    main = next((each for each in balances if each.spendable), None)
    soon = clock.now() + SOON
    return {
        "enrollment": enrollment,
        "balances": balances,
        "main": main,
        "others": [each for each in balances if each is not main],
        "soon": {each.currency for each in balances if each.expiring_at and each.expiring_at <= soon},
        "standings": standings(enrollment, balances),
        "lines": lines(entries_of(enrollment)[:RECENT], balances),
        "parts": member_parts(enrollment),
    }


def activity_page(enrollment: Enrollment, *, before: str, month: str) -> Context:
    """before: the id of the last entry shown, "" for the newest. month: the month that it was in, YYYY-MM."""
    entries: QuerySet[PointsEntry] = entries_of(enrollment)
    if before.isascii() and before.isdigit() and len(before) < 19:
        entries = entries.filter(pk__lt=int(before))
    else:
        before = month = ""
    found = list(entries[: PAGE + 1])
    shown = found[:PAGE]
    months = by_month(lines(shown, balances_of(enrollment)), begun=month)
    more = len(found) > PAGE
    return {
        "enrollment": enrollment,
        "before": before,
        "months": months,
        "next_before": shown[-1].pk if more else None,
        "next_month": months[-1].key if more else "",
    }


def by_month(found: Iterable[Line], *, begun: str = "") -> list[Month]:
    """Lines by the local month in which they happened, in the order given. begun: the month that has its heading."""
    months: list[Month] = []
    for line in found:
        day = timezone.localtime(line.entry.occurred_at).date()
        key = f"{day:%Y-%m}"
        if not months or months[-1].key != key:
            months.append(Month(key, day.replace(day=1), key != begun or bool(months), []))
        months[-1].lines.append(line)
    return months


def lines(entries: Iterable[PointsEntry], balances: list[Balance]) -> list[Line]:
    """Entries with what a member wants to know of each. A currency that the program dropped shows by its code."""
    entries = list(entries)
    lots = PointsLot.objects.in_bulk([entry.pk for entry in entries if entry.points > 0])
    currencies = {each.currency: each for each in balances}
    return [
        _line(entry, lots.get(entry.pk), currencies[entry.account.currency])
        for entry in entries
        if entry.account.currency in currencies
    ]


def _line(entry: PointsEntry, lot: PointsLot | None, currency: Balance) -> Line:
    waits = lot.activates_at if lot and lot.active_at is None and lot.remaining else None
    ends = lot.expires_at if lot and lot.active_at is not None and lot.remaining else None
    return Line(entry, currency, kind_word(entry), waits, ends)


def standings(enrollment: Enrollment, balances: list[Balance]) -> list[Standing]:
    """Where the member stands on each ladder that has more than one tier."""
    currencies = {each.currency: each for each in balances}
    year = timezone.localtime(clock.now()).year
    return [
        Standing(
            tier=tier,
            dash=f"{tier.percent / 100 * RING:.1f}",
            missing=points(tier.missing, currencies[tier.currency]),
            progress=points(max(0, tier.progress), currencies[tier.currency]),
            year=year,
        )
        for tier in tiers_of(enrollment)
        if len(tier.tiers) > 1
    ]


def landing_page() -> Context:
    """What a visitor reads: the first program that is published. Empty texts when there is none yet."""
    now = clock.now()
    for state in programs_fresh().values():
        if not any(row.in_force_from <= now for row in state.versions):
            continue
        document = state.at(now).document
        teller = teller_for(document)
        return {
            "program_name": teller.text(document.program.name),
            "description": teller.text(document.program.description),
            "ways": ways_to_earn(document, now),
            "ladders": levels(document),
            "parts": visitor_parts(state.id, currencies_of(document)),
        }
    return {}
