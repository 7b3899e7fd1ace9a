"""The report of a backtest: every figure of the replay beside what really happened, from the ledger's own lines."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection

from loyalty.backtests.tally import EDGES, Counts, Extreme, Tables, Tally, largest
from loyalty.definition.basics import LocalText
from loyalty.definition.document import Document
from loyalty.definition.read import document_shape
from loyalty.models import BacktestRun

FLOWS = ("issued", "reversed", "expired", "spent", "given", "taken", "short", "debt")
HOLDINGS = ("balance", "pending", "debt")
OUTCOMES = ("fired", "capped", "not_matched", "stopped", "out_of_schedule", "disabled")


class Pair(msgspec.Struct, frozen=True):
    """One figure on both sides."""

    key: str
    replayed: int
    happened: int

    @property
    def difference(self) -> int:
        return self.replayed - self.happened


class CurrencyReport(msgspec.Struct, frozen=True):
    """Points in minor units; money in minor units of the program's. worth: of what was issued, and of what is held.

    spread: [upper end in whole points, members]: by how much members' net points of the period differ.
    """

    code: str
    name: LocalText
    scale: int
    flows: list[Pair]
    holdings: list[Pair]
    worth: list[Pair]
    months: list[Pair]
    spread: list[tuple[str, int]]
    gainers: list[Extreme]
    losers: list[Extreme]


class RuleReport(msgspec.Struct, frozen=True):
    """outcomes: how often, in the replay. points: per currency. awards: how often it really gave points."""

    code: str
    name: LocalText
    outcomes: dict[str, int]
    points: list[Pair]
    awards: int


class LadderReport(msgspec.Struct, frozen=True):
    """tiers: members at the end. moves: `from>to`."""

    code: str
    name: LocalText
    tiers: list[Pair]
    tier_names: dict[str, LocalText]
    moves: list[Pair]


class AchievementReport(msgspec.Struct, frozen=True):
    """won, undone: how often."""

    code: str
    name: LocalText
    won: Pair
    undone: Pair


class BacktestReport(msgspec.Struct, frozen=True):
    """shared_budgets: a budget of all members was handed out member by member, so who got it isn't as it would be."""

    since: datetime
    until: datetime
    events: int
    refused: int
    money: str
    people: list[Pair]
    currencies: list[CurrencyReport]
    rules: list[RuleReport]
    ladders: list[LadderReport]
    achievements: list[AchievementReport] = []
    shared_budgets: bool = False


class Happened(msgspec.Struct):
    """The same figures as a tally's, of what really happened."""

    flows: Tables = {}
    months: Tables = {}
    rules: Counts = {}
    rule_points: Tables = {}
    moves: Tables = {}
    tiers: Tables = {}
    holdings: Tables = {}
    achieved: Tables = {}


_LINES = """
SELECT a.currency, e.kind, e.event_id IS NOT NULL, e.effect LIKE ANY ('{undo:%%,restore:%%}'), e.rule,
       to_char(e.recorded_at AT TIME ZONE %(zone)s, 'YYYY-MM'), e.points < 0, count(*), sum(e.points), sum(e.debt)
FROM loyalty_pointsentry e JOIN loyalty_pointsaccount a ON a.id = e.account_id
JOIN loyalty_enrollment n ON n.id = a.enrollment_id AND n.program_id = %(program)s
WHERE e.recorded_at >= %(since)s AND e.recorded_at < %(until)s GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_MOVES = """
SELECT c.ladder, c.from_tier || '>' || c.to_tier, count(*) FROM loyalty_tierchange c
JOIN loyalty_enrollment n ON n.id = c.enrollment_id AND n.program_id = %(program)s
WHERE c.recorded_at >= %(since)s AND c.recorded_at < %(until)s
  AND c.cause IN ('earned', 'window_end', 'balance') GROUP BY 1, 2
"""
_ACHIEVED = """
SELECT c.code, CASE WHEN c.undone THEN 'undone' ELSE 'won' END, count(*) FROM loyalty_achievement c
JOIN loyalty_enrollment n ON n.id = c.enrollment_id AND n.program_id = %(program)s
WHERE c.recorded_at >= %(since)s AND c.recorded_at < %(until)s GROUP BY 1, 2
"""
_TIERS = """
SELECT s.ladder, s.tier, count(*) FROM loyalty_tierstanding s
JOIN loyalty_enrollment n ON n.id = s.enrollment_id AND n.program_id = %(program)s GROUP BY 1, 2
"""
_HOLDINGS = """
SELECT a.currency, sum(a.balance), sum(a.pending), sum(a.debt) FROM loyalty_pointsaccount a
JOIN loyalty_enrollment n ON n.id = a.enrollment_id AND n.program_id = %(program)s GROUP BY 1
"""


def happened(run: BacktestRun, zone: str) -> Happened:
    """What the ledger and the tiers say of the window; holdings and tiers as they are now."""
    found = Happened()
    scope: dict[str, Any] = {"program": run.program_id, "since": run.since, "until": run.until, "zone": zone}
    with connection.cursor() as cursor:
        cursor.execute(_LINES, scope)
        for row in cursor.fetchall():
            _line(found, *row)
        for sql, into in ((_MOVES, found.moves), (_TIERS, found.tiers), (_ACHIEVED, found.achieved)):
            cursor.execute(sql, scope)
            for name, key, number in cursor.fetchall():
                into.setdefault(name, {})[key] = int(number)
        cursor.execute(_HOLDINGS, scope)
        for currency, *figures in cursor.fetchall():
            found.holdings[currency] = dict(zip(HOLDINGS, map(int, figures), strict=True))
    return found


def _line(
    found: Happened,
    currency: str,
    kind: str,
    of_event: bool,
    undo: bool,
    rule: str,
    month: str,
    negative: bool,
    lines: int,
    points: Any,
    debt: Any,
) -> None:
    number = int(points)
    if kind == "earn":
        _add(found.flows, currency, "issued", number)
        _add(found.months, currency, month, number)
        _add(found.rule_points, rule, currency, number)
        found.rules[rule] = found.rules.get(rule, 0) + int(lines)
    elif kind == "reverse":
        _add(found.flows, currency, "spent" if undo else "reversed", -number)
        _add(found.flows, currency, "debt", int(debt))
    elif kind in ("expire", "spend"):
        _add(found.flows, currency, "expired" if kind == "expire" else "spent", -number)
    elif kind != "debt":
        _add(found.flows, currency, "taken" if negative else "given", abs(number))


def _add(table: Tables, name: str, key: str, number: int) -> None:
    row = table.setdefault(name, {})
    row[key] = row.get(key, 0) + number


def report_make(run: BacktestRun, tally: Tally) -> BacktestReport:
    document = document_shape(run.document)
    real = happened(run, document.program.time_zone)
    people = tally.people
    return BacktestReport(
        since=run.since,
        until=run.until,
        events=tally.events,
        refused=tally.refused,
        money=document.program.money_currency,
        people=[
            Pair("members", people.get("members", 0), people.get("members", 0)),
            Pair("earning", people.get("earning", 0), people.get("earned", 0)),
        ],
        currencies=[
            _currency(document, code, tally, real)
            for code in _codes([each.code for each in document.currencies], tally.flows, real.flows, real.holdings)
        ],
        rules=[
            _rule(document, code, tally, real)
            for code in _codes([each.code for each in document.rules], tally.rules, real.rule_points)
            if code
        ],
        ladders=[
            _ladder(document, code, tally, real)
            for code in _codes([each.code for each in document.ladders], tally.tiers, real.tiers)
        ],
        achievements=[
            _achievement(document, code, tally.achieved.get(code, {}), real.achieved.get(code, {}))
            for code in _codes(
                [each.code for each in (*document.achievements, *document.badges)], tally.achieved, real.achieved
            )
        ],
        shared_budgets=bool(tally.budgets),
    )


def _codes(known: list[str], *others: Tables) -> list[str]:
    """In the document's order, then what only the past has."""
    return list(dict.fromkeys([*known, *sorted({code for table in others for code in table})]))


def _pairs(keys: Any, replayed: Counts, really: Counts) -> list[Pair]:
    return [Pair(key, replayed.get(key, 0), really.get(key, 0)) for key in keys]


def _currency(document: Document, code: str, tally: Tally, real: Happened) -> CurrencyReport:
    known = next((each for each in document.currencies if each.code == code), None)
    flows = _pairs(FLOWS, tally.flows.get(code, {}), real.flows.get(code, {}))
    holdings = _pairs(HOLDINGS, tally.holdings.get(code, {}), real.holdings.get(code, {}))
    months = {*tally.issued_by_month.get(code, {}), *real.months.get(code, {})}
    spread = tally.spread.get(code, {})
    worth: list[Pair] = []
    if known is not None and known.value_minor_per_point is not None:
        value = known.value_minor_per_point / Decimal(10**known.scale)
        held = Pair("held", *(_sum(holdings, side) for side in ("replayed", "happened")))
        issued = next(each for each in flows if each.key == "issued")
        worth = [
            Pair(key, int(pair.replayed * value), int(pair.happened * value))
            for key, pair in (("issued", issued), ("held", held))
        ]
    return CurrencyReport(
        code=code,
        name=known.name_many if known is not None else code,
        scale=known.scale if known is not None else 0,
        flows=flows,
        holdings=holdings,
        worth=worth,
        months=_pairs(sorted(months), tally.issued_by_month.get(code, {}), real.months.get(code, {})),
        spread=[(edge, spread.get(edge, 0)) for edge in (*(str(each) for each in EDGES), "more")],
        gainers=largest(tally.gainers.get(code, [])),
        losers=largest(tally.losers.get(code, [])),
    )


def _sum(holdings: list[Pair], side: str) -> int:
    return sum(int(getattr(each, side)) for each in holdings if each.key != "debt")


def _rule(document: Document, code: str, tally: Tally, real: Happened) -> RuleReport:
    outcomes = tally.rules.get(code, {})
    replayed, really = tally.rule_points.get(code, {}), real.rule_points.get(code, {})
    return RuleReport(
        code=code,
        name=rule_name(document, code),
        outcomes={key: outcomes.get(key, 0) for key in OUTCOMES},
        points=_pairs(dict.fromkeys([*replayed, *really]), replayed, really),
        awards=real.rules.get(code, 0),
    )


def rule_name(document: Document, code: str) -> LocalText:
    """Of a rule, also of one that a tier or a section brings, or of an achievement; gone ones go by their code."""
    try:
        return document.rule(code).name
    except KeyError:
        found = (each.name for each in (*document.achievements, *document.badges) if each.code == code)
        return next(found, code)


def _achievement(document: Document, code: str, replayed: Counts, really: Counts) -> AchievementReport:
    known = next((each for each in (*document.achievements, *document.badges) if each.code == code), None)
    won = sum(number for kind, number in replayed.items() if kind != "undone")
    return AchievementReport(
        code=code,
        name=known.name if known is not None else code,
        won=Pair("won", won, really.get("won", 0)),
        undone=Pair("undone", replayed.get("undone", 0), really.get("undone", 0)),
    )


def _ladder(document: Document, code: str, tally: Tally, real: Happened) -> LadderReport:
    known = next((each for each in document.ladders if each.code == code), None)
    replayed, really = tally.tiers.get(code, {}), real.tiers.get(code, {})
    names = {each.code: each.name for each in known.tiers} if known is not None else {}
    moves = dict.fromkeys(sorted({*tally.moves.get(code, {}), *real.moves.get(code, {})}))
    return LadderReport(
        code=code,
        name=known.name if known is not None else code,
        tiers=_pairs(dict.fromkeys([*names, *sorted({*replayed, *really})]), replayed, really),
        tier_names=names,
        moves=_pairs(moves, tally.moves.get(code, {}), real.moves.get(code, {})),
    )
