"""Boxes over REST: what partners can do for a member, each wish once; refusals say why and change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from billing.boxes.paying import box_add, box_extra_remove
from billing.models import Shipment
from core.api import limits
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.api.cast import Api, key_made, refused
from tests.billing.boxcast import BOX, PLANS, boxes, member, renewed, seen
from tests.billing.cast import Club
from tests.loyalty import shop

WEEKLY: dict[str, Any] = {
    "code": "weekly", "name": "Weekly", "level": 1, "group": "weekly", "box": BOX,
    "charge": {
        "kind": "recurring",
        "prices": [
            {"amount_minor": 1995, "money_currency": "EUR", "every": "month"},
            {"amount_minor": 595, "money_currency": "EUR", "every": "week"},
        ],
    },
}  # fmt: skip


@pytest.fixture
def club(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Club]:
    shift = brand.clock_shift
    # Requests ask the brand's row, which stays as it is: their clock is the club's too.
    monkeypatch.setattr("core.clock._shift_of_current_brand", lambda: brand.clock_shift)
    yield Club(stand_in, key, brand, client_for(brand), begins="2027-01-05T09:00", plans=[*PLANS, WEEKLY])
    brand.clock_shift = shift


@pytest.fixture
def api(club: Club, brand: Brand, client_for: Callable[..., Client]) -> Api:
    limits.forget_all()
    return Api(client_for(brand), key_made()[1])


def at(box: Shipment, act: str = "") -> str:
    return f"shipments/{box.public_id}{'/' if act else ''}{act}"


def test_what_can_be_changed_is_told_as_its_member_sees_it(club: Club, api: Api) -> None:
    ann = member(club)
    row, [first, following] = club.subscription(ann), boxes(ann)
    told = api.get(f"subscriptions/{row.public_id}/box-choices").json()
    assert (told["skips"], told["can_undo_skip"], told["most_quantity"], told["frequencies"]) == (3, False, 5, [])
    assert [each["shipment"] for each in told["boxes"]] == [str(first.public_id), str(following.public_id)]
    coming = told["boxes"][1]
    assert (coming["can_be_sent_now"], coming["needs_address"], coming["most_delay_days"]) == (True, False, 14)
    assert [each["item"] for each in coming["swaps"]] == ["nuts", "tea"]
    assert coming["extras"] == [
        {"code": "mug", "name": "A mug", "name_nl": "Een mok", "amount_minor": 795, "currency": "EUR"}
    ]
    assert told["boxes"][0]["extras"] == []  # paid for already


def test_several_boxes_are_skipped_and_come_back(club: Club, api: Api) -> None:
    ann = member(club)
    row = club.subscription(ann)
    where = f"subscriptions/{row.public_id}"
    refused(api.post(f"{where}/skip", {"cycles": 4}, once="s-0"), 422, "invalid_input", "cycles")
    skipped = api.post(f"{where}/skip", {"cycles": 2}, once="s-1").json()
    assert skipped["next_charge"]["at"][:10] == "2027-04-05"
    assert api.post(f"{where}/skip", {"cycles": 2}, once="s-1").json() == skipped
    assert seen(ann)[1:] == [("02-05", "skipped", False), ("03-05", "skipped", False), ("04-05", "planned", False)]
    assert api.get(f"{where}/box-choices").json()["can_undo_skip"] is True
    back = api.post(f"{where}/resume", {}, once="r-1").json()
    assert (back["next_charge"]["at"][:10], back["resumes_at"]) == ("2027-02-05", None)
    assert seen(ann)[1] == ("02-05", "planned", False)
    club.at("2027-02-03T09:00")
    refused(api.post(f"{where}/skip", {}, once="s-2"), 409, "box_closed")


def test_something_is_added_once_and_taken_out_again(club: Club, api: Api) -> None:
    ann = member(club)
    following = boxes(ann)[1]
    wish = {"extra": "mug", "count": 2}
    refused(api.post(at(following, "extras"), wish), 400, "idempotency_key_missing")
    made = api.post(at(following, "extras"), wish, once="e-1").json()
    [line] = made["extras"]
    assert (line["code"], line["count"], line["amount_minor"], line["currency"]) == ("mug", 2, 1590, "EUR")
    assert api.post(at(following, "extras"), wish, once="e-1").json() == made
    assert len(club.things("invoiceitem")) == 1
    refused(api.post(at(following, "extras"), {"extra": "car"}, once="e-2"), 422, "invalid_input", "extra")
    refused(api.post(at(following, "extras"), {"extra": "mug", "count": 10}, once="e-3"), 422, "invalid_input", "count")
    for _again in range(2):
        assert api.send("DELETE", at(following, f"extras/{line['id']}")).json()["extras"] == []
    assert club.things("invoiceitem") == []
    api.post(at(following, "extras"), {"extra": "mug"}, once="e-4")
    renewed(club, club.subscription(ann))
    assert club.charged() == 19_95 + 19_95 + 7_95
    refused(api.post(at(boxes(ann)[1], "extras"), wish, once="e-5"), 409, "box_closed")


def test_a_wish_whose_extra_was_taken_out_adds_nothing_that_is_not_paid_for(club: Club) -> None:
    """The same click again after it was taken out, such as from an old page."""
    ann = member(club)
    following = boxes(ann)[1]
    box_add(shipment=following, extra="mug", count=1, key="a", actor=shop.STAFF)
    following = boxes(ann)[1]
    box_extra_remove(shipment=following, item_id=following.extras[0]["item_id"], actor=shop.STAFF)
    box_add(shipment=boxes(ann)[1], extra="mug", count=1, key="a", actor=shop.STAFF)
    assert (boxes(ann)[1].extras, club.things("invoiceitem")) == ([], [])
    box_add(shipment=boxes(ann)[1], extra="mug", count=1, key="b", actor=shop.STAFF)
    assert (len(boxes(ann)[1].extras), len(club.things("invoiceitem"))) == (1, 1)


def test_the_next_box_is_had_now_at_the_amount_that_was_shown(club: Club, api: Api) -> None:
    ann = member(club)
    following = boxes(ann)[1]
    club.at("2027-01-15T12:00")
    shown = api.get(at(following, "now")).json()
    assert shown == {"due_minor": 19_95, "currency": "EUR"}
    refused(api.post(at(following, "now"), {"due_minor": 1}, once="n-0"), 409, "preview_stale", "due_minor")
    sent = api.post(at(following, "now"), {"due_minor": 19_95}, once="n-1").json()
    assert (sent["state"], sent["paid"], sent["cycle_at"][:10]) == ("locked", True, "2027-01-15")
    assert api.post(at(following, "now"), {"due_minor": 19_95}, once="n-1").json() == sent
    assert club.charged() == 2 * 19_95
    refused(api.post(at(following, "now"), {"due_minor": 19_95}, once="n-2"), 409, "box_closed")


def test_how_many_and_how_often_from_the_next_box_on(club: Club, api: Api) -> None:
    ann = member(club, "weekly", "month-EUR")
    row = club.subscription(ann)
    where = f"subscriptions/{row.public_id}"
    refused(api.post(f"{where}/quantity", {"quantity": 6}, once="q-0"), 422, "invalid_input", "quantity")
    more = api.post(f"{where}/quantity", {"quantity": 2}, once="q-1").json()
    assert (more["quantity"], more["next_charge"]["amount_minor"]) == (2, 2 * 19_95)
    assert (club.charged(), boxes(ann)[1].quantity) == (19_95, 2)
    [often] = api.get(f"{where}/box-choices").json()["frequencies"]
    assert (often["code"], often["every"]) == ("week-EUR", "week")
    shown = api.get(f"{where}/change?plan=weekly&price=week-EUR").json()
    wish = {"plan": "weekly", "price": "week-EUR", "shown_at": shown["shown_at"], "due_minor": shown["due_minor"]}
    changed = api.post(f"{where}/change", wish, once="f-1")
    assert changed.status_code == 200, changed.content


def test_who_packs_does_not_spend_a_members_money(club: Club, brand: Brand, client_for: Callable[..., Client]) -> None:
    limits.forget_all()
    packer = Api(client_for(brand), key_made(scopes=["shipments:read", "shipments:write"])[1])
    ann = member(club)
    following, row = boxes(ann)[1], club.subscription(ann)
    assert packer.post(at(following, "delay"), {"days": 2}).status_code == 200
    refused(packer.post(at(following, "extras"), {"extra": "mug"}, once="1"), 403, "scope_missing")
    refused(packer.get(at(following, "now")), 403, "scope_missing")
    refused(packer.post(at(following, "now"), {"due_minor": 1995}, once="2"), 403, "scope_missing")
    refused(packer.post(f"subscriptions/{row.public_id}/quantity", {"quantity": 2}, once="3"), 403, "scope_missing")
    assert (club.charged(), boxes(ann)[1].extras) == (19_95, [])
