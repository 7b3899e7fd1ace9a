"""What members change of boxes that costs money, to the cent: an extra, how many, the next one now, how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from billing.boxes import paying
from billing.boxes.leftovers import extras_drop
from billing.boxes.paying import box_add, box_extra_remove, box_quantity_set, box_send_now, send_now_preview
from billing.cards import card_change
from billing.changing import subscription_change, subscription_change_withdraw, subscription_preview
from billing.errors import BoxClosed, CardDeclined, NotPossibleNow, PreviewStale, StripeUnavailable
from billing.models import Shipment
from billing.pausing import subscription_resume, subscription_skip
from billing.plans import plan_named
from core.errors import InvalidInput
from members.models import Member
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.boxcast import PLANS, boxes, member, renewed, seen, settle
from tests.billing.cast import DECLINES_LATER, Club
from tests.loyalty import shop

MEMBER = shop.STAFF


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    made = Club(stand_in, key, brand, client_for(brand), begins="2027-01-05T09:00", plans=PLANS)
    yield made
    brand.clock_shift = shift


def following(who: Member) -> Shipment:
    return boxes(who)[1]


def test_an_extra_is_on_the_invoice_of_its_box_once(club: Club) -> None:
    ann = member(club)
    for _click in range(2):
        box_add(shipment=following(ann), extra="mug", count=2, key="wish", actor=MEMBER)
    [line] = following(ann).extras
    assert (line["count"], line["amount_minor"], len(club.things("invoiceitem"))) == (2, 15_90, 1)
    assert club.charged() == 19_95
    renewed(club, club.subscription(ann))
    # 19.95, and 19.95 with two mugs at 7.95.
    assert club.charged() == 19_95 + 19_95 + 15_90
    assert boxes(ann)[2].extras == []
    renewed(club, club.subscription(ann))
    assert club.charged() == 3 * 19_95 + 15_90


def test_an_extra_that_is_taken_out_or_skipped_costs_nothing(club: Club) -> None:
    ann = member(club)
    box_add(shipment=following(ann), extra="mug", count=1, key="a", actor=MEMBER)
    box_extra_remove(shipment=following(ann), item_id=following(ann).extras[0]["item_id"], actor=MEMBER)
    assert (following(ann).extras, club.things("invoiceitem")) == ([], [])
    box_add(shipment=following(ann), extra="mug", count=1, key="b", actor=MEMBER)
    row = club.subscription(ann)
    subscription_skip(subscription=row, actor=MEMBER)
    subscription_resume(subscription=row, actor=MEMBER)
    assert len(following(ann).extras) == 1
    subscription_skip(subscription=row, actor=MEMBER)
    renewed(club, row)
    renewed(club, row)
    # January and March; February's invoice with the mug was void.
    assert club.charged() == 2 * 19_95


def test_an_extra_goes_into_an_open_box_that_is_still_to_be_paid(club: Club) -> None:
    ann = member(club)
    with pytest.raises(NotPossibleNow, match="paid for already"):
        box_add(shipment=boxes(ann)[0], extra="mug", count=1, key="a", actor=MEMBER)
    for extra, count in (("gold", 1), ("mug", 0), ("mug", 10)):
        with pytest.raises(InvalidInput):
            box_add(shipment=following(ann), extra=extra, count=count, key="a", actor=MEMBER)
    club.at("2027-02-03T09:00")
    with pytest.raises(BoxClosed):
        box_add(shipment=following(ann), extra="mug", count=1, key="a", actor=MEMBER)
    assert club.things("invoiceitem") == []


def test_an_extra_of_a_box_that_was_closed_meanwhile_is_taken_off_the_invoice(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = member(club)
    plain = paying._item_made

    def slow(*given: Any) -> str | None:
        made = plain(*given)
        club.at("2027-02-03T09:00")
        return made

    monkeypatch.setattr(paying, "_item_made", slow)
    with pytest.raises(BoxClosed):
        box_add(shipment=following(ann), extra="mug", count=1, key="a", actor=MEMBER)
    assert (following(ann).extras, club.things("invoiceitem")) == ([], [])


def planned(club: Club, who: Member, plan: str) -> None:
    row = club.subscription(who)
    shown = subscription_preview(subscription=row, plan=plan_named(plan))
    subscription_change(
        subscription=row, plan=plan_named(plan), shown_at=shown.shown_at, due_minor=shown.due_minor, actor=MEMBER
    )


def test_an_extra_isnt_charged_where_the_plan_that_follows_sends_no_box(club: Club) -> None:
    ann = member(club)
    box_add(shipment=following(ann), extra="mug", count=1, key="a", actor=MEMBER)
    planned(club, ann, "reader")
    assert (following(ann).state, following(ann).why) == ("canceled", "moved")
    with pytest.raises(NotPossibleNow):
        box_add(shipment=following(ann), extra="mug", count=1, key="b", actor=MEMBER)
    assert extras_drop() == 1
    assert (following(ann).extras, club.things("invoiceitem"), extras_drop()) == ([], [], 0)
    renewed(club, club.subscription(ann))
    assert (club.subscription(ann).plan.code, club.charged()) == ("reader", 19_95 + 4_95)


def test_a_box_is_there_again_where_the_plan_without_boxes_was_taken_back(club: Club) -> None:
    ann = member(club)
    planned(club, ann, "reader")
    subscription_change_withdraw(subscription=club.subscription(ann), actor=MEMBER)
    assert following(ann).state == "planned"
    box_add(shipment=following(ann), extra="mug", count=1, key="a", actor=MEMBER)
    renewed(club, club.subscription(ann))
    assert club.charged() == 2 * 19_95 + 7_95


def test_an_extra_that_was_charged_before_its_box_is_paid_back_where_none_follows(club: Club) -> None:
    ann = member(club)
    box_add(shipment=following(ann), extra="mug", count=1, key="a", actor=MEMBER)
    club.advance(days=1)
    planned(club, ann, "big")
    club.settle()
    before = club.charged()
    planned(club, ann, "reader")
    assert [extras_drop(), extras_drop()] == [1, 0]
    assert before - club.charged() == 7_95


def test_a_plan_without_boxes_at_once_isnt_charged_with_what_the_next_box_was_to_have(club: Club) -> None:
    ann = member(club)
    box_add(shipment=following(ann), extra="mug", count=1, key="a", actor=MEMBER)
    with pytest.raises(NotPossibleNow, match="out of your next box first"):
        subscription_preview(subscription=club.subscription(ann), plan=plan_named("dear"))
    box_extra_remove(shipment=following(ann), item_id=following(ann).extras[0]["item_id"], actor=MEMBER)
    shown = subscription_preview(subscription=club.subscription(ann), plan=plan_named("dear"))
    assert shown.at == "now"


def test_more_of_a_box_costs_as_many_times_as_much_from_the_next_one_on(club: Club) -> None:
    ann = member(club)
    row = box_quantity_set(subscription=club.subscription(ann), quantity=3, actor=MEMBER)
    assert [each.quantity for each in boxes(ann)] == [1, 3]
    assert club.charged() == 19_95
    renewed(club, row)
    assert (club.charged(), [each.quantity for each in boxes(ann)]) == (19_95 + 3 * 19_95, [1, 3, 3])
    for wrong in (0, 6, -1):
        with pytest.raises(InvalidInput, match="1 to 5"):
            box_quantity_set(subscription=row, quantity=wrong, actor=MEMBER)
    club.at("2027-03-03T09:00")
    with pytest.raises(BoxClosed):
        box_quantity_set(subscription=row, quantity=1, actor=MEMBER)


def test_the_next_box_is_sent_and_charged_now_and_the_one_after_follows_from_here(club: Club) -> None:
    ann = member(club)
    box_add(shipment=following(ann), extra="mug", count=1, key="a", actor=MEMBER)
    club.at("2027-01-15T12:00")
    settle(club)
    box = following(ann)
    shown = send_now_preview(box)
    assert shown.due_minor == 19_95 + 7_95
    with pytest.raises(PreviewStale):
        box_send_now(shipment=box, due_minor=19_95, actor=MEMBER)
    box_send_now(shipment=box, due_minor=shown.due_minor, actor=MEMBER)
    with pytest.raises(BoxClosed):
        box_send_now(shipment=box, due_minor=shown.due_minor, actor=MEMBER)
    settle(club)
    assert club.charged() == 19_95 + 19_95 + 7_95
    assert seen(ann) == [("01-05", "locked", True), ("01-15", "locked", True), ("02-15", "planned", False)]
    assert [len(each.extras) for each in boxes(ann)] == [0, 1, 0]


def test_a_lost_answer_and_a_second_click_send_and_charge_it_once(club: Club) -> None:
    ann = member(club)
    box_add(shipment=following(ann), extra="mug", count=1, key="a", actor=MEMBER)
    club.at("2027-01-15T12:00")
    settle(club)
    named = club.subscription(ann).stripe_id
    club.control(
        "faults", faults=[{"method": "POST", "path": f"/v1/subscriptions/{named}", "kind": "lost_reply", "times": 3}]
    )
    with pytest.raises(StripeUnavailable):
        box_send_now(shipment=following(ann), due_minor=19_95 + 7_95, actor=MEMBER)
    box_send_now(shipment=following(ann), due_minor=19_95 + 7_95, actor=MEMBER)
    settle(club)
    assert club.charged() == 2 * 19_95 + 7_95
    assert seen(ann) == [("01-05", "locked", True), ("01-15", "locked", True), ("02-15", "planned", False)]


def test_a_card_that_declines_leaves_the_next_box_where_it_was(club: Club) -> None:
    ann = member(club)
    page = card_change(
        subscription=club.subscription(ann), success_url="https://gem.example/ok", cancel_url="https://gem.example/no",
        actor=MEMBER,
    )  # fmt: skip
    assert club.press(page.url, DECLINES_LATER).status == 303
    settle(club)
    club.at("2027-01-15T12:00")
    settle(club)
    with pytest.raises(CardDeclined):
        box_send_now(shipment=following(ann), due_minor=19_95, actor=MEMBER)
    settle(club)
    assert (club.charged(), seen(ann)[1]) == (19_95, ("02-05", "planned", False))


def test_a_box_of_a_year_paid_at_once_is_sent_now_for_nothing(club: Club) -> None:
    ann = member(club, "yearly", "year-EUR")
    club.at("2027-01-15T12:00")
    settle(club)
    assert send_now_preview(following(ann)).due_minor == 0
    box_send_now(shipment=following(ann), due_minor=0, actor=MEMBER)
    assert (seen(ann)[1], club.charged()) == (("02-05", "locked", True), 199_00)


def test_an_extra_that_a_change_of_plan_charged_comes_with_the_next_box_when_its_own_is_skipped(club: Club) -> None:
    ann = member(club)
    box_add(shipment=following(ann), extra="mug", count=1, key="a", actor=MEMBER)
    row = club.subscription(ann)
    club.advance(days=3)
    shown = subscription_preview(subscription=row, plan=plan_named("big"))
    subscription_change(
        subscription=row, plan=plan_named("big"), shown_at=shown.shown_at, due_minor=shown.due_minor, actor=MEMBER
    )
    settle(club)
    assert club.charged() == 19_95 + shown.due_minor
    before = following(ann)
    assert [each["code"] for each in before.extras] == ["mug"]
    subscription_skip(subscription=club.subscription(ann), actor=MEMBER)
    settle(club)
    renewed(club, club.subscription(ann))
    after = [each for each in boxes(ann) if each.cycle_at > before.cycle_at]
    assert [each["code"] for box in after for each in box.extras] == ["mug"]
    before.refresh_from_db()
    assert (before.state, before.extras) == ("skipped", [])
