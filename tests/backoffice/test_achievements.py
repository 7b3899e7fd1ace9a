"""Achievements in the admin: a member's page, an event's page, and names on leaderboards."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from loyalty.leaderboards import leaderboard_join
from loyalty.models import Event, LeaderboardPlayer
from members.models import User
from members.roles import roles_sync
from members.staff import staff_role_set
from tenants.models import Brand
from tests.conftest import ClientFor
from tests.loyalty import shop
from tests.loyalty.engine.test_achieved import DOCUMENT
from tests.loyalty.test_pages import text_of

pytestmark = pytest.mark.django_db


def staff_client(brand: Brand, client_for: ClientFor, role: str) -> Client:
    roles_sync()
    user = User.objects.create_user(f"{role}@example.com", "a long enough password", is_staff=True)
    staff_role_set(user=user, role=role, actor=shop.STAFF)
    return client_for(brand, user=user)


def test_staff_see_how_far_a_member_is_and_what_an_event_achieved(brand: Brand, client_for: ClientFor) -> None:
    made = shop.program(DOCUMENT)
    anna = shop.member()
    place = shop.place(anna, made)
    shop.send(*(shop.order(anna, 10, f"A{number}") for number in range(3)))
    leaderboard_join(enrollment=place, name="Silver Fox", actor=shop.STAFF)
    client = staff_client(brand, client_for, "support")
    page = text_of(client.get(reverse("admin:members_member_change", args=[anna.pk]) + "?tab=achievements"))
    assert "On the leaderboards as “Silver Fox”." in page
    assert "1 of 2" in page
    assert "1 card filled" in page
    assert "three 3 of 3 1" in page
    event = Event.objects.get(external_id="A2")
    page = text_of(client.get(reverse("admin:loyalty_event_change", args=[event.pk])))
    assert "Challenge completed: three" in page
    assert "Badge given: Regular" in page


def test_support_renames_and_hides_a_player_and_a_marketer_only_looks(brand: Brand, client_for: ClientFor) -> None:
    made = shop.program(DOCUMENT)
    place = shop.place(shop.member(), made)
    player = leaderboard_join(enrollment=place, name="Rude Name", actor=shop.STAFF)
    address = reverse("admin:loyalty_leaderboardplayer_change", args=[player.pk])
    client = staff_client(brand, client_for, "support")
    assert "Rude Name" in text_of(client.get(reverse("admin:loyalty_leaderboardplayer_changelist")))
    assert client.post(address, {"name": "a@b", "hidden": "on"}).status_code == 200
    player.refresh_from_db()
    assert (player.name, player.hidden) == ("Rude Name", False)
    assert client.post(address, {"name": "Member 12", "hidden": "on"}).status_code == 302
    player.refresh_from_db()
    assert (player.name, player.hidden) == ("Member 12", True)
    looking = staff_client(brand, client_for, "marketer")
    assert looking.post(address, {"name": "Another"}).status_code == 403
    assert LeaderboardPlayer.objects.get(pk=player.pk).name == "Member 12"
