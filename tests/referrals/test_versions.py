"""Friends go by the version in force: one published ahead, or withdrawn, gives nobody anything before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from loyalty.models import ProgramVersion
from loyalty.publishing import version_republish
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
