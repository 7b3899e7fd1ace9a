"""The queue of adjustments: asked for by one of the team, decided by another."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.urls import reverse

from loyalty.models import PointsAdjustment, PointsEntry
from tests.loyalty import shop


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", urlconf="config.urls_brand", args=args)


@pytest.fixture
def place(brand: Any) -> Any:
    document = copy.deepcopy(shop.DOCUMENT)
    document["currencies"][0]["adjustment_limit"] = 100
    return shop.place(shop.member("Anna"), shop.program(document))


def ask(client: Any, place: Any, points: int) -> Any:
    sent = {
        "account": "club:points",
        "points": points,
        "reason": "The machine broke",
        "reason_code": "complaint",
        "key": "k" * 24,
    }
    return client.post(page("loyalty_pointsentry_adjust", place.member_id), sent)


def test_a_large_adjustment_waits_and_the_page_says_so(place, entered):
    client = entered("support")
    assert ask(client, place, 500).status_code == 302
    row = PointsAdjustment.objects.get()
    assert (row.state, row.reason_code) == ("requested", "complaint")
    assert not PointsEntry.objects.exists()
    shown = client.get(page("loyalty_pointsadjustment_change", row.pk)).content.decode()
    assert "somebody else has to approve it" in shown


def test_who_asked_is_refused_and_another_books_it(place, entered):
    asker, other = entered("support"), entered("owner")
    ask(asker, place, 500)
    row = PointsAdjustment.objects.get()
    refused = asker.post(page("loyalty_pointsadjustment_decide", row.pk), {"decision": "approve", "note": ""})
    assert (refused.status_code, PointsEntry.objects.count()) == (422, 0)
    done = other.post(page("loyalty_pointsadjustment_decide", row.pk), {"decision": "approve", "note": "fine"})
    assert (done.status_code, PointsEntry.objects.get().points) == (302, 500)


def test_a_refusal_needs_its_reason(place, entered):
    ask(entered("support"), place, 500)
    row = PointsAdjustment.objects.get()
    owner = entered("owner")
    address = page("loyalty_pointsadjustment_decide", row.pk)
    assert owner.post(address, {"decision": "refuse", "note": " "}).status_code == 422
    assert owner.post(address, {"decision": "refuse", "note": "Not ours"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.decision) == ("refused", "Not ours")


def test_a_small_one_is_booked_at_once(place, entered):
    ask(entered("support"), place, 100)
    assert (PointsAdjustment.objects.get().state, PointsEntry.objects.get().points) == ("approved", 100)
