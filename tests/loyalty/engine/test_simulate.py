"""A dry run tells what the real run would, and leaves nothing behind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_document, draft_replace
from loyalty.ingest import Answer
from loyalty.models import Enrollment, Program
from loyalty.services import points_adjust
from loyalty.simulating import Simulated, event_simulate
from tests.conftest import writes_by_table
from tests.loyalty import shop


def dry(*rows, **how) -> list[Simulated]:
    before = writes_by_table()
    found = event_simulate(rows, actor=shop.PARTNER, **how)
    assert writes_by_table() == before, "a dry run wrote"
    return found


def without_id(answer: Answer):
    return answer.status, {key: value for key, value in answer.body.items() if key != "id"}


@pytest.fixture
def club(brand) -> Program:
    return shop.program()


@pytest.fixture
def anna(club):
    member = shop.member()
    shop.place(member, club)
    return member


def test_a_purchase_gives_what_the_dry_run_said_and_the_dry_run_writes_nothing(anna):
    order = shop.order(anna, 520, "O-1")
    (told,) = dry(order)
    (booked,) = shop.send(order)
    assert without_id(told.answer) == without_id(booked)
    assert "id" not in told.answer.body
    assert told.answer.body["tiers"] == [{"ladder": "main", "tier": "advocate", "changed_from": "enthusiast"}]
    assert (told.version, told.trace["rules"][0]["outcome"]) == (1, "fired")


def test_a_member_without_a_place_is_taken_as_just_enrolled_with_the_welcome_that_it_brings(brand):
    welcome = {
        "code": "welcome",
        "name": "Welcome",
        "trigger": "member.enrolled",
        "effects": [{"kind": "points_fixed", "currency": "points", "points": 500}],
    }
    shop.program({**shop.DOCUMENT, "rules": [*shop.DOCUMENT["rules"], welcome]})
    bea = shop.member("Bea")
    order = shop.order(bea, 20, "O-1")
    (told,) = dry(order)
    assert not Enrollment.objects.exists()
    assert told.answer.body["balances"][0]["balance"] == 520
    (booked,) = shop.send(order)
    assert without_id(told.answer) == without_id(booked)


def test_a_return_after_points_ran_out_is_told_as_it_would_be_booked(anna, monkeypatch):
    shop.send(shop.order(anna, 100, "O-1"))
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=400))
    shop.send(shop.order(anna, 50, "O-2"))
    back = shop.returned(anna, "O-1", 100, "R-1")
    (told,) = dry(back)
    # What ran out counts as gone: the later order's points stay.
    assert told.answer.body["balances"][0]["balance"] == 50
    (booked,) = shop.send(back)
    assert without_id(told.answer) == without_id(booked)


def test_what_would_be_refused_is_refused_with_the_same_error(anna):
    shop.send(shop.order(anna, 10, "O-1"))
    rows = [
        {**shop.order(anna, 10), "type": "spaceship.landed"},
        {**shop.order(anna, 10), "member": {"external_id": "nobody"}},
        {**shop.order(anna, 10), "data": {}},
        shop.order(anna, 12, "O-1"),
        {**shop.order(anna, 10, "O-1"), "id": "another"},
        shop.returned(anna, "O-1", 11),
        {"surprise": 1},
    ]
    for row, told, booked in zip(rows, dry(*rows), shop.send(*rows), strict=True):
        assert told.answer.error is not None, row
        assert (told.answer.status, told.answer.body) == (booked.status, booked.body)


def test_an_event_that_came_before_is_told_with_its_first_answer_unless_asked_anew(anna):
    order = shop.order(anna, 30, "O-1")
    shop.send(order)
    shop.send(shop.order(anna, 5))
    (before,) = dry(order)
    assert (before.answer.status, before.answer.body["balances"][0]["balance"]) == (200, 30)
    assert before.trace["rules"][0]["rule"] == "per_euro"
    (anew,) = dry(order, anew=True)
    assert (anew.answer.status, anew.answer.body["balances"][0]["balance"]) == (201, 65)


def test_a_draft_judges_as_if_it_were_in_force_and_returns_still_go_by_what_was_awarded(club, anna):
    shop.send(shop.order(anna, 100, "O-1"))
    plain = {**shop.DOCUMENT, "rules": [{**shop.DOCUMENT["rules"][0], "code": "double"}]}
    plain["rules"][0]["effects"] = [{"kind": "points_per_money", "currency": "points", "points": 2, "per_minor": 100}]
    document = document_decode(plain)
    sale, back = dry(shop.order(anna, 10), shop.returned(anna, "O-1", 50), program=club, document=document)
    assert (sale.answer.body["awards"][0]["points"], sale.version) == (20, None)
    assert back.answer.body["reversed"][0]["points"] == 50
    club.refresh_from_db()
    draft_replace(program=club, document=document, expected_revision=club.draft_revision, actor=shop.STAFF)
    assert draft_document(club) == document
    (told,) = dry(shop.order(anna, 10), program=club, version=1)
    assert (told.answer.body["awards"][0]["points"], told.version) == (10, 1)


def test_a_draft_with_a_new_currency_and_ladder_is_told_for_members_who_have_neither(club, anna):
    points = shop.DOCUMENT["currencies"][0]
    plain = {
        **shop.DOCUMENT,
        "currencies": [points, {**points, "code": "stars"}],
        "ladders": [
            *shop.DOCUMENT["ladders"],
            {
                **shop.DOCUMENT["ladders"][0],
                "code": "stars",
                "qualify": {"kind": "points_earned", "currency": "stars"},
            },
        ],
        "rules": [
            *shop.DOCUMENT["rules"],
            {
                "code": "stars",
                "name": "Stars",
                "trigger": "order.paid",
                "effects": [{"kind": "points_fixed", "currency": "stars", "points": 600}],
            },
        ],
    }
    (told,) = dry(shop.order(anna, 10), program=club, document=document_decode(plain))
    balances = {each["currency"]: each["balance"] for each in told.answer.body["balances"]}
    assert balances == {"points": 10, "stars": 600}
    assert {each["ladder"]: each["tier"] for each in told.answer.body["tiers"]}["stars"] == "advocate"


def test_a_dry_run_spends_nothing_of_a_debt(brand):
    plain = {**shop.DOCUMENT, "currencies": [{**shop.DOCUMENT["currencies"][0], "refund_policy": "into_debt"}]}
    club = shop.program(plain)
    anna = shop.member()
    place = shop.place(anna, club)
    shop.send(shop.order(anna, 100, "O-1"))
    points_adjust(enrollment=place, currency="points", points=-80, reason="spent", actor=shop.STAFF, key="k")
    shop.send(shop.returned(anna, "O-1", 100))
    order = shop.order(anna, 30, "O-2")
    (told,) = dry(order)
    assert told.answer.body["balances"] == [{"currency": "points", "balance": 0, "pending": 0, "debt": 50}]
    (booked,) = shop.send(order)
    assert without_id(told.answer) == without_id(booked)
