"""Boxes follow the subscription: made once a cycle, closed at the cut-off, skipped, moved, sent and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.boxes.choosing import box_address_set, box_delay, box_swap
from billing.boxes.planning import boxes_sweep
from billing.boxes.sending import box_move, boxes_csv
from billing.cards import card_change
from billing.changing import subscription_change, subscription_preview
from billing.errors import BoxClosed, BoxState, NotSentThere
from billing.leaving import subscription_cancel, subscription_keep
from billing.models import Invoice, Shipment
from billing.pausing import subscription_resume, subscription_skip
from billing.plans import plan_named
from billing.refunding import invoice_refund
from billing.sharing import unused_since
from billing.syncing import subscription_sync
from core import clock
from core.addresses import Address
from core.errors import InvalidInput
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing import cast
from tests.billing.boxcast import HOME, PLANS, RULES, address_of, boxes, member, renewed, seen, sent, settle
from tests.billing.cast import DECLINES_LATER, GOOD, Club, told
from tests.loyalty import shop

MEMBER = shop.STAFF


@pytest.fixture
def club(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Club]:
    monkeypatch.setattr(cast, "RULES", RULES)
    shift = brand.clock_shift
    made = Club(stand_in, key, brand, client_for(brand), begins="2027-01-05T09:00", plans=PLANS)
    yield made
    brand.clock_shift = shift


def test_joining_makes_the_first_box_and_the_next_and_reading_again_makes_no_more(club: Club) -> None:
    ann = member(club)
    assert seen(ann) == [("01-05", "planned", True), ("02-05", "planned", False)]
    first, following = boxes(ann)
    assert first.cut_off_at - first.cycle_at == timedelta(days=1)
    assert following.cycle_at - following.cut_off_at == timedelta(days=3)
    assert [(each["code"], each["count"]) for each in first.items] == [("nuts", 2), ("tea", 1)]
    subscription_sync(club.subscription(ann))
    boxes_sweep()
    assert Shipment.objects.count() == 2
    assert len(told("shipment.planned")) == 2


def test_stripes_clock_may_stand_before_ours(club: Club) -> None:
    club.account.clock.ahead += 30
    ann = member(club)
    row, big = club.subscription(ann), plan_named("big")
    assert row.period_start is not None
    assert row.period_start > clock.now()
    assert seen(ann) == [("01-05", "planned", True), ("02-05", "planned", False)]
    first = boxes(ann)[0]
    assert first.cut_off_at - first.cycle_at == timedelta(days=1)
    assert first.created_at < first.cycle_at
    shown = subscription_preview(subscription=row, plan=big)
    assert (shown.shown_at, shown.due_minor) == (row.period_start, 20_00)


def test_a_box_is_closed_at_its_cut_off_and_paid_with_its_cycle(club: Club) -> None:
    ann = member(club)
    club.at("2027-02-02T08:59")
    settle(club)
    assert seen(ann) == [("01-05", "locked", True), ("02-05", "planned", False)]
    club.at("2027-02-02T09:01")
    settle(club)
    assert seen(ann)[1] == ("02-05", "locked", False)
    with pytest.raises(BoxState, match="paid"):
        sent(boxes(ann)[1])
    renewed(club, club.subscription(ann))
    assert seen(ann) == [("01-05", "locked", True), ("02-05", "locked", True), ("03-05", "planned", False)]
    assert boxes(ann)[1].invoice == club.invoices(ann)[1]


def test_what_is_sent_earns_once_and_what_comes_back_takes_it_back(club: Club) -> None:
    ann = member(club)
    club.advance(days=2)
    settle(club)
    box = boxes(ann)[0]
    sent(box, carrier="PostNL", tracking="3S1")
    sent(box)
    club.work()
    assert club.points(ann) == 10
    box_move(shipment=box, state="returned", actor=shop.STAFF)
    club.work()
    assert club.points(ann) == 0
    club.advance(days=1)
    sent(box, tracking="3S2")
    box_move(shipment=box, state="delivered", actor=shop.STAFF)
    club.work()
    assert (club.points(ann), boxes(ann)[0].tracking) == (10, "3S2")
    with pytest.raises(BoxState):
        box_move(shipment=box, state="canceled", actor=shop.STAFF)


def test_a_box_that_was_sent_since_the_charge_is_a_use_of_the_plan_until_it_comes_back(club: Club) -> None:
    ann = member(club)
    charged = club.subscription(ann).charged_at
    assert charged is not None
    club.advance(days=2)
    settle(club)
    assert unused_since(club.subscription(ann), charged)
    box = sent(boxes(ann)[0])
    assert not unused_since(club.subscription(ann), charged)
    assert unused_since(club.subscription(ann), clock.now() + timedelta(seconds=1))
    box_move(shipment=box, state="delivered", actor=shop.STAFF)
    assert not unused_since(club.subscription(ann), charged)
    box_move(shipment=box, state="returned", actor=shop.STAFF)
    assert unused_since(club.subscription(ann), charged)


def test_a_skip_is_one_box_can_be_taken_back_until_the_cut_off_and_costs_nothing(club: Club) -> None:
    ann = member(club)
    row = club.subscription(ann)
    subscription_skip(subscription=row, actor=MEMBER)
    assert seen(ann)[1:] == [("02-05", "skipped", False), ("03-05", "planned", False)]
    subscription_resume(subscription=row, actor=MEMBER)
    assert seen(ann)[1:] == [("02-05", "planned", False), ("03-05", "canceled", False)]
    subscription_skip(subscription=row, actor=MEMBER)
    club.at("2027-02-02T10:00")
    settle(club)
    with pytest.raises(BoxClosed, match="5 February"):
        subscription_resume(subscription=row, actor=MEMBER)
    renewed(club, row)
    assert club.charged() == 19_95
    renewed(club, row)
    # January and March: 2 x 19.95.
    assert club.charged() == 39_90
    assert [each[:2] for each in seen(ann)] == [
        ("01-05", "locked"), ("02-05", "skipped"), ("03-05", "locked"), ("04-05", "planned"),
    ]  # fmt: skip
    assert seen(ann)[2][2] is True


def test_a_closed_box_can_not_be_skipped(club: Club) -> None:
    ann = member(club)
    club.at("2027-02-03T09:00")
    with pytest.raises(BoxClosed):
        subscription_skip(subscription=club.subscription(ann), actor=MEMBER)
    settle(club)
    with pytest.raises(BoxClosed):
        subscription_skip(subscription=club.subscription(ann), actor=MEMBER)
    assert seen(ann)[1] == ("02-05", "locked", False)


def test_several_are_skipped_ahead_also_over_a_short_month(club: Club) -> None:
    club.at("2027-01-31T09:00")
    ann = member(club)
    row = renewed(club, club.subscription(ann))
    with pytest.raises(InvalidInput, match="1 to 3"):
        subscription_skip(subscription=row, cycles=4, actor=MEMBER)
    subscription_skip(subscription=row, cycles=2, actor=MEMBER)
    assert seen(ann)[2:] == [
        ("03-31", "skipped", False), ("04-30", "skipped", False), ("05-31", "planned", False),
    ]  # fmt: skip
    for _month in range(3):
        renewed(club, row)
    # January, February and May.
    assert club.charged() == 3 * 19_95
    assert [each[:2] for each in seen(ann) if each[1] != "planned"][-3:] == [
        ("03-31", "skipped"), ("04-30", "skipped"), ("05-31", "locked"),
    ]  # fmt: skip


def test_leaving_stops_the_next_box_staying_brings_it_back_and_what_is_paid_is_sent(club: Club) -> None:
    ann = member(club)
    row = club.subscription(ann)
    subscription_cancel(subscription=row, actor=MEMBER)
    assert [(each.state, each.why) for each in boxes(ann)] == [("planned", ""), ("canceled", "left")]
    subscription_keep(subscription=row, actor=MEMBER)
    assert [(each.state, each.why) for each in boxes(ann)] == [("planned", ""), ("planned", "")]
    subscription_cancel(subscription=row, when="now", actor=MEMBER)
    club.advance(days=2)
    settle(club)
    assert seen(ann) == [("01-05", "locked", True), ("02-05", "canceled", False)]
    sent(boxes(ann)[0])


def test_a_late_payment_holds_the_box_back_until_it_is_in(club: Club) -> None:
    ann = member(club)
    _card(club, ann, DECLINES_LATER)
    row = renewed(club, club.subscription(ann))
    assert row.billing == "past_due"
    assert seen(ann)[1:] == [("02-05", "locked", False)]
    _card(club, ann, GOOD)
    assert seen(ann)[1:] == [("02-05", "locked", True), ("03-05", "planned", False)]


def test_what_is_never_paid_is_never_sent(club: Club) -> None:
    ann = member(club)
    _card(club, ann, DECLINES_LATER)
    renewed(club, club.subscription(ann))
    club.advance(days=60)
    settle(club)
    assert club.state(ann) in ("ended", "suspended")
    last = boxes(ann)[-1]
    assert (last.state, last.why) in (("canceled", "left"), ("canceled", "unpaid"))


def test_a_payment_given_back_stops_its_box(club: Club) -> None:
    ann = member(club)
    invoice = Invoice.objects.get(member=ann)
    invoice_refund(invoice=invoice, amount_minor=500, reason="Broken", key="1", actor=shop.STAFF)
    assert boxes(ann)[0].state == "planned"
    invoice_refund(invoice=invoice, amount_minor=None, reason="Broken", key="2", actor=shop.STAFF)
    assert [(each.state, each.why) for each in boxes(ann)] == [("canceled", "refunded"), ("planned", "")]
    subscription_sync(club.subscription(ann))
    assert boxes(ann)[0].state == "canceled"


def test_another_plan_brings_its_own_box_and_one_without_brings_none(club: Club) -> None:
    ann = member(club)
    row, big = club.subscription(ann), plan_named("big")
    shown = subscription_preview(subscription=row, plan=big)
    subscription_change(
        subscription=row, plan=big, shown_at=shown.shown_at, due_minor=shown.due_minor, actor=MEMBER
    )  # fmt: skip
    settle(club)
    assert [[x["code"] for x in each.items] for each in boxes(ann)] == [["crate"], ["crate"]]
    row, reader = club.subscription(ann), plan_named("reader")
    shown = subscription_preview(subscription=row, plan=reader)
    subscription_change(subscription=row, plan=reader, shown_at=shown.shown_at, due_minor=0, actor=MEMBER)
    renewed(club, row)
    assert [(each.state, each.why) for each in boxes(ann)] == [("locked", ""), ("canceled", "moved")]


def test_a_trial_sends_nothing_before_it_is_paid_for(club: Club) -> None:
    ann = member(club, "tried")
    assert seen(ann) == [("01-19", "planned", False)]
    club.at("2027-01-19T12:00")
    settle(club)
    assert seen(ann) == [("01-19", "locked", True), ("02-19", "planned", False)]


def test_a_year_paid_at_once_sends_a_box_a_month(club: Club) -> None:
    ann = member(club, "yearly", "year-EUR")
    for _month in range(12):
        club.advance(days=30)
        settle(club)
    # Twelve that were paid for, and the one of the next year's renewal.
    found = seen(ann)
    assert [each[0] for each in found] == [f"{month:02d}-05" for month in (*range(1, 13), 1)]
    assert [each[2] for each in found] == [True] * 12 + [False]
    assert club.charged() == 199_00


# --- what members change ---------------------------------------------------------------------------------------------
def test_a_swap_is_for_this_box_or_for_all_that_come_and_can_be_taken_back(club: Club) -> None:
    ann = member(club)
    following = boxes(ann)[1]
    box_swap(shipment=following, item="tea", choice="seeds", keep=False, actor=MEMBER)
    box_swap(shipment=following, item="nuts", choice="seeds", keep=True, actor=MEMBER)
    assert [(x["code"], x["count"]) for x in boxes(ann)[1].items] == [("seeds", 2), ("seeds", 1)]
    renewed(club, club.subscription(ann))
    assert [x["code"] for x in boxes(ann)[2].items] == ["seeds", "tea"]
    box_swap(shipment=boxes(ann)[2], item="nuts", choice="nuts", keep=True, actor=MEMBER)
    assert (boxes(ann)[2].swaps, [x["code"] for x in boxes(ann)[2].items]) == ({}, ["nuts", "tea"])
    for item, choice in (("coal", "seeds"), ("tea", "coal"), ("", "")):
        with pytest.raises(InvalidInput):
            box_swap(shipment=boxes(ann)[2], item=item, choice=choice, keep=False, actor=MEMBER)


def test_after_the_cut_off_nothing_is_changed_but_an_address_that_is_missing(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann, "snacks")
    club.advance(days=2)
    settle(club)
    first = boxes(ann)[0]
    with pytest.raises(BoxState, match="address"):
        sent(first)
    box_address_set(shipment=first, address=HOME, actor=MEMBER)
    for act in (
        lambda: box_swap(shipment=first, item="tea", choice="seeds", keep=False, actor=MEMBER),
        lambda: box_delay(shipment=first, days=1, actor=MEMBER),
        lambda: box_address_set(shipment=first, address=HOME, actor=MEMBER),
    ):
        with pytest.raises(BoxClosed, match="6 January"):
            act()


def test_an_address_is_sealed_kept_for_the_next_box_and_must_be_where_boxes_go(club: Club) -> None:
    ann = member(club)
    row = boxes(ann)[0]
    assert "Kade" not in str(row.address)
    assert address_of(row) == HOME
    with pytest.raises(NotSentThere) as refused:
        box_address_set(shipment=row, address=Address("A", "B", "C", "D", "FR"), actor=MEMBER)
    assert refused.value.field == "country"
    renewed(club, club.subscription(ann))
    assert address_of(boxes(ann)[2]) == HOME


def test_an_address_is_for_the_boxes_after_it_too_and_so_is_a_swap_that_is_kept(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann, "snacks")
    first = boxes(ann)[0]
    box_address_set(shipment=first, address=HOME, actor=MEMBER)
    box_swap(shipment=first, item="tea", choice="seeds", keep=True, actor=MEMBER)
    assert [address_of(each) for each in boxes(ann)] == [HOME, HOME]
    assert [[x["code"] for x in each.items] for each in boxes(ann)] == [["nuts", "seeds"]] * 2


def test_a_box_can_leave_later_and_the_day_of_the_charge_stays(club: Club) -> None:
    ann = member(club)
    following = boxes(ann)[1]
    usual = following.sends_at
    box_delay(shipment=following, days=10, actor=MEMBER)
    assert boxes(ann)[1].sends_at == usual + timedelta(days=10)
    with pytest.raises(InvalidInput, match="0 to 14"):
        box_delay(shipment=following, days=15, actor=MEMBER)
    renewed(club, club.subscription(ann))
    assert (boxes(ann)[1].sends_at, club.charged()) == (usual + timedelta(days=10), 39_90)


def test_the_file_for_packers_has_a_line_each_and_runs_nothing(club: Club) -> None:
    ann = member(club)
    where = Address("=cmd()", "Kade 1", "1011 AB", "Amsterdam", "NL")
    box_address_set(shipment=boxes(ann)[0], address=where, actor=MEMBER)
    lines = list(boxes_csv(boxes(ann)))
    assert len(lines) == 3
    assert "2 × Nuts (NUT-1); 1 × Tea" in lines[1]
    assert "'=cmd()" in lines[1]


def _card(club: Club, who: Any, number: str) -> None:
    page = card_change(
        subscription=club.subscription(who), success_url="https://gem.example/ok", cancel_url="https://gem.example/no",
        actor=MEMBER,
    )  # fmt: skip
    assert club.press(page.url, number).status == 303
    settle(club)
