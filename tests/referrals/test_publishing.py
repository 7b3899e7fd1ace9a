"""Publishing what friends bring: the version in force counts, and what it gives must be in the catalogue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from loyalty.errors import ProgramInvalid
from loyalty.models import ProgramVersion
from loyalty.publishing import program_create, version_republish
from loyalty.withdrawing import version_withdraw
from referrals.codes import code_ensure
from referrals.errors import ReferralsOff
from tenants.models import Brand
from tests.loyalty import shop
from tests.referrals import cast

pytestmark = pytest.mark.django_db
DOCUMENT = {**shop.DOCUMENT, "sections": {"referrals": {**cast.SECTION, "hold_days": 0}}}


def test_friends_can_be_brought_once_the_version_is_in_force_and_no_longer_after_a_roll_back(brand: Brand) -> None:
    made = shop.program()
    anna, bo = (shop.place(shop.member(name), made) for name in ("Anna", "Bo"))
    shop.publish(made, DOCUMENT, in_force_from=clock.now() + timedelta(days=2))
    with pytest.raises(ReferralsOff):
        code_ensure(enrollment=anna)
    brand.clock_shift += timedelta(days=2, minutes=1)
    row = cast.comes(anna, "Cas")
    assert cast.buys(row, 50, "W-1").state == "approved"
    assert shop.balance(anna) == 100
    version_republish(version=ProgramVersion.objects.get(program=made, number=1), actor=shop.STAFF, expected_newest=2)
    with pytest.raises(ReferralsOff):
        code_ensure(enrollment=bo)


def test_of_a_version_that_is_withdrawn_nothing_comes(brand: Brand) -> None:
    made = shop.program()
    anna = shop.place(shop.member(), made)
    version = shop.publish(made, DOCUMENT, in_force_from=clock.now() + timedelta(days=2))
    version_withdraw(version=version, actor=shop.STAFF)
    brand.clock_shift += timedelta(days=3)
    with pytest.raises(ReferralsOff):
        code_ensure(enrollment=anna)


GIFT = {"effects": [{"kind": "issue_reward", "reward": "cofee"}]}


@pytest.mark.parametrize(
    ("section", "where"),
    [
        ({"friend": GIFT}, "referrals.friend.effects[0].reward"),
        ({"referrer": {"effects": [cast.fixed(1), *GIFT["effects"]]}}, "referrals.referrer.effects[1].reward"),
        ({"milestones": [{"at": 2, **GIFT}]}, "referrals.milestones[0].effects[0].reward"),
    ],
)
def test_a_gift_that_is_not_in_the_catalogue_is_refused_with_its_place_and_what_there_is(
    brand: Brand, section: dict[str, Any], where: str
) -> None:
    coffee = {"code": "coffee", "name": "Coffee", "prices": [{"currency": "points", "points": 10}]}
    sections = {"referrals": {**cast.SECTION, **section}, "rewards": {"items": [coffee]}}
    with pytest.raises(ProgramInvalid) as refused:
        program_create(slug="club", document={**shop.DOCUMENT, "sections": sections}, actor=shop.STAFF)
    [problem] = refused.value.context["problems"]
    assert problem["path"] == f"sections.{where}"
    assert "cofee" in problem["problem"]
    assert "coffee" in problem["mend"]


def test_a_sweepstake_that_friends_are_to_enter_must_be_there_too(brand: Brand) -> None:
    enters = {"effects": [{"kind": "enter_sweepstake", "sweepstake": "winter"}]}
    with pytest.raises(ProgramInvalid) as refused:
        cast.program(friend=enters)
    assert [each["path"] for each in refused.value.context["problems"]] == [
        "sections.referrals.friend.effects[0].sweepstake"
    ]
