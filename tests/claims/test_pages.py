"""What members see: the form that the document asks for, what became of what they sent, checking in at a button."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from claims.models import CheckIn, Claim, ClaimFile, Place
from claims.rotating import token_of
from claims.services import claim_refuse
from core import clock
from members.roles import ROLES, roles_sync
from tenants.context import brand_context
from tenants.models import Brand
from tests.backoffice.conftest import staff
from tests.claims import cast
from tests.claims.test_checkins import place
from tests.conftest import ClientFor
from tests.loyalty import cast as people
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

pytestmark = pytest.mark.django_db
Entered = Callable[[str], Client]


@pytest.fixture
def anna(brand: Brand) -> people.Person:
    return people.person(cast.program())


@pytest.fixture
def entered(brand: Brand, client_for: ClientFor) -> Entered:
    roles_sync()
    team = {role: client_for(brand, user=staff(role)) for role in ROLES}
    return team.__getitem__


def key_on(page: Any) -> str:
    found = re.search(rb'name="key" value="([^"]+)"', page.content)
    assert found
    return found[1].decode()


def jpeg(seed: int = 1) -> SimpleUploadedFile:
    return SimpleUploadedFile("IMG_1.HEIC", cast.picture(seed), "application/octet-stream")


def test_a_photo_is_sent_once_and_waits(brand: Brand, client_for: ClientFor, anna: people.Person) -> None:
    client = client_for(brand, user=anna.user)
    assert "Used gear" in text_of(client.get("/claims/"))
    assert "Send something in" in text_of(client.get("/"))
    page = client.get("/claims/new/gear/")
    assert b'capture="environment"' in page.content
    assert "State" not in text_of(page), "what staff fill in isn't asked of the member"
    for _time in range(2):
        sent = client.post("/claims/new/gear/", {"key": key_on(page), "field_items": "3", "photo": jpeg()})
        assert sent.status_code == 302
    claim = Claim.objects.get()
    assert (claim.fields, claim.initiated_by, claim.source) == ({"items": 3}, "member", "web")
    assert "We’re looking at it" in text_of(client.get("/claims/"))


def test_what_is_wrong_stands_beside_its_field_and_keeps_nothing(
    brand: Brand, client_for: ClientFor, anna: people.Person
) -> None:
    client = client_for(brand, user=anna.user)
    key = key_on(client.get("/claims/new/gear/"))
    bad = SimpleUploadedFile("x.jpg", b"<script>alert(1)</script>", "image/jpeg")
    page = client.post("/claims/new/gear/", {"key": key, "field_items": "3", "photo": bad})
    assert page.status_code == 422
    assert "Send a file of these kinds" in text_of(page)
    assert b'id="id_photo_error"' in page.content
    missing = client.post("/claims/new/gear/", {"key": key, "field_items": "99"})
    assert missing.status_code == 422
    assert Claim.objects.count() == 0
    assert client.get("/claims/new/nothing/").status_code == 404


def test_amounts_and_days_are_filled_in_as_people_write_them(
    brand: Brand, client_for: ClientFor, anna: people.Person
) -> None:
    client = client_for(brand, user=anna.user)
    fields = {
        "key": key_on(client.get("/claims/new/receipt/")), "field_number": "A-1", "field_store": "Main",
        "field_amount_minor": "12.50", "field_bought_on": "2026-03-01",
        "receipt": SimpleUploadedFile("a.pdf", b"%PDF-1.4 \n%%EOF"),
    }  # fmt: skip
    assert client.post("/claims/new/receipt/", fields).status_code == 302
    claim = Claim.objects.get()
    assert claim.fields == {"number": "A-1", "store": "Main", "amount_minor": 1250, "bought_on": "2026-03-01"}
    assert "€12.50" in text_of(client.get(f"/claims/{claim.pk}/"))


def test_a_reason_is_read_in_the_members_language_and_it_can_be_sent_again(brand: Brand, client_for: ClientFor) -> None:
    who = people.person(cast.program(), "Piet", language="nl")
    claim = cast.follows(who.enrollment)
    claim_refuse(claim=claim, reason=cast.FOLLOWED["reasons"][0], actor=shop.STAFF, key="k")
    page = text_of(client_for(brand, user=who.user, HTTP_ACCEPT_LANGUAGE="nl").get(f"/claims/{claim.pk}/"))
    assert "We zien je niet tussen onze volgers." in page
    assert "Niet goedgekeurd" in page
    assert "Stuur het opnieuw" in page


def test_taking_back_asks_first(brand: Brand, client_for: ClientFor, anna: people.Person) -> None:
    client = client_for(brand, user=anna.user)
    claim = cast.follows(anna.enrollment)
    assert "Yes, take it back" in text_of(client.get(f"/claims/{claim.pk}/withdraw/"))
    assert Claim.objects.get().state == "submitted"
    assert "Taken back" in text_of(client.post(f"/claims/{claim.pk}/withdraw/", follow=True))
    assert Claim.objects.get().state == "withdrawn"
    assert "can’t be taken back any more" in text_of(client.get(f"/claims/{claim.pk}/withdraw/"))


def test_a_claim_and_its_file_are_its_owners_and_the_staffs_and_nobody_elses(
    brand: Brand, other_brand: Brand, client_for: ClientFor, anna: people.Person
) -> None:
    claim = cast.hands_in(anna.enrollment)
    file = claim.files.get()
    paths = [f"/claims/{claim.pk}/", f"/claims/{claim.pk}/withdraw/", f"/claims/{claim.pk}/files/{file.pk}/"]
    owner = client_for(brand, user=anna.user)
    assert [owner.get(path).status_code for path in paths] == [200, 200, 200]
    seen = owner.get(paths[-1])
    assert seen["Content-Type"] == "image/jpeg"
    assert re.search(r"(^|;)\s*sandbox\s*(;|$)", seen["Content-Security-Policy"])
    bob = people.person(anna.enrollment.program, "Bob")
    stranger = client_for(brand, user=bob.user)
    assert [stranger.get(path).status_code for path in paths] == [404, 404, 404]
    assert stranger.post(paths[1]).status_code == 404
    with brand_context(other_brand):
        foreign = people.person(cast.program())
    elsewhere = client_for(other_brand, user=foreign.user)
    assert [elsewhere.get(path).status_code for path in paths] == [404, 404, 404]
    assert [client_for(brand).get(path).status_code for path in paths] == [302, 302, 302]
    ClaimFile.objects.update(content=b"", removed_at=clock.now())
    assert owner.get(paths[-1]).status_code == 404
    assert "We removed the file" in text_of(owner.get(paths[0]))


# --- checking in -----------------------------------------------------------------------------------------------------
def test_the_page_may_ask_where_one_is_and_no_other_page_may(
    brand: Brand, client_for: ClientFor, anna: people.Person
) -> None:
    client = client_for(brand, user=anna.user)
    page = client.get("/check-in/")
    assert "geolocation=(self)" in page["Permissions-Policy"]
    assert "geolocation=()" in client.get("/")["Permissions-Policy"]
    assert b"js/checkin.js" in page.content
    assert "script-src 'self'" in page["Content-Security-Policy"]


def test_checking_in_by_position_says_what_came_of_it(brand: Brand, client_for: ClientFor, anna: people.Person) -> None:
    client = client_for(brand, user=anna.user)
    assert b'href="/check-in/"' not in client.get("/").content, "there is nowhere to check in"
    place()
    assert b'href="/check-in/"' in client.get("/").content
    here = {"latitude": "52.0001", "longitude": "5.0", "accuracy": "12.5"}
    assert "You’re checked in at Vondel. You get 10 points." in text_of(
        client.post("/check-in/", {"key": key_on(client.get("/check-in/")), **here}, follow=True)
    )
    again = client.post("/check-in/", {"key": key_on(client.get("/check-in/")), **here}, follow=True)
    assert "Not checked in at Vondel: here a short while ago." in text_of(again)
    for wrong in ({}, {**here, "latitude": "nan"}, {**here, "key": ""}, {**here, "latitude": "x"}):
        answer = client.post("/check-in/", {"key": "k" * 24, **wrong}, follow=True)
        assert answer.status_code == 200
    assert CheckIn.objects.count() == 2
    assert shop.balance(anna.enrollment) == 10


def test_a_scanned_code_waits_for_the_log_in_and_a_button(
    brand: Brand, client_for: ClientFor, anna: people.Person
) -> None:
    token = token_of(place(), clock.now())
    client = client_for(brand)
    assert client.get(f"/check-in/{token}/")["Location"] == "/check-in/code/"
    sent = client.get("/check-in/code/")
    assert sent["Location"].startswith("/accounts/login/")
    with brand_context(brand):
        client.force_login(anna.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    moment = clock.now() + timedelta(minutes=3)
    with patch("core.clock.now", lambda: moment):
        page = client.get("/check-in/code/")
        assert "Vondel" in text_of(page)
        assert CheckIn.objects.count() == 0, "a GET changes nothing"
        done = client.post("/check-in/code/", {"key": key_on(page)}, follow=True)
    assert "You’re checked in at Vondel. You get 10 points." in text_of(done)
    assert shop.balance(anna.enrollment) == 10
    assert client.post("/check-in/code/", {"key": "k" * 24})["Location"] == "/check-in/", "a scan is one check-in"


def test_an_old_photograph_of_a_code_and_a_made_up_one_check_nobody_in(
    brand: Brand, client_for: ClientFor, anna: people.Person
) -> None:
    spot = place()
    client = client_for(brand, user=anna.user)
    old = token_of(spot, clock.now() - timedelta(minutes=5))
    client.get(f"/check-in/{old}/")
    done = client.post("/check-in/code/", {"key": "k" * 24}, follow=True)
    assert "code no longer on the screen" in text_of(done)
    assert "This code is none of ours." in text_of(client.get("/check-in/vondel.1.AAAA/", follow=True))
    assert shop.balance(anna.enrollment) == 0


# --- the admin's places and visits -----------------------------------------------------------------------------------
def admin(name: str, *args: Any) -> str:
    return reverse(f"admin:claims_{name}", urlconf="config.urls_brand", args=args)


def test_a_place_is_made_and_its_screen_shows_a_code_that_renews_itself(brand: Brand, entered: Entered) -> None:
    client = entered("marketer")
    fields = {
        "name": "Vondelpark", "code": "vondel", "kind": "park", "latitude": "52.358", "longitude": "4.8686",
        "radius_m": "300", "tags": "green, city", "active": "on",
    }  # fmt: skip
    assert client.post(admin("place_add"), fields).status_code == 302
    spot = Place.objects.get()
    assert (spot.tags, spot.radius_m) == (["green", "city"], 300)
    assert client.post(admin("place_change", spot.pk), {**fields, "radius_m": "5"}).status_code == 200
    assert client.post(admin("place_change", spot.pk), {**fields, "tags": "green"}).status_code == 302
    assert Place.objects.get().tags == ["green"]
    screen = entered("support").get(admin("place_screen", spot.pk))
    assert 1 <= int(screen["Refresh"]) <= 31
    assert b"<script" not in screen.content
    assert b'<svg class="' in screen.content
    assert entered("analyst").get(admin("place_screen", spot.pk)).status_code == 403
    assert client.post(admin("place_renew", spot.pk)).status_code == 302
    assert Place.objects.get().secret != spot.secret
    file = SimpleUploadedFile("p.csv", b"code,name,latitude,longitude\ndam,Dam,52.37,4.89\nx y,X,1,1\n")
    told = text_of(client.post(admin("place_import"), {"file": file}))
    assert "New: 1. Changed: 0." in told
    assert "Line 3" in told


def test_staff_accept_a_visit_that_is_held(brand: Brand, entered: Entered, anna: people.Person) -> None:
    row = CheckIn.objects.create(
        enrollment=anna.enrollment, place=place(), method="position", state="held", reason="too_fast", at=clock.now(),
        key="k", body_hash=b"x", source="web", initiated_by="member", distance_m=20,
    )  # fmt: skip
    client = entered("support")
    assert "20 m of 100 m" in text_of(client.get(admin("checkin_changelist")))
    assert admin("checkin_accept", row.pk) in client.get(admin("checkin_change", row.pk)).content.decode()
    assert "It counts from when" in text_of(client.get(admin("checkin_accept", row.pk)))
    assert client.post(admin("checkin_accept", row.pk)).status_code == 302
    assert shop.balance(anna.enrollment) == 10
    again = client.post(admin("checkin_refuse", row.pk), follow=True)
    assert "held any more" in again.content.decode()
    assert entered("marketer").post(admin("checkin_refuse", row.pk)).status_code == 403
