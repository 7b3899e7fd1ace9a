"""A product panel's life: applied for, chosen, sent, answered, kept or sent back; each step once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.errors import InvalidInput
from core.tables import AuditEntry, OutboxMessage
from loyalty.errors import InsufficientPoints
from panels.answers import AnswersRefused
from panels.applying import application_make, application_withdraw
from panels.choosing import applications_reserve, applications_select, panel_settle
from panels.errors import (
    AddressMissing,
    ApplicationDecided,
    ApplicationUnknown,
    NotEligible,
    NoUnitsLeft,
    PanelClosed,
    RemindedToday,
    StillOpen,
    WrongMoment,
)
from panels.lending import (
    address_of,
    answers_keep,
    answers_send,
    invitation_accept,
    invitation_decline,
    participation_close,
    product_keep,
    product_receive,
    product_return,
    product_ship,
)
from panels.models import Application, Panel, Participation
from panels.sweeping import panels_sweep, reminder_send
from rewards.models import Redemption
from tenants.models import Brand
from tests.loyalty import shop
from tests.panels import cast

pytestmark = pytest.mark.django_db
STATE, TESTER = Application.State, Participation.State


def later(brand: Brand, days: float) -> None:
    brand.clock_shift += timedelta(days=days)


def topics() -> list[str]:
    found = OutboxMessage.objects.filter(topic__startswith="panel.").order_by("pk")
    return list(found.values_list("topic", flat=True))


def test_from_applying_to_the_points_for_what_was_answered(brand: Brand) -> None:
    anna = shop.place(shop.member(), cast.program())
    application = cast.applies(anna)
    one = cast.chosen(application)
    assert one.state == TESTER.INVITED
    with pytest.raises(AddressMissing):
        invitation_accept(participation=one, address=None, actor=shop.PARTNER)
    for _twice in range(2):
        one = invitation_accept(participation=one, address=cast.HOME, actor=shop.PARTNER)
    assert one.state == TESTER.ACCEPTED
    assert address_of(one) == cast.HOME
    assert "Kade" not in one.address
    for _twice in range(2):
        product_ship(participation=one, actor=shop.STAFF, carrier="Post", tracking="3S1")
        product_receive(participation=one, actor=shop.PARTNER)
    answers_keep(participation=one, answers={"warm": 2}, actor=shop.PARTNER)
    assert cast.fresh(application).draft == {"warm": 2}
    for _twice in range(2):
        one = answers_send(participation=one, answers=cast.ANSWERS, actor=shop.PARTNER)
    one = cast.fresh(application)
    assert (one.state, one.outcome, one.answers, one.draft) == (TESTER.CLOSED, "kept", cast.ANSWERS, {})
    assert one.address == ""
    assert shop.balance(anna) == 150
    assert topics() == [
        "panel.applied", "panel.selected", "panel.accepted", "panel.shipped", "panel.received", "panel.answered",
        "panel.closed",
    ]  # fmt: skip
    assert AuditEntry.objects.filter(action__in=("panel.select", "panel.ship")).count() == 2


def test_a_partner_cannot_say_that_a_product_was_tested(brand: Brand) -> None:
    anna = shop.place(shop.member(), cast.program())
    [answer] = shop.send(
        {"id": "X-1", "type": "panel.answered", "member": str(anna.member.public_id), "occurred_at": shop.when(0),
         "data": {"panel": {"code": "jacket"}}}
    )  # fmt: skip
    assert answer.error is not None
    assert shop.balance(anna) == 0


def test_who_may_apply_is_told_why_not(brand: Brand) -> None:
    made = cast.program(tiers=["vip"], countries=["NL"], min_age=18, segments=["club"])
    anna = shop.place(shop.member(attributes={"country": "DE"}), made)
    with pytest.raises(NotEligible) as refused:
        cast.applies(anna)
    assert refused.value.context["reasons"] == ["tier", "segment", "country", "age"]
    assert not Application.objects.exists()


def test_a_benefit_can_be_what_it_takes(brand: Brand) -> None:
    benefit = {"code": "testing", "name": "Testing", "gives": {"kind": "bonus"},
               "given_to": [{"kind": "tier", "ladder": "main", "any_of": ["advocate"]}]}  # fmt: skip
    made = shop.program(cast.document(cast.piece(benefit="testing"), benefits={"benefits": [benefit]}))
    anna = shop.place(shop.member(), made)
    with pytest.raises(NotEligible) as refused:
        cast.applies(anna)
    assert refused.value.context["reasons"] == ["benefit"]
    shop.send(shop.order(anna.member, 600))
    assert cast.applies(anna).state == STATE.APPLIED


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({}, ["answers.size"]),
        ({"size": "xl"}, ["answers.size"]),
        ({"size": "m", "why": "x" * 1001}, ["answers.why"]),
        ({"size": ["m"], "shoe": 42}, ["answers.shoe", "answers.size"]),
        ({"size": "m", "why": 7}, ["answers.why"]),
        ({"size": "m", "why": "a\x00b"}, ["answers.why"]),
    ],
)
def test_answers_that_cannot_be_are_refused_by_question(
    brand: Brand, answers: dict[str, Any], fields: list[str]
) -> None:
    anna = shop.place(shop.member(), cast.program())
    with pytest.raises(AnswersRefused) as refused:
        application_make(panel=cast.panel(), enrollment=anna, answers=answers, actor=shop.PARTNER)
    assert [each["field"] for each in refused.value.context["problems"]] == fields
    assert not Application.objects.exists()


def test_applying_again_changes_the_answers_and_withdrawing_can_be_undone(brand: Brand) -> None:
    anna = shop.place(shop.member(), cast.program())
    first = cast.applies(anna)
    again = cast.applies(anna, size="l")
    assert (again.pk, again.answers["size"]) == (first.pk, "l")
    for _twice in range(2):
        assert application_withdraw(application=first, actor=shop.PARTNER).state == STATE.WITHDRAWN
    with pytest.raises(ApplicationDecided):
        applications_select(panel=cast.panel(), ids=[first.pk], actor=shop.STAFF)
    assert cast.applies(anna).state == STATE.APPLIED
    cast.chosen(first)
    with pytest.raises(ApplicationDecided):
        application_withdraw(application=first, actor=shop.PARTNER)
    with pytest.raises(ApplicationDecided):
        cast.applies(anna)


def test_outside_of_its_time_nobody_applies(brand: Brand) -> None:
    made = cast.program(opens_at=cast.local(1))
    anna = shop.place(shop.member(), made)
    with pytest.raises(PanelClosed):
        cast.applies(anna)
    later(brand, 11)
    with pytest.raises(PanelClosed):
        cast.applies(anna)


def test_no_more_are_chosen_than_there_are_products(brand: Brand) -> None:
    rows = cast.crowd(cast.program(), 4)
    with pytest.raises(NoUnitsLeft):
        applications_select(panel=cast.panel(), ids=[each.pk for each in rows[:3]], actor=shop.STAFF)
    assert not Participation.objects.exists()
    for _twice in range(2):
        applications_select(panel=cast.panel(), ids=[each.pk for each in rows[:2]], actor=shop.STAFF)
    with pytest.raises(NoUnitsLeft) as refused:
        applications_select(panel=cast.panel(), ids=[rows[2].pk], actor=shop.STAFF)
    assert refused.value.context == {"left": 0, "wanted": 1}
    assert Participation.objects.count() == 2
    with pytest.raises(ApplicationUnknown):
        applications_select(panel=cast.panel(), ids=["018f0000-0000-7000-8000-000000000000"], actor=shop.STAFF)


def test_who_says_no_or_nothing_makes_room_for_who_stands_by(brand: Brand) -> None:
    rows = cast.crowd(cast.program(), 5)
    applications_select(panel=cast.panel(), ids=[each.pk for each in rows[:2]], actor=shop.STAFF)
    applications_reserve(panel=cast.panel(), ids=[rows[3].pk, rows[2].pk], actor=shop.STAFF)
    with pytest.raises(StillOpen):
        panel_settle(panel=cast.panel(), actor=shop.STAFF)
    cast.settled()
    assert panel_settle(panel=cast.panel(), actor=shop.STAFF).state == Panel.State.SETTLED
    states = [Application.objects.get(pk=each.pk).state for each in rows]
    assert states == ["selected", "selected", "reserve", "reserve", "not_selected"]
    for _twice in range(2):
        invitation_decline(participation=cast.fresh(rows[0]), actor=shop.PARTNER)
    assert cast.fresh(rows[3]).state == TESTER.INVITED
    later(brand, 9)
    assert panels_sweep() >= 1
    assert cast.fresh(rows[1]).state == TESTER.LAPSED
    assert cast.fresh(rows[2]).state == TESTER.INVITED
    with pytest.raises(ApplicationDecided):
        applications_select(panel=cast.panel(), ids=[rows[4].pk], actor=shop.STAFF)
    assert topics().count("panel.not_selected") == 1


def test_settling_gives_what_is_left_to_those_who_stand_by(brand: Brand) -> None:
    rows = cast.crowd(cast.program(), 3)
    applications_reserve(panel=cast.panel(), ids=[each.pk for each in rows], actor=shop.STAFF)
    cast.settled()
    assert [Application.objects.get(pk=each.pk).state for each in rows] == ["selected", "selected", "reserve"]


def test_a_product_that_goes_back_is_over_once_both_are_done(brand: Brand) -> None:
    rows = cast.crowd(cast.program(after={"kind": "send_back", "days": 10}), 2)
    one = cast.answered(rows[0])
    assert (one.state, one.outcome) == (TESTER.ANSWERED, "")
    with pytest.raises(WrongMoment):
        product_keep(participation=one, actor=shop.PARTNER)
    for _twice in range(2):
        product_return(participation=one, actor=shop.STAFF)
    assert (cast.fresh(rows[0]).state, cast.fresh(rows[0]).outcome) == (TESTER.CLOSED, "returned")
    two = cast.testing(rows[1])
    product_return(participation=two, actor=shop.STAFF)
    assert cast.fresh(rows[1]).state == TESTER.RECEIVED
    answers_send(participation=two, answers=cast.ANSWERS, actor=shop.PARTNER)
    assert cast.fresh(rows[1]).state == TESTER.CLOSED


def test_keeping_it_takes_the_reward_at_its_price_once(brand: Brand) -> None:
    reward = {"code": "own_jacket", "name": "The jacket", "prices": [{"currency": "points", "points": 200}]}
    buy = {"kind": "buy", "reward": "own_jacket", "days": 10}
    made = shop.program(cast.document(cast.piece(after=buy), rewards={"items": [reward]}))
    anna = shop.place(shop.member(), made)
    one = cast.answered(cast.applies(anna))
    with pytest.raises(InsufficientPoints):
        product_keep(participation=one, actor=shop.PARTNER)
    assert (shop.balance(anna), cast.fresh(one.application).outcome) == (150, "")
    shop.send(shop.order(anna.member, 100))
    for _twice in range(2):
        product_keep(participation=one, actor=shop.PARTNER)
    assert (shop.balance(anna), Redemption.objects.count()) == (50, 1)
    assert (cast.fresh(one.application).state, cast.fresh(one.application).outcome) == (TESTER.CLOSED, "kept")


def test_what_needs_no_parcel_is_there_with_the_yes(brand: Brand) -> None:
    [row] = cast.crowd(cast.program(ships=False), 1)
    one = invitation_accept(participation=cast.chosen(row), address=None, actor=shop.PARTNER)
    assert (one.state, one.answer_by is not None) == (TESTER.RECEIVED, True)


def test_days_are_counted_reminded_of_and_missed(brand: Brand) -> None:
    rows = cast.crowd(cast.program(answer_days=10, remind_days=2, travel_days=4), 1)
    one = cast.chosen(rows[0])
    invitation_accept(participation=one, address=cast.HOME, actor=shop.PARTNER)
    product_ship(participation=one, actor=shop.STAFF)
    later(brand, 4.1)
    panels_sweep()
    assert cast.fresh(rows[0]).state == TESTER.RECEIVED
    later(brand, 7)
    panels_sweep()
    assert cast.fresh(rows[0]).reminded_at is None
    later(brand, 2)
    for _twice in range(2):
        panels_sweep()
    assert topics().count("panel.reminded") == 1
    with pytest.raises(RemindedToday):
        reminder_send(participation=one, actor=shop.STAFF)
    later(brand, 4)
    for _twice in range(2):
        panels_sweep()
    assert topics().count("panel.overdue") == 1
    assert cast.fresh(rows[0]).overdue_at is not None
    reminder_send(participation=one, actor=shop.STAFF)
    late = answers_send(participation=one, answers=cast.ANSWERS, actor=shop.PARTNER)
    assert late.state == TESTER.CLOSED
    assert OutboxMessage.objects.get(topic="panel.answered").payload["on_time"] is False


def test_staff_end_a_test_with_a_reason(brand: Brand) -> None:
    [row] = cast.crowd(cast.program(), 1)
    one = cast.testing(row)
    with pytest.raises(InvalidInput):
        participation_close(participation=one, note=" ", actor=shop.STAFF)
    participation_close(participation=one, note="Lost in the post", actor=shop.STAFF)
    one = cast.fresh(row)
    assert (one.state, one.outcome, one.address) == (TESTER.CLOSED, "lost", "")


STEPS: dict[str, Any] = {
    "accept": lambda one: invitation_accept(participation=one, address=cast.HOME, actor=shop.PARTNER),
    "decline": lambda one: invitation_decline(participation=one, actor=shop.PARTNER),
    "ship": lambda one: product_ship(participation=one, actor=shop.STAFF),
    "receive": lambda one: product_receive(participation=one, actor=shop.PARTNER),
    "keep_answers": lambda one: answers_keep(participation=one, answers={}, actor=shop.PARTNER),
    "answer": lambda one: answers_send(participation=one, answers=cast.ANSWERS, actor=shop.PARTNER),
    "return": lambda one: product_return(participation=one, actor=shop.STAFF),
    "keep": lambda one: product_keep(participation=one, actor=shop.PARTNER),
    "close": lambda one: participation_close(participation=one, note="Over", actor=shop.STAFF),
}
MAY = {
    "invited": {"accept", "decline"},
    "accepted": {"accept", "decline", "ship"},
    "shipped": {"ship", "receive", "return", "close"},
    "received": {"ship", "receive", "keep_answers", "answer", "return", "close"},
    "declined": {"decline"},
    "lapsed": set(),
}


@pytest.mark.parametrize("state", sorted(MAY))
def test_from_each_state_only_the_steps_that_lead_on_are_taken(brand: Brand, state: str) -> None:
    made = cast.program(units=20)
    for step, act in STEPS.items():
        one = cast.chosen(cast.applies(shop.place(shop.member(step), made)))
        path = {"accepted": 1, "shipped": 2, "received": 3, "declined": 0, "lapsed": 0, "invited": 0}[state]
        for before in ("accept", "ship", "receive")[:path]:
            STEPS[before](one)
        if state in ("declined", "lapsed"):
            invitation_decline(participation=one, actor=shop.PARTNER, lapsed=state == "lapsed")
        if step in MAY[state]:
            act(one)
            continue
        was = cast.fresh(one.application).state
        with pytest.raises(WrongMoment):
            act(one)
        assert cast.fresh(one.application).state == was
