"""A backtest's report as tables for people and as rows of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import msgspec
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.backoffice.display import points, scaled
from core.backoffice.words import in_language
from loyalty.admin.amounts import money
from loyalty.backtests.report import BacktestReport, CurrencyReport, Pair

Told = Callable[[int], str]


class Line(msgspec.Struct, frozen=True):
    """One figure on both sides, as the reader sees it. way: up, down or same, which the sign says too."""

    name: str
    replayed: str
    happened: str
    difference: str
    way: str
    pair: Pair


class Table(msgspec.Struct, frozen=True):
    title: str
    lines: list[Line]
    note: str = ""


class RuleLine(msgspec.Struct, frozen=True):
    name: str
    fired: str
    capped: str
    other: str
    points: list[Line]


class CurrencyTables(msgspec.Struct, frozen=True):
    """chart: what unfold's bar chart reads, "" without months. spread: (who, members). most: (member, difference)."""

    name: str
    tables: list[Table]
    months: Table
    chart: str
    spread: list[tuple[str, str]]
    gainers: list[tuple[str, str]]
    losers: list[tuple[str, str]]


class ReportTables(msgspec.Struct, frozen=True):
    people: Table
    currencies: list[CurrencyTables]
    rules: list[RuleLine]
    ladders: list[Table]
    achievements: Table


def report_of(plain: Any) -> BacktestReport:
    return msgspec.convert(plain, BacktestReport)


def report_tables(report: BacktestReport) -> ReportTables:
    scales = {each.code: each for each in report.currencies}
    return ReportTables(
        people=Table(_("Members"), [_line(_people(each.key), each, points) for each in report.people]),
        currencies=[_currency(each, report.money) for each in report.currencies],
        rules=[
            RuleLine(
                name=in_language(each.name) or each.code,
                fired=points(each.outcomes.get("fired", 0)),
                capped=points(each.outcomes.get("capped", 0)),
                other=points(sum(number for key, number in each.outcomes.items() if key not in ("fired", "capped"))),
                points=[_of_currency(pair, scales) for pair in each.points],
            )
            for each in report.rules
        ],
        ladders=[table for each in report.ladders for table in _ladder(each)],
        achievements=Table(
            _("Achievements"),
            [_line(in_language(each.name) or each.code, each.won, points) for each in report.achievements],
        ),
    )


def _line(name: str, pair: Pair, told: Told) -> Line:
    by = pair.difference
    sign = "+" if by > 0 else ""
    way = "up" if by > 0 else "down" if by < 0 else "same"
    return Line(name, told(pair.replayed), told(pair.happened), f"{sign}{told(by)}", way, pair)


def _people(key: str) -> str:
    return {"members": _("members looked at"), "earning": _("members who earned")}.get(key, key)


def _flow(key: str) -> str:
    return {
        "issued": _("given by rules"),
        "reversed": _("taken back by returns"),
        "expired": _("expired"),
        "spent": _("spent"),
        "given": _("given by hand"),
        "taken": _("taken by hand"),
        "short": _("could not have been spent"),
        "debt": _("debt made by returns"),
        "balance": _("can be spent"),
        "pending": _("pending"),
    }.get(key, key)


def _currency(each: CurrencyReport, currency: str) -> CurrencyTables:
    def told(number: int) -> str:
        return scaled(number, each.scale)

    name = in_language(each.name) or each.code
    flows = [pair for pair in each.flows if pair.replayed or pair.happened]
    tables = [
        Table(_("What moved"), [_line(_flow(pair.key), pair, told) for pair in flows]),
        Table(_("What is held at the end"), [_line(_flow(pair.key), pair, told) for pair in each.holdings]),
    ]
    if each.worth:
        worth = {"issued": _("of what rules gave"), "held": _("of what is held at the end")}
        lines = [
            _line(worth.get(pair.key, pair.key), pair, lambda minor: money(minor, currency)) for pair in each.worth
        ]
        tables.append(Table(_("Worth in money"), lines))
    months = Table(_("Given by rules, month by month"), [_line(_month(pair.key), pair, told) for pair in each.months])
    return CurrencyTables(
        name=name,
        tables=tables,
        months=months,
        chart=_chart(each.months) if each.months else "",
        spread=[(_edge(edge), points(members)) for edge, members in each.spread if members],
        gainers=[(one.member, f"+{told(one.difference)}") for one in each.gainers],
        losers=[(one.member, told(one.difference)) for one in each.losers],
    )


def _month(key: str) -> str:
    """2026-11 as Nov 2026, on one line."""
    year, month = key.split("-")
    name = date_format(date(int(year), int(month), 1), "M")
    return f"{name.lower() if (get_language() or 'en').startswith('nl') else name}\u00a0{year}"


def _edge(edge: str) -> str:
    return {
        "-1000": _("lose 1,000 or more"),
        "-100": _("lose 100 to 999"),
        "-10": _("lose 10 to 99"),
        "-1": _("lose up to 9"),
        "0": _("no difference"),
        "9": _("gain up to 9"),
        "99": _("gain 10 to 99"),
        "999": _("gain 100 to 999"),
        "more": _("gain 1,000 or more"),
    }.get(edge, edge)


def _chart(months: list[Pair]) -> str:
    sides = (
        (_("by this"), "replayed", "var(--color-primary-600)"),
        (_("what was"), "happened", "var(--color-base-400)"),
    )
    return json.dumps(
        {
            "labels": [_month(each.key) for each in months],
            "datasets": [
                {
                    "label": label,
                    "data": [getattr(each, side) for each in months],
                    "backgroundColor": colour,
                    # Beside each other: unfold's own way is one over the other, where the smaller is lost.
                    "grouped": True,
                    "barThickness": 12,
                    "maxBarThickness": 12,
                    "displayYAxis": True,
                }
                for label, side, colour in sides
            ],
        }
    )


def _of_currency(pair: Pair, known: dict[str, CurrencyReport]) -> Line:
    currency = known.get(pair.key)
    scale = currency.scale if currency is not None else 0
    name = in_language(currency.name) if currency is not None else pair.key
    return _line(name or pair.key, pair, lambda number: scaled(number, scale))


def _ladder(each: Any) -> Iterator[Table]:
    name = in_language(each.name) or each.code

    def tier(code: str) -> str:
        return in_language(each.tier_names.get(code)) or code or "–"

    yield Table(
        _("%(ladder)s: members at the end") % {"ladder": name},
        [_line(tier(pair.key), pair, points) for pair in each.tiers],
    )
    moves = [(pair, *pair.key.split(">", 1)) for pair in each.moves]
    yield Table(
        _("%(ladder)s: moves in the period") % {"ladder": name},
        [_line(f"{tier(before)} → {tier(after)}", pair, points) for pair, before, after in moves],
    )


def report_rows(tables: ReportTables) -> Iterator[tuple[str, str, int, int, int]]:
    """(table, figure, by this, what was, difference) in smallest units, for a file."""
    plain = [tables.people, *tables.ladders, tables.achievements]
    for each in tables.currencies:
        months = [msgspec.structs.replace(line, name=line.pair.key) for line in each.months.lines]
        plain += [Table(f"{each.name}: {table.title}", table.lines) for table in each.tables]
        plain.append(Table(f"{each.name}: {each.months.title}", months))
    for table in plain:
        for line in table.lines:
            yield table.title, line.name, line.pair.replayed, line.pair.happened, line.pair.difference
    for rule in tables.rules:
        for line in rule.points:
            yield rule.name, line.name, line.pair.replayed, line.pair.happened, line.pair.difference
