"""The night's review of many standings by one statement comes to what the pure rules say of each of them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction

from core import clock
from loyalty.definition.compiled import CompiledLadder
from loyalty.models import Enrollment, Program, ProgressCounter, TierChange, TierStanding
from loyalty.rules.dates import day_start, local_day
from loyalty.rules.nights import night_plan
from loyalty.rules.progress import progress_of
from loyalty.rules.tiers import tier_expire
from loyalty.selectors import program_state_of
from loyalty.tiernights import tiers_end
from members.models import Member
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")

POINTS = {"kind": "points_earned", "currency": "points"}
ORDERS = {"code": "orders", "name": "Orders", "trigger": "order.paid"}
MANY = 250
LADDERS: dict[str, dict[str, Any]] = {
    "a calendar year, one step": {},
    "a calendar year, full, to its end": {"valid": "end_of_window", "downgrade": "full"},
    "a year from April": {"window": {"kind": "calendar_year", "start_month": 4}},
    "months with grace": {"window": {"kind": "month"}, "valid": "end_of_window", "grace_days": 40, "downgrade": "full"},
    "quarters": {"window": {"kind": "quarter"}, "downgrade": "full"},
    "at the next year": {"upgrade": "next_window", "valid": "end_of_window", "downgrade": "full"},
    "at the next month": {"window": {"kind": "month"}, "upgrade": "next_window"},
    "nine months": {"valid": "after_months", "valid_months": 9},
    "six months of a lifetime": {"window": {"kind": "lifetime"}, "valid": "after_months", "valid_months": 6},
    "rolling, for three months": {
        "window": {"kind": "rolling", "months": 6}, "valid": "after_months", "valid_months": 3, "downgrade": "full",
    },
    "the members' own year": {"window": {"kind": "anniversary"}, "grace_days": 14},
    "points and orders": {"qualify": {"kind": "all_of", "of": [POINTS, {"kind": "counter", "counter": "orders"}]}},
    "points or orders": {
        "qualify": {"kind": "any_of", "of": [POINTS, {"kind": "counter", "counter": "orders"}]}, "downgrade": "full",
    },
}  # fmt: skip


def document(fields: dict[str, Any]) -> dict[str, Any]:
    tiers: list[dict[str, Any]] = [
        {"code": code, "name": code, "threshold": at}
        for code, at in (("one", 0), ("two", 100), ("three", 200), ("given", 0), ("four", 400))
    ]
    tiers[3]["by_invitation"] = True
    if fields.get("qualify", POINTS) != POINTS:
        for rank, tier in enumerate(tiers):
            tier["thresholds"] = [] if tier.get("by_invitation") else [tier["threshold"], rank * 2]
            tier["threshold"] = 0
    ladder = {"code": "main", "name": "Status", "qualify": POINTS, "tiers": tiers, **fields}
    return {**shop.DOCUMENT, "counters": [ORDERS], "ladders": [ladder]}


def ends_of(ladder: CompiledLadder) -> datetime:
    """An instant at which tiers of the ladder end: the last start of a window, and the grace."""
    today = local_day(clock.now(), ladder.zone)
    start = ladder.window.start(today - timedelta(days=60), date(2024, today.month, min(today.day, 28)))
    first = date.fromisoformat(start) if start else today.replace(day=1)
    return day_start(first + timedelta(days=ladder.grace_days), ladder.zone)


def seed(ladder: CompiledLadder, program_id: int, ends: datetime, chance: random.Random) -> None:
    """Members whose tier ends then, with progress in windows around it."""
    now, day = clock.now(), local_day(ends, ladder.zone)
    anchor = day - timedelta(days=ladder.grace_days)
    joined = datetime(2024, anchor.month, min(anchor.day, 28), 12, tzinfo=UTC)
    members = Member.objects.bulk_create(
        Member(name=f"M{n}", email=f"m{n}-{program_id}@example.com", joined_at=joined, created_at=now, updated_at=now)
        for n in range(MANY)
    )
    places = Enrollment.objects.bulk_create(
        Enrollment(member=each, program_id=program_id, enrolled_at=joined) for each in members
    )
    codes = [each.code for each in ladder.tiers if not each.by_invitation] + ["gone"]
    TierStanding.objects.bulk_create(
        TierStanding(enrollment=each, ladder="main", tier=chance.choice(codes), since=joined, valid_until=ends)
        for each in places
    )
    rows = {}
    for place in places:
        for metric in ladder.metrics:
            for _each in range(chance.randrange(4)):
                then = min(local_day(now, ladder.zone), day + timedelta(days=chance.randrange(-500, 61)))
                period = ladder.window.start(then, anchor)
                value = chance.choice((-5, 0, 1, 2, 4, 99, 100, 101, 199, 200, 250, 400, 900))
                rows[place.pk, metric.key, period] = value
    ProgressCounter.objects.bulk_create(
        ProgressCounter(enrollment_id=pk, key=key, period=period, value=value)
        for (pk, key, period), value in rows.items()
    )


Found = dict[int, tuple[str, datetime | None]]


def by_rules(ladder: CompiledLadder, at: datetime, program: Program) -> Found:
    """What the pure rules come to, one end after the other."""
    found: Found = {}
    counters: dict[int, dict[str, int]] = {}
    for row in ProgressCounter.objects.filter(enrollment__program=program):
        counters.setdefault(row.enrollment_id, {})[f"{row.key}@{row.period}"] = row.value
    for standing in TierStanding.objects.filter(enrollment__program=program).select_related("enrollment__member"):
        place = standing.enrollment
        progress = progress_of(ladder, counters.get(place.pk, {}))
        tier, until = standing.tier, standing.valid_until
        anchor = local_day(place.member.joined_at, ladder.zone)
        while (
            move := tier_expire(ladder, current=tier, valid_until=until, progress=progress, at=at, anchor=anchor)
        ) is not None:
            tier, until = move.to_tier, move.valid_until
        found[place.pk] = (tier, until)
    return found


def test_the_statement_and_the_rules_agree() -> None:
    for number, name in enumerate(LADDERS):
        agree(name, f"p{number}")


def agree(name: str, slug: str) -> None:
    program = shop.program(document(LADDERS[name]), slug)
    state = program_state_of(program.pk)
    ladder = state.at(clock.now()).ladders["main"]
    ends = ends_of(ladder)
    seed(ladder, program.pk, ends, random.Random(name))
    today = day_start(local_day(clock.now(), ladder.zone), ladder.zone)
    assert night_plan(ladder, ends, today) is not None
    expected = by_rules(ladder, today, program)
    rows = TierStanding.objects.filter(enrollment__program=program)
    before = {row.enrollment_id: row.tier for row in rows}
    assert sum(tiers_end(state, today)) >= MANY
    after = {row.enrollment_id: (row.tier, row.valid_until) for row in rows.all()}
    assert after == expected, name
    # Every kind of move was among them, or the test would say little.
    moves = {(list(ladder.ranks).index(tier) > ladder.ranks.get(before[pk], -1)) for pk, (tier, _) in after.items()}
    assert moves == {True, False}
    changes = TierChange.objects.filter(enrollment__program=program).order_by("id")
    last = {row.enrollment_id: row.to_tier for row in changes}
    assert all(after[pk][0] == tier for pk, tier in last.items())
    assert {pk for pk in after if after[pk][0] != before[pk]} <= set(last)
    assert list(tiers_end(state, today)) == []


def test_a_plan_goes_over_as_it_is() -> None:
    """The plan's instants and empty places survive the way into the statement."""
    ladder = program_state_of(shop.program(document({})).pk).at(clock.now()).ladders["main"]
    plan = night_plan(ladder, ends_of(ladder), clock.now())
    told = msgspec.json.encode(plan).decode()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT (%s::jsonb)->'windows'->0->>2, (%s::jsonb)->'asked'->3", [told, told])
        until, given = cursor.fetchone()
    assert plan is not None
    assert datetime.fromisoformat(until) == plan.windows[0][2]
    assert given in (None, "null")
