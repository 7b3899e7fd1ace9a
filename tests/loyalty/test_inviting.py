"""Invitations into a tier: asked on the member's page, answered once, or let in at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from core import clock
from core.outbox import outbox_drain
from core.tables import AuditEntry
from loyalty.errors import MemberSuspended
from loyalty.floors import floors_of
from loyalty.inviting import (
    InvitationClosed,
    InvitationNotFound,
    invitation_answer,
    invitation_make,
    invitation_withdraw,
)
from loyalty.models import TierInvitation
from loyalty.tierviews import tiers_of
from members.models import Member
from tests.conftest import ClientFor
from tests.loyalty import cast, shop
from tests.loyalty.test_pages import text_of

DOCUMENT = {
    **shop.DOCUMENT,
    "ladders": [
        {
            **shop.DOCUMENT["ladders"][0],
            "tiers": [
                *shop.DOCUMENT["ladders"][0]["tiers"],
                {"code": "black", "name": "Black", "by_invitation": True, "benefits": ["A table at the window"]},
            ],
        }
    ],
}


@pytest.fixture
def who(brand: Any) -> cast.Person:
    return cast.person(shop.program(DOCUMENT))


def invite(who: cast.Person, *, at_once: bool = False, days: float | None = None, tier: str = "black") -> Any:
    until = clock.now() + timedelta(days=days) if days is not None else None
    return invitation_make(
        enrollment=who.enrollment,
        ladder="main",
        tier=tier,
        until=until,
        reason="A friend",
        at_once=at_once,
        actor=shop.STAFF,
    )


def answer(who: cast.Person, made: Any, accept: bool) -> Any:
    return invitation_answer(enrollment=who.enrollment, invitation_id=made.pk, accept=accept, actor=shop.PARTNER)


def tier(who: cast.Person) -> str:
    return tiers_of(who.enrollment)[0].code


def test_an_invitation_is_written_of_waits_on_the_page_and_is_accepted_there(
    brand: Any, who: cast.Person, client_for: ClientFor
) -> None:
    made = invite(who)
    assert tier(who) == "enthusiast"
    while outbox_drain():
        pass
    assert "You’re invited: Black" in [str(each.subject) for each in mail.outbox]
    client = client_for(brand, user=who.user)
    page = text_of(client.get("/"))
    assert "You’re invited: Black Say yes and you’re Black from now on. A table at the window" in page
    assert client.post(f"/invitations/{made.pk}/", {"answer": "accept"}).status_code == 302
    assert tier(who) == "black"
    page = text_of(client.get("/"))
    assert "Welcome! The tier is yours." in page
    assert "You’re invited" not in page
    assert [each.source for each in floors_of(who.enrollment)] == ["invitation"]
    assert AuditEntry.objects.filter(action__in=("tier.invite", "tier.invitation_accepted", "tier.give")).count() == 3


def test_who_declines_stays_what_they_are_and_cannot_accept_after_all(
    brand: Any, who: cast.Person, client_for: ClientFor
) -> None:
    made = invite(who)
    client = client_for(brand, user=who.user)
    client.cookies["django_language"] = "nl"
    assert "Zeg ja en je bent vanaf nu Black" in text_of(client.get("/"))
    client.post(f"/invitations/{made.pk}/", {"answer": "decline"})
    assert (tier(who), floors_of(who.enrollment)) == ("enthusiast", [])
    assert "staat niet meer open" in text_of(client.post(f"/invitations/{made.pk}/", {"answer": "accept"}, follow=True))
    assert tier(who) == "enthusiast"
    made.refresh_from_db()
    assert made.state == "declined"


def test_an_answer_that_is_neither_is_asked_again(brand: Any, who: cast.Person, client_for: ClientFor) -> None:
    made = invite(who)
    page = text_of(client_for(brand, user=who.user).post(f"/invitations/{made.pk}/", {"answer": "x"}, follow=True))
    assert "Choose whether you accept." in page
    assert "You’re invited: Black" in page


def test_accepting_twice_gives_the_tier_once(who: cast.Person) -> None:
    made = invite(who)
    assert answer(who, made, True).state == answer(who, made, True).state == "accepted"
    assert who.enrollment.tier_floors.count() == 1


def test_at_once_asks_nobody(who: cast.Person) -> None:
    made = invite(who, at_once=True)
    assert (made.state, tier(who)) == ("accepted", "black")
    while outbox_drain():
        pass
    assert "You’re invited: Black" not in [str(each.subject) for each in mail.outbox]


def test_another_invitation_takes_the_place_of_the_one_that_waits(who: cast.Person) -> None:
    first, second = invite(who), invite(who, tier="vip")
    with pytest.raises(InvitationClosed):
        answer(who, first, True)
    answer(who, second, True)
    assert tier(who) == "vip"


def test_an_invitation_whose_time_is_over_or_that_was_taken_back_is_refused(brand: Any, who: cast.Person) -> None:
    made = invite(who, days=3)
    brand.clock_shift += timedelta(days=4)
    with pytest.raises(InvitationClosed):
        answer(who, made, True)
    made = invite(who)
    invitation_withdraw(enrollment=who.enrollment, invitation_id=made.pk, actor=shop.STAFF)
    with pytest.raises(InvitationClosed):
        answer(who, made, True)
    with pytest.raises(InvitationClosed):
        invitation_withdraw(enrollment=who.enrollment, invitation_id=made.pk, actor=shop.STAFF)
    assert tier(who) == "enthusiast"


def test_nobody_answers_for_another_and_a_suspended_member_not_at_all(who: cast.Person) -> None:
    made = invite(who)
    other = cast.person(who.enrollment.program, "Bram")
    with pytest.raises(InvitationNotFound):
        answer(other, made, True)
    Member.objects.filter(pk=who.member.pk).update(status=Member.Status.SUSPENDED)
    with pytest.raises(MemberSuspended):
        answer(who, made, True)
    with pytest.raises(MemberSuspended):
        invite(who)
    assert TierInvitation.objects.get().state == "waiting"
