"""Staff give a member a tier, invite into one, and take back what was given or waits."""

from __future__ import annotations

from datetime import UTC, datetime

from django.urls import reverse

from core.tables import AuditEntry
from loyalty.floors import floors_of
from loyalty.inviting import invitations_waiting
from loyalty.tierviews import tiers_of
from tests.loyalty import shop
from tests.loyalty.test_inviting import DOCUMENT


def address(name, place):
    return reverse(f"admin:{name}", urlconf="config.urls_brand", args=[place.member_id])


def test_support_gives_a_tier_through_a_day_and_takes_it_back(brand, entered):
    place = shop.place(shop.member(), shop.program(DOCUMENT))
    client = entered("support")
    page, back = address("loyalty_pointsentry_tier", place), address("loyalty_pointsentry_tier_back", place)
    asked = {"tier": f"{place.pk}:main:vip", "how": "give", "until": "2090-06-30", "reason": "Sorry"}
    assert client.post(page, {**asked, "until": "2020-01-01"}).status_code == 422
    assert client.post(page, {**asked, "tier": f"{place.pk}:main:gold"}).status_code == 422
    assert floors_of(place) == []
    assert client.post(page, asked).status_code == 302
    [floor] = floors_of(place)
    assert (floor.source, floor.until) == ("staff", datetime(2090, 6, 30, 22, tzinfo=UTC))
    assert tiers_of(place)[0].code == "vip"
    tab = reverse("admin:members_member_change", urlconf="config.urls_brand", args=[place.member_id])
    shown = client.get(f"{tab}?tab=points").content.decode()
    assert "Sorry" in shown
    assert page in shown
    assert "Club: vip, given by staff" in client.get(back).content.decode()
    assert client.post(back, {"what": f"floor:{place.pk}:main:staff"}).status_code == 302
    assert (floors_of(place), tiers_of(place)[0].code) == ([], "enthusiast")
    told = AuditEntry.objects.filter(action__in=("tier.give", "tier.take_back")).values_list("actor", flat=True)
    assert len(set(told)) == 1
    assert len(told) == 2


def test_an_invitation_waits_until_it_is_taken_back_and_at_once_it_does_not(brand, entered):
    place = shop.place(shop.member(), shop.program(DOCUMENT))
    client = entered("owner")
    page, back = address("loyalty_pointsentry_tier", place), address("loyalty_pointsentry_tier_back", place)
    asked = {"tier": f"{place.pk}:main:black", "how": "invite", "until": "", "reason": ""}
    assert client.post(page, asked).status_code == 302
    [waiting] = invitations_waiting(place)
    assert tiers_of(place)[0].code == "enthusiast"
    assert client.post(back, {"what": f"invitation:{place.pk}:{waiting.pk}"}).status_code == 302
    assert not invitations_waiting(place).exists()
    assert client.post(back, {"what": f"invitation:{place.pk}:{waiting.pk}"}).status_code == 422
    assert client.post(page, {**asked, "how": "invite_now"}).status_code == 302
    assert tiers_of(place)[0].code == "black"


def test_who_may_not_give_tiers_sees_no_button_and_gets_no_page(brand, entered):
    place = shop.place(shop.member(), shop.program(DOCUMENT))
    client = entered("marketer")
    page = address("loyalty_pointsentry_tier", place)
    asked = {"tier": f"{place.pk}:main:vip", "how": "give"}
    assert client.get(page).status_code == 403
    assert client.post(page, asked).status_code == 403
    tab = reverse("admin:members_member_change", urlconf="config.urls_brand", args=[place.member_id])
    assert page not in client.get(tab).content.decode()
    assert floors_of(place) == []
