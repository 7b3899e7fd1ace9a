"""Staff have a member share somebody's account, and part them again."""

from __future__ import annotations

from django.urls import reverse

from loyalty.models import Enrollment
from loyalty.selectors import balances_of
from tests.loyalty import shop


def test_staff_join_and_part_a_household(brand, entered):
    program = shop.program()
    anna, bram = (shop.place(shop.member(name), program) for name in ("Anna", "Bram"))
    shop.send(shop.order(anna.member, 60, "A"))
    client = entered("support")
    page = reverse("admin:loyalty_pointsentry_pool", urlconf="config.urls_brand", args=[bram.member_id])
    assert client.post(page, {"place": bram.pk, "head": "nobody@example.com"}).status_code == 422
    assert client.post(page, {"place": bram.pk, "head": anna.member.email}).status_code == 302
    assert [each.balance for each in balances_of(bram)] == [60]
    assert "shares with Anna" in client.get(page).content.decode()
    assert client.post(page, {"place": bram.pk, "head": ""}).status_code == 302
    assert not Enrollment.objects.filter(pool__isnull=False).exists()
