"""A backtest from asking to report: it counts, can be called off, outlives its process, and writes nothing else."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.errors import InvalidInput, NotFound
from loyalty.backtests import work
from loyalty.backtests.report import rule_name
from loyalty.backtests.service import backtest_cancel, backtest_start
from loyalty.backtests.tally import Tally
from loyalty.definition.entries import entry_code
from loyalty.definition.read import document_decode
from loyalty.definition.sections import section_rules
from loyalty.definition.translation import text_in
from loyalty.drafts import draft_replace
from loyalty.errors import BacktestOver, BacktestRunning, ProgramInvalid
from loyalty.holding import points_capture, points_hold
from loyalty.models import BacktestPart, BacktestRun, EarningRule, Enrollment, Program
from loyalty.services import points_adjust
from tests.conftest import writes_by_table
from tests.loyalty import shop

OWN = {"loyalty_backtestrun", "loyalty_backtestpart"}


@pytest.fixture
def club(brand) -> Program:
    """Three members: 100 points of an order and 25 of a review each; the second returned half."""
    program = shop.program()
    for name in ("Anna", "Bram", "Cleo"):
        member = shop.member(name)
        shop.place(member, program)
        shop.send(shop.order(member, 100, f"O-{name}"), shop.review(member))
        if name == "Bram":
            shop.send(shop.returned(member, "O-Bram", 50))
    return program


def draft(program: Program, points: int) -> None:
    """The draft gives so many points per euro, and no review any more."""
    effect = {"kind": "points_per_money", "currency": "points", "points": points, "per_minor": 100}
    plain = {**shop.DOCUMENT, "rules": [{**shop.DOCUMENT["rules"][0], "effects": [effect]}]}
    program.refresh_from_db()
    draft_replace(
        program=program,
        document=document_decode(plain),
        expected_revision=program.draft_revision,
        actor=shop.STAFF,
    )


def ask(program: Program, **how) -> BacktestRun:
    return backtest_start(program=program, months=1, actor=shop.STAFF, **how)


def through(run: BacktestRun) -> BacktestRun:
    for part in run.parts.order_by("number"):
        work.part_work(part_id=part.pk)
    run.refresh_from_db()
    return run


def first_part(run: BacktestRun) -> BacktestPart:
    return run.parts.order_by("number")[0]


def claimed(part: BacktestPart) -> BacktestPart:
    mine = work._claim(part.pk)
    assert mine is not None
    return mine


def reported(run: BacktestRun) -> dict[str, Any]:
    assert run.report is not None, run.problem
    return dict(run.report)


def pairs(rows) -> dict[str, tuple[int, int]]:
    return {row["key"]: (row["replayed"], row["happened"]) for row in rows}


def test_the_version_in_force_comes_to_what_happened_and_nothing_else_is_written(club):
    run = ask(club, version=1)
    before = writes_by_table()
    through(run)
    after = writes_by_table()
    written = {table for (schema, table), count in after.items() if count != before.get((schema, table), 0)}
    assert written <= OWN
    assert run.state == "done", run.problem
    points = reported(run)["currencies"][0]
    assert pairs(points["flows"])["issued"] == (375, 375)
    assert pairs(points["flows"])["reversed"] == (50, 50)
    assert pairs(points["holdings"])["balance"] == (325, 325)
    assert all(one == other for one, other in pairs(reported(run)["people"]).values())
    assert dict(points["spread"])["0"] == 3
    assert (points["gainers"], points["losers"]) == ([], [])
    rules = {each["code"]: each for each in reported(run)["rules"]}
    assert (rules["per_euro"]["outcomes"]["fired"], rules["per_euro"]["awards"]) == (3, 3)


def test_a_draft_is_told_beside_what_happened(club):
    draft(club, 10)
    run = through(ask(club))
    points = reported(run)["currencies"][0]
    assert pairs(points["flows"])["issued"] == (3000, 375)
    assert pairs(points["flows"])["reversed"] == (500, 50)
    assert pairs(points["worth"])["issued"] == (3000, 375)
    assert [each[0] for each in points["gainers"]] == [875, 875, 425]
    tiers = pairs(reported(run)["ladders"][0]["tiers"])
    assert tiers == {"enthusiast": (0, 3), "advocate": (1, 0), "vip": (2, 0)}
    moves = pairs(reported(run)["ladders"][0]["moves"])
    assert moves == {"enthusiast>vip": (3, 0), "vip>advocate": (1, 0)}
    rules = {each["code"]: each for each in reported(run)["rules"]}
    assert rules["review"]["points"][0]["happened"] == 75
    assert rules["review"]["points"][0]["replayed"] == 0


def test_what_was_spent_in_truth_and_could_not_have_been_is_told_as_short(club):
    place = Enrollment.objects.order_by("id")[0]
    points_adjust(enrollment=place, currency="points", points=-120, reason="tea", actor=shop.STAFF, key="k")
    draft(club, 1)
    flows = pairs(reported(through(ask(club)))["currencies"][0]["flows"])
    assert flows["taken"] == (100, 120)
    assert flows["short"] == (20, 0)


def test_a_run_that_is_called_off_stops_at_its_next_save_and_can_be_asked_for_again(club, monkeypatch):
    run = ask(club, version=1)
    with pytest.raises(BacktestRunning):
        ask(club, version=1)
    monkeypatch.setattr(work, "SAVE_SECONDS", -1.0)
    counted = []

    def count_and_cancel(*args):
        counted.append(1)
        backtest_cancel(run=run, actor=shop.STAFF)

    monkeypatch.setattr(work, "person_count", count_and_cancel)
    through(run)
    assert (run.state, run.report, len(counted)) == ("canceled", None, 1)
    with pytest.raises(BacktestOver):
        backtest_cancel(run=run, actor=shop.STAFF)
    monkeypatch.undo()
    assert through(ask(club, version=1)).state == "done"


def test_a_part_goes_on_from_where_it_was_saved_whoever_takes_it_up(club, monkeypatch):
    run = ask(club, version=1)
    monkeypatch.setattr(work, "TURN_SECONDS", -1.0)
    parts = list(run.parts.order_by("number"))
    for _turn in range(10):
        for part in parts:
            work.part_work(part_id=part.pk)
    run.refresh_from_db()
    assert run.state == "done"
    assert pairs(reported(run)["currencies"][0]["flows"])["issued"] == (375, 375)
    assert BacktestPart.objects.get(pk=parts[0].pk).claims > 1


def test_a_part_whose_process_died_is_sent_again_and_gives_up_after_three(club, monkeypatch):
    run = ask(club, version=1)
    part = first_part(run)
    sent: list[int] = []
    monkeypatch.setattr(work, "part_wake", sent.append)
    hands = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: hands[-1])
    for death in range(1, 4):
        assert work._claim(part.pk) is not None
        assert work._claim(part.pk) is None, "two were at one part"
        hands.append(hands[-1] + timedelta(minutes=2))
        sent.clear()
        work.runs_sweep()
        run.refresh_from_db()
        if death < 3:
            assert part.pk in sent
    assert (run.state, bool(run.problem)) == ("failed", True)


def test_what_an_outdated_process_saves_is_let_go(club):
    run = ask(club, version=1)
    part = claimed(first_part(run))
    BacktestPart.objects.filter(pk=part.pk).update(claims=part.claims + 1)
    with pytest.raises(work.TakenAway):
        work._save(part, Tally())


def test_a_fault_makes_the_run_fail_with_words(club, monkeypatch, caplog):
    def broken(*args):
        raise RuntimeError("broken")

    monkeypatch.setattr(work, "person_count", broken)
    run = through(ask(club, version=1))
    assert (run.state, run.problem) == ("failed", work.FAILED)


def test_bad_input_is_refused_and_nothing_is_asked(club):
    with pytest.raises(InvalidInput):
        backtest_start(program=club, months=0, actor=shop.STAFF)
    with pytest.raises(InvalidInput):
        backtest_start(program=club, months=37, actor=shop.STAFF)
    with pytest.raises(NotFound):
        ask(club, version=9)
    EarningRule.objects.filter(program=club).update(body={"name": "x", "effects": []})
    with pytest.raises(ProgramInvalid):
        ask(club)
    assert not BacktestRun.objects.exists()


def test_a_budget_over_all_rules_of_a_currency_is_one_budget_in_a_backtest_too(brand) -> None:
    made = deepcopy(shop.DOCUMENT)
    made["currencies"][0]["limits"] = [{"per": "budget", "period": "lifetime", "at_most": 150}]
    program = shop.program(made)
    for name in ("Anna", "Bram"):
        member = shop.member(name)
        shop.place(member, program)
        shop.send(shop.order(member, 100))
    flows = pairs(reported(through(ask(program, version=1)))["currencies"][0]["flows"])
    assert flows["issued"] == (150, 150)


def test_points_that_came_back_with_a_return_come_back_in_a_backtest_too(brand) -> None:
    program = shop.program()
    place = shop.place(shop.member(), program)
    shop.send(shop.order(place.member, 100, "A"))
    hold = points_hold(enrollment=place, currency="points", points=30, actor=shop.PARTNER, key="h", order_number="B")
    points_capture(hold=hold, actor=shop.PARTNER)
    shop.send(shop.order(place.member, 50, "B", paid_in_points_minor=1000))
    # Half of it: 15 of the 30 come back, 20 of the 40 that it gave go.
    shop.send(shop.returned(place.member, "B", 25))
    points = reported(through(ask(program, version=1)))["currencies"][0]
    flows = pairs(points["flows"])
    assert (flows["spent"], flows["reversed"]) == ((15, 15), (20, 20))
    assert pairs(points["holdings"])["balance"] == (105, 105)
    assert (points["gainers"], points["losers"]) == ([], [])


def test_what_a_tier_or_a_section_gives_goes_by_its_name_in_the_report_not_by_its_code() -> None:
    welcome = [{"kind": "points_fixed", "currency": "points", "points": 50}]
    plain = deepcopy(shop.DOCUMENT)
    plain["ladders"][0]["tiers"][2]["entry_effects"] = welcome
    plain["sections"] = {"referrals": {"referrer": {"effects": welcome}, "friend": {"effects": welcome}}}
    document = document_decode(plain)
    told = {rule.code: text_in(rule_name(document, rule.code), "nl") for rule in section_rules(document)}
    assert "Een vriend bracht je aan" in told.values()
    assert set(told) & set(told.values()) == set()
    assert rule_name(document, entry_code("main", "vip")) == "VIP"
    assert rule_name(document, "per_euro") == "A point per euro"
    assert rule_name(document, "gone_by_now") == "gone_by_now"
