"""Small programs and facts for the pure tests. Nothing here needs a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from loyalty.definition.compile import compile_program
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.facts import CounterRef, EventFacts, MemberFacts
from loyalty.definition.read import document_decode
from loyalty.rules.evaluate import evaluate
from loyalty.rules.judgement import Judgement

NOON = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)  # a Wednesday, 12:00 in Amsterdam


def plain(rules: list[dict[str, Any]], **parts: Any) -> dict[str, Any]:
    """A document with the currencies `points` (counts for tiers) and `stars` (one digit), and these rules."""
    return {
        "program": {"name": "Sample", "time_zone": "Europe/Amsterdam", "money_currency": "EUR"},
        "currencies": [
            {"code": "points", "name_one": "point", "name_many": "points"},
            {"code": "stars", "name_one": "star", "name_many": "stars", "scale": 1, "kind": "spendable"},
        ],
        "rules": rules,
        **parts,
    }


def rule(code: str = "a", *effects: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A rule on order.paid; 10 points when no effect is named."""
    return {
        "code": code,
        "name": code,
        "trigger": "order.paid",
        "effects": list(effects) or [fixed(10)],
        **fields,
    }


def fixed(points: Any, currency: str = "points") -> dict[str, Any]:
    return {"kind": "points_fixed", "currency": currency, "points": points}


def per_money(**fields: Any) -> dict[str, Any]:
    return {"kind": "points_per_money", "currency": "points", **fields}


def times(factor: Any, **fields: Any) -> dict[str, Any]:
    return {"kind": "multiply", "currency": "points", "factor": factor, **fields}


def compiled(rules: list[dict[str, Any]], **parts: Any) -> CompiledProgram:
    return compile_program(document_decode(plain(rules, **parts)))


def paid(at: datetime = NOON, **order: Any) -> EventFacts:
    """An order.paid event; its order has net_minor 1000 unless told otherwise."""
    order = {"currency": "EUR", "net_minor": 1000, **order}
    return EventFacts(id="e", type="order.paid", occurred_at=at, received_at=at, payload={"order": order})


def judge(
    program: CompiledProgram,
    event: EventFacts | None = None,
    counters: Mapping[CounterRef, int] | None = None,
    **member: Any,
) -> Judgement:
    return evaluate(program, event or paid(), MemberFacts(counters=counters or {}, **member))


def points(judgement: Judgement) -> dict[str, int]:
    """What each rule was awarded."""
    found: dict[str, int] = {}
    for award in judgement.awards:
        found[award.rule] = found.get(award.rule, 0) + award.awarded
    return found


def outcomes(judgement: Judgement) -> dict[str, tuple[str, str]]:
    return {each.rule: (each.outcome, each.why) for each in judgement.trace}
