"""Sweepstakes through their doors: the pages, the API and the admin."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.api import limits
from draws.closing import sweepstake_draw
from draws.drawing import faults_of
from draws.models import Sweepstake, SweepstakeEntry, SweepstakeWinner
from members.roles import ROLES, roles_sync
from tenants.models import Brand
from tests.api.cast import Api, key_made, refused
from tests.backoffice.conftest import staff
from tests.backoffice.sent import told
from tests.conftest import ClientFor
from tests.draws import cast
from tests.loyalty import cast as people
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

pytestmark = pytest.mark.django_db
PAGE = "/sweepstakes/club/summer/"


@pytest.fixture
def anna(brand: Brand) -> people.Person:
    return people.person(cast.program(terms="Only one each."))


@pytest.fixture
def api(brand: Brand, client_for: ClientFor) -> Api:
    limits.forget_all()
    return Api(client_for(brand), key_made()[1])


def over() -> None:
    """Its time is over; requests have a clock of their own."""
    Sweepstake.objects.update(closes_at=clock.now() - timedelta(seconds=1))


def test_a_member_takes_part_for_free_and_sees_the_ids_of_their_entries(
    anna: people.Person, brand: Brand, client_for: ClientFor
) -> None:
    page = client_for(brand, user=anna.user)
    assert "Summer draw" in text_of(page.get("/sweepstakes/"))
    assert "Take part for free" in text_of(page.get(PAGE))
    assert page.post(f"{PAGE}enter/").status_code == 302
    shown = text_of(page.get(PAGE))
    assert str(SweepstakeEntry.objects.get().pk) in shown
    assert "Take part for free" not in shown
    page.post(f"{PAGE}enter/")
    assert SweepstakeEntry.objects.count() == 1
    assert "1 entry" in text_of(page.get("/sweepstakes/"))


def test_anybody_reads_the_commitment_and_afterwards_the_draw(
    anna: people.Person, brand: Brand, client_for: ClientFor
) -> None:
    cast.enters(anna.enrollment)
    visitor, row = client_for(brand), cast.sweepstake()
    assert row.commitment in text_of(visitor.get(PAGE))
    assert visitor.get(f"{PAGE}draw.json").status_code == 404
    over()
    row = sweepstake_draw(sweepstake_id=row.pk, actor=shop.STAFF)
    shown = text_of(visitor.get(PAGE))
    for each in (row.revealed, row.entries_hash, str(SweepstakeEntry.objects.get().pk), "A bike"):
        assert each in shown
    assert "Anna" not in shown
    assert faults_of(json.loads(visitor.get(f"{PAGE}draw.json").content)) == []
    assert "this is you" in text_of(client_for(brand, user=anna.user).get(PAGE))
    dutch = text_of(visitor.get(PAGE, headers={"accept-language": "nl"}))
    assert "Een fiets" in dutch
    assert "Zomertrekking" in dutch
    assert visitor.get("/sweepstakes/club/winter/").status_code == 404


def test_over_the_api_one_enters_reads_and_draws(api: Api, brand: Brand) -> None:
    place = shop.place(shop.member("Anna", external_id="C-1"), cast.program())
    entries = "members/ext:C-1/sweepstakes/summer/entries"
    made = api.post(entries, {}, once="e-1")
    assert made.status_code == 201
    assert api.post(entries, {}, once="e-1").json() == made.json() == api.get(entries).json()
    refused(api.post(entries, {}), 400, "idempotency_key_missing")
    refused(api.post(entries, {}, once="e-2"), 409, "entries_reached")
    refused(api.post("members/ext:C-1/sweepstakes/winter/entries", {}, once="e-3"), 404, "sweepstake_not_found")
    refused(api.get("sweepstakes/summer/draw/file"), 409, "sweepstake_not_drawable")
    refused(api.post("sweepstakes/summer/draw", {}), 409, "sweepstake_not_drawable")
    assert api.get("sweepstakes").json()["results"] == [api.get("sweepstakes/summer").json()]
    over()
    drawn = api.post("sweepstakes/summer/draw", {}).json()
    assert (drawn["state"], [each["prize"] for each in drawn["drawn"]]) == ("drawn", ["bike"])
    assert faults_of(api.get("sweepstakes/summer/draw/file").json()) == []
    passed = api.post("sweepstakes/summer/draw/pass", {"place": 1, "reason": "No answer"}, once="p-1").json()
    assert [each["state"] for each in passed["drawn"]] == ["passed"]
    refused(
        api.post("sweepstakes/summer/draw/pass", {"place": 1, "reason": "No answer"}, once="p-2"), 409, "not_a_winner"
    )
    assert place.pk


def test_staff_draw_and_pass_over_who_may(anna: people.Person, brand: Brand, client_for: ClientFor) -> None:
    roles_sync()
    entered: Callable[[str], Client] = {role: client_for(brand, user=staff(role)) for role in ROLES}.__getitem__
    cast.crowd(anna.enrollment.program, 5)
    row = cast.sweepstake()

    def page(name: str, *args: Any) -> str:
        return reverse(f"admin:draws_sweepstake_{name}", urlconf="config.urls_brand", args=args)

    assert "Summer draw" in told(entered("support").get(page("changelist")))
    assert str(row) == "Summer draw"
    assert "/draw/" not in told(entered("owner").get(page("change", row.pk)))
    over()
    assert "/draw/" in told(entered("owner").get(page("change", row.pk)))
    assert entered("support").post(page("draw", row.pk)).status_code == 403
    assert entered("marketer").post(page("draw", row.pk)).status_code == 302
    shown = told(entered("owner").get(page("change", row.pk)))
    assert "stands by" in shown
    assert "A bike" in shown, "the prize by its name"
    assert f"{page('pass', row.pk)}?place=1" in shown
    assert "1 · A bike" in told(entered("owner").get(page("pass", row.pk)))
    assert entered("owner").post(page("pass", row.pk), {"place": "1", "reason": "No answer"}).status_code == 302
    assert "Nobody on this place" in told(
        entered("owner").post(page("pass", row.pk), {"place": "1", "reason": "Again"})
    )
    assert SweepstakeWinner.objects.get(place=4).prize == "bike"
