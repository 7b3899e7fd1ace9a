"""Whole programs and streams of what happens in them, drawn at random; and the telling of such a stream to a brand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from unittest import mock

import msgspec
from hypothesis import HealthCheck, assume
from hypothesis import strategies as st

from core import clock
from core.errors import DomainError
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode
from loyalty.models import Program
from loyalty.services import points_adjust
from tests.loyalty import shop

# Each example is rolled back to where it began, so the brand of the test may be shared by all.
SHARED_BRAND = [
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
]
POLICIES = ("only_pending", "within_balance", "into_debt")
ZONES = ("Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Pacific/Apia")


class Step(msgspec.Struct, frozen=True):
    """One thing that happens so many hours after the last. pick: which of what there is, where one is meant."""

    kind: str
    who: int
    minor: int
    hours_later: int
    days_late: int
    night: bool
    pick: int


kinds = st.sampled_from(["sale", "sale", "sale", "return", "whole_return", "review", "give", "take"])
minors = st.one_of(st.sampled_from([100, 2550, 30_000, 99_999]), st.integers(0, 60_000))


@st.composite
def steps(draw: st.DrawFn, members: int = 2) -> Step:
    return Step(
        kind=draw(kinds),
        who=draw(st.integers(0, members - 1)),
        minor=draw(minors),
        hours_later=draw(st.sampled_from([1, 1, 5, 20, 24, 200, 800, 3000])),
        days_late=draw(st.sampled_from([0, 0, 0, 0, 1, 20, 200])),
        night=draw(st.booleans()),
        pick=draw(st.integers(0, 1000)),
    )


limits = st.one_of(
    st.builds(lambda most: [{"per": "event", "at_most": most}], st.integers(1, 300)),
    st.builds(
        lambda period, most, frees, excess: [
            {"per": "member", "period": period, "at_most": most, "reversal_frees": frees, "on_excess": excess}
        ],
        st.sampled_from(["day", "week", "month", "year", "lifetime"]),
        st.integers(1, 600),
        st.booleans(),
        st.sampled_from(["truncate", "reject"]),
    ),
    st.builds(
        lambda most: [{"per": "member", "period": "month", "measure": "times", "at_most": most}], st.integers(1, 3)
    ),
    st.just([]),
    st.just([]),
)
conditions = st.one_of(
    st.none(),
    st.none(),
    st.builds(
        lambda least: {"kind": "attribute", "path": "order.total_minor", "operator": "ge", "value": least},
        st.integers(0, 40_000),
    ),
    st.just({"kind": "tier", "ladder": "main", "any_of": ["silver", "gold"]}),
    st.just({"kind": "time", "weekdays": ["mon", "wed", "sat"], "from_hour": "18:00", "to_hour": "06:00"}),
)


def rounding_rate(currency: str, points: int, minor: int, rounding: str) -> dict[str, Any]:
    return {
        "kind": "points_per_money", "currency": currency, "points": points, "per_minor": minor, "rounding": rounding
    }  # fmt: skip


effects = st.one_of(
    st.builds(
        rounding_rate,
        st.sampled_from(["points", "points", "miles"]),
        st.integers(1, 3),
        st.sampled_from([50, 100, 333]),
        st.sampled_from(["floor", "half_up"]),
    ),
    st.builds(
        lambda currency, points: {"kind": "points_fixed", "currency": currency, "points": points},
        st.sampled_from(["points", "miles"]),
        st.integers(1, 200),
    ),
    st.builds(
        lambda factor: {"kind": "multiply", "currency": "points", "factor": factor}, st.sampled_from(["1.5", "2", "3"])
    ),
)


@st.composite
def rules(draw: st.DrawFn, at: int) -> dict[str, Any]:
    """A rule of a priority of its own: a tie would be refused, whichever way round the rules stood."""
    effect = draw(effects)
    trigger = (
        "order.paid" if effect["kind"] == "points_per_money" else draw(st.sampled_from(["order.paid", "review.posted"]))
    )
    condition = draw(conditions) if trigger == "order.paid" else None
    return {
        "code": f"rule_{at}",
        "name": f"Rule {at}",
        "trigger": trigger,
        "priority": 100 - at,
        "group": draw(st.sampled_from(["first", "second"])),
        "stop": draw(st.integers(0, 9)) == 0,
        "effects": [effect],
        "limits": draw(limits),
        **({"when": condition} if condition is not None else {}),
    }


def currency(code: str, policy: str, pending_days: int, expiry: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": code,
        "name_one": code,
        "name_many": code,
        "value_minor_per_point": 1,
        "refund_policy": policy,
        "pending_days": pending_days,
        "expiry": expiry,
    }


expiries = st.one_of(
    st.just({"kind": "never"}),
    st.builds(lambda n: {"kind": "after", "n": n, "unit": "days"}, st.integers(1, 90)),
    st.builds(
        lambda n, rounded: {"kind": "after", "n": n, "unit": "months", "round_up": rounded},
        st.integers(1, 14),
        st.sampled_from(["none", "month", "quarter", "year"]),
    ),
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A publishable program: two currencies, a ladder, up to six rules beside the one that always gives."""
    policy = draw(st.sampled_from(POLICIES))
    thresholds = sorted(draw(st.sets(st.integers(1, 1500), min_size=2, max_size=2)))
    base = {
        "code": "base",
        "name": "Base",
        "trigger": "order.paid",
        "priority": 1000,
        "effects": [rounding_rate("points", 1, 100, "floor")],
    }
    welcome = {
        "code": "welcome",
        "name": "Welcome",
        "trigger": "member.enrolled",
        "effects": [{"kind": "points_fixed", "currency": "points", "points": draw(st.integers(1, 100))}],
    }
    others = [draw(rules(at)) for at in range(draw(st.integers(0, 5)))]
    document = {
        "schema": 1,
        "program": {
            "name": "Club",
            "time_zone": draw(st.sampled_from(ZONES)),
            "money_currency": "EUR",
            "judged_by": draw(st.sampled_from(["occurred_at", "received_at"])),
        },
        "currencies": [
            currency("points", policy, draw(st.sampled_from([0, 0, 3])), draw(expiries)),
            currency("miles", policy, draw(st.sampled_from([0, 14])), draw(expiries)),
        ],
        "ladders": [
            {
                "code": "main",
                "name": "Status",
                "qualify": {"kind": "points_earned", "currency": "points"},
                "valid": draw(st.sampled_from(["end_of_window", "end_of_next_window"])),
                "downgrade": draw(st.sampled_from(["none", "one_step", "full"])),
                "tiers": [
                    {"code": "bronze", "name": "Bronze", "threshold": 0},
                    {"code": "silver", "name": "Silver", "threshold": thresholds[0]},
                    {"code": "gold", "name": "Gold", "threshold": thresholds[1]},
                ],
            }
        ],
        "stacking": {"first": draw(st.sampled_from(["all", "first_match", "best_for_member", "best_for_brand"]))},
        "rules": [base, *([welcome] if draw(st.booleans()) else []), *others],
    }
    try:
        document_decode(document)
    except DefinitionError:
        assume(False)  # what can't be published is another test's
    return document


class Story:
    """A program with members to whom a stream happens. Nothing is random here: the same steps tell the same."""

    def __init__(self, program: Program, *, members: int, enrolled: bool = False) -> None:
        self.program = program
        self.members = [shop.member(f"M{at}", external_id=f"{program.slug}-{at}") for at in range(members)]
        if enrolled:
            self.places = [shop.place(each, program) for each in self.members]
        self.sales: list[list[tuple[str, int]]] = [[] for _each in self.members]
        self.serial = 0

    def event(self, step: Step) -> dict[str, Any]:
        """The step as an event that a partner sends; a hand-made adjustment is told as a review here."""
        self.serial += 1
        who, number = self.members[step.who], f"{self.program.slug}-{self.serial}"
        if step.kind in ("return", "whole_return") and self.sales[step.who]:
            order, minor = self.sales[step.who][step.pick % len(self.sales[step.who])]
            amount = minor if step.kind == "whole_return" else step.minor % (minor + 1)
            return shop.returned(who, order, f"{amount / 100:.2f}", f"R-{number}")
        if step.kind in ("sale", "return", "whole_return"):
            self.sales[step.who].append((number, step.minor))
            return shop.order(who, f"{step.minor / 100:.2f}", number, days_ago=step.days_late)
        return shop.review(who, f"V-{number}")

    def happen(self, step: Step) -> None:
        """Do it. What is refused (more returned than paid, more taken than there is) is part of life."""
        if step.kind not in ("give", "take"):
            shop.send(self.event(step))
            return
        place = shop.place(self.members[step.who], self.program)
        self.serial += 1
        points = step.minor // 100 + 1
        try:
            points_adjust(
                enrollment=place,
                currency="points" if step.pick % 2 else "miles",
                points=points if step.kind == "give" else -points,
                reason="by hand",
                actor=shop.STAFF,
                key=f"{self.program.slug}-{self.serial}",
            )
        except DomainError:
            return


@contextmanager
def clock_at(now: datetime) -> Iterator[None]:
    """Domain time stands at `now`, but for the microseconds by which one call differs from the next."""
    ticks = count()
    with mock.patch.object(clock, "now", side_effect=lambda: now + timedelta(microseconds=next(ticks))):
        yield


def later(step: Step) -> timedelta:
    return timedelta(hours=step.hours_later, minutes=7)
