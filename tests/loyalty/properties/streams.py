"""Whole programs and streams of what happens in them, drawn at random; and the telling of such a stream to a brand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from unittest import mock

import msgspec
from hypothesis import HealthCheck, assume, event
from hypothesis import strategies as st

from core import clock
from core.actor import system
from core.errors import DomainError
from core.outbox import outbox_drain
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode
from loyalty.floors import tier_floor_end, tier_floor_set
from loyalty.holding import holds_of, points_capture, points_hold, points_release
from loyalty.ingest import event_ingest
from loyalty.models import Program
from loyalty.reversing import reversal_event
from loyalty.rules.dates import day_start, local_day
from loyalty.selectors import program_state_of
from loyalty.services import points_adjust
from tests.loyalty import shop
from tests.loyalty.properties import parts

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


kinds = st.sampled_from(
    [
        "sale",
        "sale",
        "sale",
        "sale",
        "return",
        "whole_return",
        "line_return",
        "review",
        "delivery",
        "give",
        "take",
        "tier",
        "undo",
        "hold",
        "capture",
        "release",
    ]
)
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


@st.composite
def rules(draw: st.DrawFn, at: int) -> dict[str, Any]:
    """A rule of a priority of its own: a tie would be refused, whichever way round the rules stood."""
    effect = draw(parts.effects)
    of_orders = effect["kind"] != "points_fixed"  # where there is something to multiply, too
    trigger = "order.paid" if of_orders else draw(st.sampled_from(["order.paid", "review.posted"]))
    condition = draw(parts.conditions) if trigger == "order.paid" else None
    return {
        "code": f"rule_{at}",
        "name": f"Rule {at}",
        "trigger": trigger,
        "priority": 100 - at,
        "group": draw(st.sampled_from(["first", "second"])),
        "stop": draw(st.integers(0, 9)) == 0,
        "effects": [effect],
        "limits": draw(parts.limits),
        **({"when": condition} if condition is not None else {}),
    }


@st.composite
def currencies(draw: st.DrawFn, code: str, policy: str) -> dict[str, Any]:
    return {
        "code": code,
        "name_one": code,
        "name_many": code,
        "value_minor_per_point": 1,
        "refund_policy": policy,
        "expiry": draw(parts.expiries),
        **draw(parts.waits),
    }


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A publishable program: two currencies, a ladder or two, what is counted and worked towards, up to six rules
    beside the one that always gives."""
    policy = draw(st.sampled_from(POLICIES))
    base = {
        "code": "base",
        "name": "Base",
        "trigger": "order.paid",
        "priority": 1000,
        "effects": [parts.per_money("points", 1, 100, "floor")],
    }
    miles = {**base, "code": "miles", "priority": 999, "effects": [parts.per_money("miles", 1, 500, "floor")]}
    welcome = {
        "code": "welcome",
        "name": "Welcome",
        "trigger": "member.enrolled",
        "effects": [parts.fixed("points", draw(st.integers(1, 100)))],
    }
    others = [draw(rules(at)) for at in range(draw(st.integers(0, 5)))]
    worked = draw(parts.achievements())
    stacked = draw(st.sampled_from(["all", "first_match", "best_for_member", "best_for_brand"]))
    every = [base, miles, *([welcome] if draw(st.booleans()) else []), *others, *worked["rules"]]
    document = {
        "schema": 2,
        "program": {
            "name": "Club",
            "time_zone": draw(st.sampled_from(ZONES)),
            "money_currency": "EUR",
            "judged_by": draw(st.sampled_from(["occurred_at", "received_at"])),
            "upgrade_rate": draw(st.sampled_from(["before", "before", "after"])),
        },
        "currencies": [draw(currencies(code, policy)) for code in ("points", "miles")],
        "counters": parts.COUNTERS,
        "ladders": [draw(parts.ladders()), *([draw(parts.ladders("other"))] if draw(st.booleans()) else [])],
        "stacking": {"first": stacked} if any(each.get("group") == "first" for each in every) else {},
        **worked,
        "rules": every,
    }
    try:
        document_decode(document)
    except DefinitionError as refused:
        event(refused.problems[0].problem)
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
        self.reviews: list[list[str]] = [[] for _each in self.members]
        self.serial = 0

    def event(self, step: Step) -> dict[str, Any]:
        """The step as an event that a partner sends; a hand-made adjustment is told as a review here."""
        self.serial += 1
        who, number, sales = self.members[step.who], f"{self.program.slug}-{self.serial}", self.sales[step.who]
        if step.kind.endswith("return") and sales:
            order, minor = sales[step.pick % len(sales)]
            amount = minor if step.kind == "whole_return" else step.minor % (minor + 1)
            row = shop.returned(who, order, f"{amount / 100:.2f}", f"R-{number}")
            if step.kind == "line_return":
                row["data"]["return"]["lines"] = [{"sku": f"S{step.pick % 3}", "quantity": 1}]
            return row
        if step.kind == "delivery" and sales:
            order, _minor = sales[step.pick % len(sales)]
            row = {**shop.review(who, f"D-{number}"), "type": "order.delivered"}
            return {**row, "data": {"order": {"number": order}}}
        if step.kind == "sale" or step.kind.endswith("return"):
            sales.append((number, step.minor))
            more: dict[str, Any] = {"channel": "web"} if step.pick % 2 else {}
            if step.pick % 3:
                more["lines"] = lines_of(step)
            return shop.order(who, f"{step.minor / 100:.2f}", number, days_ago=step.days_late, **more)
        self.reviews[step.who].append(f"V-{number}")
        return shop.review(who, f"V-{number}")

    def happen(self, step: Step) -> None:
        """Do it. What is refused (more returned than paid, more taken than there is) is part of life."""
        if step.kind in ("give", "take"):
            self._adjust(step)
        elif step.kind == "tier":
            self._tier(step)
        elif step.kind == "undo":
            self._undo(step)
        elif step.kind in ("hold", "capture", "release"):
            self._hold(step)
        else:
            shop.send(self.event(step))
        outbox_drain()

    def _tier(self, step: Step) -> None:
        """A tier is given, for good or for a time, in the place of what the same source gave; or taken back."""
        place = shop.place(self.members[step.who], self.program)
        what: dict[str, Any] = {"enrollment": place, "ladder": "main", "source": ("plan", "staff")[step.pick % 2]}
        try:
            if step.pick % 5 == 0:
                tier_floor_end(**what, actor=shop.STAFF)
            else:
                until = midnight_in(self.program, step.minor % 50) if step.pick % 3 else None
                tier_floor_set(**what, tier=("silver", "gold")[step.minor % 2], until=until, actor=shop.STAFF)
        except DomainError:
            return

    def _undo(self, step: Step) -> None:
        """One of the member's reviews is taken back, as the product does with a friend's first step."""
        if not (told := self.reviews[step.who]):
            return
        undone = reversal_event(
            source=shop.PARTNER.source, external_id=told[step.pick % len(told)],
            member=str(self.members[step.who].public_id), program=self.program.slug, at=clock.now(), reason={},
        )  # fmt: skip
        [answer] = event_ingest([undone], actor=system("friends"))
        assert answer.status < 400, answer.body

    def _hold(self, step: Step) -> None:
        """Points are set aside, and taken or let go: of what is still held, or of what ran out meanwhile."""
        place = shop.place(self.members[step.who], self.program)
        self.serial += 1
        try:
            if step.kind == "hold":
                points_hold(
                    enrollment=place, currency="points" if step.pick % 3 else "miles", points=step.minor // 200 + 1,
                    actor=shop.PARTNER, key=f"H-{self.serial}", lasts=timedelta(hours=1 + step.pick % 700),
                )  # fmt: skip
            elif (held := holds_of(place).order_by("held_at", "pk").first()) is not None:
                if step.kind == "capture":
                    points_capture(hold=held, actor=shop.PARTNER, points=max(1, held.points - step.pick % 50))
                else:
                    points_release(hold=held, actor=shop.PARTNER)
        except DomainError:
            return

    def _adjust(self, step: Step) -> None:
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


def midnight_in(program: Program, days: int) -> datetime:
    """The local midnight so many days from now, and one more."""
    zone = program_state_of(program.pk).at(clock.now()).zone
    return day_start(local_day(clock.now(), zone) + timedelta(days=days + 1), zone)


def lines_of(step: Step) -> list[dict[str, Any]]:
    """Two or three lines that share the sum."""
    count = 2 + step.pick % 2
    each = step.minor // count
    return [
        {
            "sku": f"S{at}",
            "quantity": 1 + (step.pick + at) % 3,
            "net_minor": each if at else step.minor - each * (count - 1),
        }
        for at in range(count)
    ]


@contextmanager
def clock_at(now: datetime) -> Iterator[None]:
    """Domain time stands at `now`, but for the microseconds by which one call differs from the next."""
    ticks = count()
    with mock.patch.object(clock, "now", side_effect=lambda: now + timedelta(microseconds=next(ticks))):
        yield


def later(step: Step) -> timedelta:
    return timedelta(hours=step.hours_later, minutes=7)
