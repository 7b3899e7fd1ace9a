"""What a member is written about what they sent in: in their language, with the reason."""

from __future__ import annotations

import pytest
from django.core import mail

from claims.services import claim_approve, claim_refuse
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from tenants.models import Brand
from tests.claims import cast
from tests.loyalty import cast as people
from tests.loyalty import shop

pytestmark = pytest.mark.django_db


def delivered() -> None:
    while outbox_drain():
        pass
    assert not OutboxMessage.objects.filter(attempts__gt=0).exists()


def test_a_refusal_is_told_with_its_reason_in_the_members_language(brand: Brand) -> None:
    anna = people.person(cast.program(), language="nl")
    claim = cast.follows(anna.enrollment)
    claim_refuse(claim=claim, reason=cast.FOLLOWED["reasons"][0], actor=shop.STAFF, key="k")
    delivered()
    letter = mail.outbox[-1]
    assert letter.subject == "Niet goedgekeurd: Volg ons"
    assert "We zien je niet tussen onze volgers." in str(letter.body)
    assert f"/claims/{claim.pk}/" in str(letter.body)


def test_an_approval_is_told_once(brand: Brand) -> None:
    anna = people.person(cast.program())
    claim = cast.follows(anna.enrollment)
    claim_approve(claim=claim, actor=shop.STAFF, key="k")
    delivered()
    assert [each.subject for each in mail.outbox].count("Approved: Follow us") == 1


def test_whoever_has_no_address_is_no_trouble(brand: Brand) -> None:
    silent = shop.place(shop.member("", email=None, external_id="T-1"), cast.program())
    claim_approve(claim=cast.follows(silent), actor=shop.STAFF, key="k")
    delivered()
