"""A backtest of the version in force equals history, to the point: balances, lots, counters, tiers and their moves."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from core import clock
from loyalty.backtests.feed import nights_of, people
from loyalty.backtests.memory import ReplayState, setting_of
from loyalty.backtests.ranking import recalculations_of
from loyalty.backtests.replay import Replay
from loyalty.backtests.tally import Tally
from loyalty.models import (
    Enrollment,
    Event,
    PointsAccount,
    PointsEntry,
    PointsLot,
    ProgressCounter,
    TierChange,
    TierStanding,
)
from loyalty.nightly import nightly_run
from loyalty.traces import trace_whole
from loyalty.versions import ProgramState, programs_fresh
from tests.loyalty import shop
from tests.loyalty.properties import streams
from tests.trials import scale


def under_test(state: ProgramState, since: Any) -> ReplayState:
    row = state.versions[-1]
    fields = {name: getattr(state, name) for name in ProgramState.__struct_fields__}
    return ReplayState(**fields, since=since, row=row, compiled=state.version(row.id))


def replayed(program_id: int, since: Any, until: Any) -> tuple[list[Replay], Tally]:
    state = next(each for each in programs_fresh().values() if each.id == program_id)
    trial = under_test(state, since)
    setting = setting_of(trial, until, nights_of(state.slug, trial.compiled), recalculations_of(trial, until))
    tally, found = Tally(), []
    for part in (0, 1):
        for person in people(program_id=program_id, since=since, until=until, part=part, parts=2, after=0):
            replay = Replay(setting, person.member, person.accounts, person.enrolled_at, tally, person.given)
            replay.run(person.events, person.hands)
            found.append(replay)
    return found, tally


def assert_as_it_was(replay: Replay) -> None:
    place = Enrollment.objects.get(member_id=replay.member.id)
    for account in PointsAccount.objects.filter(enrollment=place):
        purse = replay.purses[account.currency]
        assert (purse.account.balance, purse.account.pending, purse.account.debt) == (
            account.balance, account.pending, account.debt
        )  # fmt: skip
        stored = PointsLot.objects.filter(account=account, remaining__gt=0).order_by("entry_id")
        kept = sorted((each for each in purse.lots if each.remaining), key=lambda each: each.entry)
        assert [(each.remaining, each.active, each.expires_at) for each in kept] == [
            (each.remaining, each.active_at is not None, each.expires_at) for each in stored
        ]
    counted = {f"{row.key}@{row.period}": row.value for row in ProgressCounter.objects.filter(enrollment=place)}
    assert {name: value for name, value in replay.place.counters.items() if value} == {
        name: value for name, value in counted.items() if value
    }
    standings = TierStanding.objects.filter(enrollment=place)
    assert {(each.ladder, each.tier, each.valid_until) for each in replay.place.standings} == {
        (each.ladder, each.tier, each.valid_until) for each in standings
    }


def without_budgets(document: dict[str, Any]) -> dict[str, Any]:
    """A replay goes member by member, so that of a budget others get something than did: its report says so."""
    rules = [
        {**rule, "limits": [each for each in rule.get("limits", []) if each["per"] != "budget"]}
        for rule in document["rules"]
    ]
    return {**document, "rules": rules}


def assert_sums(tally: Tally, since: Any, until: Any) -> None:
    """What the window came to, against the ledger's lines of it."""
    lines = PointsEntry.objects.filter(recorded_at__gte=since, recorded_at__lt=until)

    def total(currency: str, **which: Any) -> int:
        found = lines.filter(account__currency=currency, **which).aggregate(points=Sum("points"))["points"]
        return int(found or 0)

    for currency in ("points", "miles"):
        flows = tally.flows.get(currency, {})
        assert flows.get("issued", 0) == total(currency, kind="earn")
        assert flows.get("reversed", 0) == -total(currency, kind="reverse", event__isnull=False)
        assert flows.get("expired", 0) == -total(currency, kind="expire")
        assert flows.get("given", 0) - flows.get("taken", 0) == total(currency, kind="adjust")
        assert flows.get("short", 0) == 0
    moves = TierChange.objects.filter(recorded_at__gte=since, recorded_at__lt=until).exclude(cause="enrolled")
    assert sum(sum(each.values()) for each in tally.moves.values()) == moves.count()


def assert_outcomes(tally: Tally, since: Any, until: Any) -> None:
    """What became of every rule in the window, against the traces that were kept of its events."""
    happened: dict[str, Counter[str]] = defaultdict(Counter)
    for event in Event.objects.filter(received_at__gte=since, received_at__lt=until).exclude(type="order.returned"):
        for line in trace_whole(event.trace)["rules"]:
            happened[line["rule"]][line["outcome"]] += 1
    assert tally.rules == happened


@settings(max_examples=scale.size(20, 600), deadline=None, suppress_health_check=streams.SHARED_BRAND)
@given(
    document=streams.documents().map(without_budgets),
    steps=st.lists(streams.steps(), min_size=1, max_size=14),
    window=st.integers(0, 14),
)
def test_the_version_in_force_again_comes_to_what_happened(brand, document, steps, window):
    now = clock.now()
    since = now
    with transaction.atomic():
        story = streams.Story(shop.program(document), members=2)
        for at, step in enumerate(steps):
            now += streams.later(step)
            with streams.clock_at(now):
                if at == window:
                    # No night of the window stands for a midnight before it: such a one is in neither or both.
                    nightly_run(program=story.program)
                    since = clock.now()
                if step.night:
                    nightly_run(program=story.program)
                story.happen(step)
        now += timedelta(days=2)
        with streams.clock_at(now):
            nightly_run(program=story.program)
        until = now + timedelta(days=1)
        found, tally = replayed(story.program.pk, since, until)
        assert len(found) == Enrollment.objects.count()
        for replay in found:
            assert_as_it_was(replay)
        if window < len(steps):
            assert_sums(tally, since, until)
            assert_outcomes(tally, since, until)
        transaction.set_rollback(True)
