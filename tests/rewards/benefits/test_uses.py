"""A use is a row: once per id, within the allowance, and taken back when it was a mistake."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.errors import InvalidInput
from core.tables import OutboxMessage
from members.facts import member_fact_set
from members.models import MemberFact
from rewards.benefits.errors import (
    AllowanceUsed,
    BenefitNotFound,
    BenefitNotHeld,
    BenefitUseConflict,
    BenefitUseTakenBack,
)
from rewards.benefits.holding import benefits_held
from rewards.benefits.models import BenefitUse
from rewards.benefits.uses import benefit_unused_since, benefit_use, benefit_use_take_back
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.benefits.cast import club, drained, somebody

pytestmark = pytest.mark.django_db


def use(place, code="coffee", external_id="U-1", **more):
    return benefit_use(enrollment=place, code=code, external_id=external_id, actor=shop.PARTNER, **more)


def test_the_same_id_is_one_use_and_says_so_when_it_says_something_else(brand: Brand) -> None:
    place = somebody(club(), 600)
    assert use(place).pk == use(place).pk
    assert BenefitUse.objects.count() == 1
    with pytest.raises(BenefitUseConflict):
        use(place, units=2)
    other = somebody(place.program, 600, "Bram")
    with pytest.raises(BenefitUseConflict):
        use(other)
    assert OutboxMessage.objects.filter(topic="benefit.used").count() == 1


def test_an_allowance_ends_with_its_period_and_has_room_again_when_a_use_is_taken_back(brand: Brand) -> None:
    place = somebody(club(), 600)
    first = use(place)
    use(place, external_id="U-2")
    with pytest.raises(AllowanceUsed) as refused:
        use(place, external_id="U-3")
    assert (refused.value.context["allowed"], refused.value.context["left"]) == (2, 0)
    assert refused.value.context["renews_on"]
    [coffee] = [each for each in benefits_held(place) if each.benefit.code == "coffee"]
    assert coffee.allowed is not None
    assert coffee.allowed.left == 0
    benefit_use_take_back(use=first, actor=shop.STAFF, reason="Wrong member")
    assert use(place, external_id="U-3").pk != first.pk
    with pytest.raises(BenefitUseTakenBack):
        benefit_use_take_back(use=first, actor=shop.STAFF, reason="Again")


def test_several_at_once_fit_whole_or_not_at_all(brand: Brand) -> None:
    place = somebody(club(), 600)
    with pytest.raises(AllowanceUsed):
        use(place, units=3)
    assert use(place, units=2).units == 2
    assert BenefitUse.objects.count() == 1


def test_only_who_holds_a_benefit_uses_it_and_only_while_they_do(brand: Brand) -> None:
    place = somebody(club())
    with pytest.raises(BenefitNotHeld):
        use(place)
    with pytest.raises(BenefitNotFound):
        use(place, "nothing")
    with pytest.raises(BenefitNotHeld):
        use(place, "members_price", used_at=clock.now() - timedelta(days=400))
    with pytest.raises(InvalidInput):
        use(place, "members_price", used_at=clock.now() + timedelta(hours=1))
    assert BenefitUse.objects.count() == 0


def test_a_use_right_after_the_tier_was_reached_needs_no_delivery_in_between(brand: Brand) -> None:
    place = somebody(club())
    shop.send(shop.order(place.member, 600))
    assert use(place).grant.causes == ["tier:main:advocate"]


def test_unused_since_asks_of_what_the_plan_gave(brand: Brand) -> None:
    place = somebody(club(), 600)
    charged = clock.now() - timedelta(seconds=1)
    member_fact_set(member_id=place.member_id, key="plan", value="gold")
    drained()
    ask: dict[str, Any] = {"member": place.member, "plan": "gold", "since": charged}
    use(place)  # the tier's coffee, which the plan doesn't give
    assert benefit_unused_since(**ask)
    lounge = use(place, "lounge", "L-1")
    assert lounge.causes == ["plan:gold"]
    assert not benefit_unused_since(**ask)
    assert benefit_unused_since(**{**ask, "plan": "silver"})
    assert benefit_unused_since(**{**ask, "since": clock.now() + timedelta(seconds=1)})
    benefit_use_take_back(use=lounge, actor=shop.STAFF, reason="They couldn't get in")
    assert benefit_unused_since(**ask)


def test_rules_know_the_last_use_and_forget_one_that_was_taken_back(brand: Brand) -> None:
    place = somebody(club(), 600)
    facts = MemberFact.objects.filter(member=place.member, key="benefit_used:coffee")
    first = use(place)
    assert facts.get().value == first.used_at.isoformat()
    second = use(place, external_id="U-2")
    assert facts.get().value == second.used_at.isoformat()
    benefit_use_take_back(use=second, actor=shop.STAFF, reason="Mistake")
    assert facts.get().value == first.used_at.isoformat()
    benefit_use_take_back(use=first, actor=shop.STAFF, reason="Mistake")
    assert not facts.exists()
