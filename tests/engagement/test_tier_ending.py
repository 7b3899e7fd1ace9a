"""Who loses a tier soon is told once what it takes to stay: by letter and on their page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from core import clock
from core.outbox import outbox_drain
from loyalty.floors import tier_floor_set, tier_invite
from loyalty.models import TierStanding
from loyalty.nightly import nightly_run
from members.models import Member
from tests.conftest import ClientFor
from tests.loyalty import cast, shop
from tests.loyalty.test_pages import text_of


def document(**fields: Any) -> dict[str, Any]:
    ladder = shop.DOCUMENT["ladders"][0]
    tiers = [*ladder["tiers"], {"code": "black", "name": "Black", "by_invitation": True}]
    return {**shop.DOCUMENT, "ladders": [{**ladder, "notice_days": 30, "tiers": tiers, **fields}]}


@pytest.fixture
def near(brand: Any) -> Any:
    """Go to so many days before the member's tier ends, and do that night's work."""

    def move(place: Any, days: float) -> None:
        ends = TierStanding.objects.get(enrollment=place).valid_until
        assert ends is not None
        brand.clock_shift += ends - timedelta(days=days) - clock.now()
        nightly_run(program=place.program)

    return move


def letters() -> list[Any]:
    while outbox_drain():
        pass
    return [each for each in mail.outbox if "through" in str(each.subject) or "t/m" in str(each.subject)]


def test_a_member_is_told_once_of_an_end_by_letter_and_on_their_page(
    brand: Any, near: Any, client_for: ClientFor
) -> None:
    who = cast.person(shop.program(document()))
    shop.send(shop.order(who.member, 600))
    near(who.enrollment, 40)
    assert letters() == []
    assert "To stay Advocate, collect" not in text_of(client_for(brand, user=who.user).get("/"))
    near(who.enrollment, 20)
    [letter] = letters()
    last = TierStanding.objects.get(enrollment=who.enrollment).valid_until - timedelta(hours=12)  # type: ignore[operator]  # there is one here
    day = f"{last:%-d %B %Y}"
    assert letter.subject == f"You’re Advocate through {day}"
    assert f"To stay Advocate, collect 500\u00a0points more through {day}." in str(letter.body)
    assert "/?program=club" in str(letter.body)
    page = text_of(client_for(brand, user=who.user).get("/"))
    assert f"You’re Advocate through {day}. To stay Advocate, collect 500 points more through {day}." in page
    near(who.enrollment, 18)
    assert len(letters()) == 1
    shop.send(shop.order(who.member, 500, "B"))
    assert "To stay Advocate, collect" not in text_of(client_for(brand, user=who.user).get("/"))


def test_grace_is_time_to_keep_the_tier_not_to_collect_for_it(brand: Any, near: Any) -> None:
    place = shop.place(shop.member("Anna", language="nl"), shop.program(document(grace_days=31)))
    shop.send(shop.order(place.member, 600))
    near(place, 45)
    [letter] = letters()
    ends = TierStanding.objects.get(enrollment=place).valid_until
    assert ends is not None
    assert letter.subject == f"Je bent Advocate t/m 31 januari {ends:%Y}"
    assert f"spaar je t/m 31 december {ends.year - 1} nog 500\u00a0punten" in str(letter.body)


def test_a_tier_by_invitation_ends_without_a_sum_that_would_keep_it(brand: Any, near: Any) -> None:
    place = shop.place(shop.member("Anna"), shop.program(document()))
    until = clock.now() + timedelta(days=60)
    tier_invite(enrollment=place, ladder="main", tier="black", until=until, reason="", actor=shop.STAFF)
    near(place, 10)
    [letter] = letters()
    assert "You’re Black through" in str(letter.subject)
    assert "To stay" not in str(letter.body)


@pytest.mark.parametrize("status", [Member.Status.SUSPENDED, Member.Status.ERASED])
def test_who_was_suspended_or_erased_is_not_written_to(brand: Any, near: Any, status: str) -> None:
    place = shop.place(shop.member("Anna"), shop.program(document()))
    shop.send(shop.order(place.member, 600))
    Member.objects.filter(pk=place.member_id).update(status=status)
    near(place, 20)
    assert letters() == []


def test_who_has_done_enough_before_the_letter_is_written_gets_none(brand: Any, near: Any) -> None:
    place = shop.place(shop.member("Anna"), shop.program(document()))
    shop.send(shop.order(place.member, 600))
    near(place, 20)
    shop.send(shop.order(place.member, 700, "B"))
    assert letters() == []


def test_who_earned_what_a_plan_gives_is_not_told_when_the_plan_ends(brand: Any, near: Any) -> None:
    place = shop.place(shop.member("Anna"), shop.program(document()))
    until = clock.now() + timedelta(days=60)
    fields: dict[str, Any] = {"enrollment": place, "ladder": "main", "tier": "advocate", "until": until}
    tier_floor_set(source="plan", actor=shop.STAFF, **fields)
    shop.send(shop.order(place.member, 600))
    near(place, 10)
    assert letters() == []
