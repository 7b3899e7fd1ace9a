"""A program with achievements, and a member on paper: events one after the other, returns of them, no database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.definition.achievementbuild import AchievementPlan
from loyalty.definition.compile import compile_program
from loyalty.definition.facts import EventFacts, Facts, MemberFacts
from loyalty.definition.read import document_decode
from loyalty.rules.achievements import Achieving
from loyalty.rules.judgement import Raised
from tests.loyalty.rules.sample import fixed, plain

ZONE = ZoneInfo("Europe/Amsterdam")
START = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # a Monday


def advancing(code: str, *achievements: str, by: int = 1, **fields: Any) -> dict[str, Any]:
    """A rule on its own event type that moves these on."""
    effects = [{"kind": "advance", "achievement": each, "by": by} for each in achievements]
    return {"code": f"rule_{code}", "name": code, "trigger": f"did.{code}", "effects": effects, **fields}


def document(**parts: Any) -> dict[str, Any]:
    """A document with these lists, and a rule of its own for everything in them that can be moved on."""
    codes = []
    for each in (*parts.get("challenges", ()), *parts.get("stamp_cards", ()), *parts.get("streaks", ())):
        codes += [step["code"] for step in each.get("steps", ())] or [each["code"]]
    rules = [*parts.pop("rules", ()), *(advancing(code, code) for code in codes)]
    badges = [{"kind": "grant_badge", "badge": each["code"]} for each in parts.get("badges", ())]
    if badges:
        rules.append({"code": "badges", "name": "Badges", "trigger": "did.shine", "effects": badges})
    return plain(rules, **parts)


def planned(**parts: Any) -> AchievementPlan:
    return compile_program(document_decode(document(**parts))).achievements


def challenge(code: str = "five", goal: int = 5, **fields: Any) -> dict[str, Any]:
    return {"code": code, "name": code, "goal": goal, "effects": [fixed(100)], **fields}


def card(code: str = "coffee", stamps: int = 10, **fields: Any) -> dict[str, Any]:
    return {"code": code, "name": code, "stamps": stamps, "effects": [fixed(50)], **fields}


def streak(code: str = "daily", *milestones: int, **fields: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": code,
        "milestones": [{"at": at, "effects": [fixed(at)]} for at in milestones],
        **fields,
    }


class Paper:
    """A member's counters, and what each event did, by which it can be undone."""

    def __init__(self, plan: AchievementPlan, **member: Any) -> None:
        self.plan = plan
        self.member = member
        self.counters: dict[tuple[str, str], int] = {}
        self.log: list[Achieving] = []

    def did(self, *codes: str | tuple[str, int], days: float = 0, badges: Iterable[str] = ()) -> Achieving:
        """An event so many days after START that moves these on, by one or by the number beside."""
        advances = [each if isinstance(each, tuple) else (each, 1) for each in codes]
        facts = self.facts(days)
        achieving = Achieving(self.plan, facts)
        achieving.run(advances, badges)
        for ref, added in facts.added.items():
            self.counters[ref] = self.counters.get(ref, 0) + added
        self.log.append(achieving)
        return achieving

    def facts(self, days: float) -> Facts:
        at = START + timedelta(days=days)
        event = EventFacts(id="e", type="x.y", occurred_at=at, received_at=at, payload={})
        return Facts(event, MemberFacts(counters=dict(self.counters), **self.member), ZONE)

    def undo(self, achieving: Achieving) -> None:
        """What the whole return of an order does, as loyalty/returns.py does it."""
        for each in achieving.raised:
            if not each.guard or self.guarded(each) <= 0:
                ref = (each.key, each.period)
                self.counters[ref] = self.counters.get(ref, 0) - each.amount

    def guarded(self, each: Raised) -> int:
        key, _, period = each.guard.rpartition("@")
        return self.counters.get((key, period), 0)

    def value(self, key: str, period: str = "") -> int:
        return self.counters.get((key, period), 0)

    def state(self) -> dict[tuple[str, str], int]:
        """What there is of the member's progress."""
        return {ref: value for ref, value in self.counters.items() if value}


def told(achieving: Achieving) -> list[tuple[str, str, int]]:
    return [(each.kind, each.code, each.n) for each in achieving.achieved]


def points(achieving: Achieving) -> int:
    return sum(each.given.points for each in achieving.gifts)
