"""Who holds a benefit: as soon as a tier is reached or a plan begins, until it ends, whatever comes twice or late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from core import clock
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.floors import tier_floor_end, tier_floor_set
from loyalty.models import Enrollment, Program, TierStanding
from loyalty.nightly import nightly_run
from loyalty.publishing import program_publish
from members.facts import member_fact_drop, member_fact_set
from members.segments import segment_create, segment_member_add, segment_member_remove
from rewards.benefits.grants import grants_follow
from rewards.benefits.holding import benefits_held
from rewards.benefits.models import Benefit, BenefitGrant
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.benefits.cast import BENEFITS, club, document, drained, somebody

pytestmark = pytest.mark.django_db


def held(place: Enrollment) -> list[str]:
    return [each.benefit.code for each in benefits_held(place)]


def rows(place: Enrollment, *, ended: bool = False) -> dict[str, list[str]]:
    found = BenefitGrant.objects.filter(enrollment=place, ended_at__isnull=not ended).select_related("benefit")
    return {each.benefit.code: each.causes for each in found}


def test_everybody_holds_what_is_for_everybody_and_a_tier_brings_its_own(brand: Brand) -> None:
    program = club()
    place = somebody(program)
    assert held(place) == ["members_price"]
    assert rows(place) == {"members_price": ["everyone"]}
    shop.send(shop.order(place.member, 600))
    # The rows follow when it is told; what holds is known before.
    assert held(place) == ["coffee", "members_price"]
    drained()
    assert rows(place) == {"members_price": ["everyone"], "coffee": ["tier:main:advocate"]}


def test_a_grant_goes_on_when_its_cause_changes_and_ends_with_the_last_one(brand: Brand) -> None:
    program = club()
    place = somebody(program, 1200)
    assert rows(place)["lounge"] == ["tier:main:vip"]
    since = BenefitGrant.objects.get(enrollment=place, benefit__code="lounge").since
    member_fact_set(member_id=place.member_id, key="plan", value="gold", until=clock.now() + timedelta(days=30))
    drained()
    grant = BenefitGrant.objects.get(enrollment=place, benefit__code="lounge")
    assert (grant.causes, grant.since, grant.ended_at) == (["plan:gold", "tier:main:vip"], since, None)
    TierStanding.objects.filter(enrollment=place).update(tier="enthusiast", valid_until=None)
    grants_follow(program.pk, [place.pk])
    assert rows(place)["lounge"] == ["plan:gold"]
    member_fact_drop(member_id=place.member_id, key="plan")
    drained()
    assert "lounge" not in rows(place)
    assert "lounge" in rows(place, ended=True)


def test_what_is_told_twice_changes_nothing_the_second_time(brand: Brand) -> None:
    program = club()
    place = somebody(program, 600)
    before = list(BenefitGrant.objects.values_list("pk", "since", "until", "ended_at"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_outboxmessage SET delivered_at = NULL")
    while outbox_drain():
        pass
    assert list(BenefitGrant.objects.values_list("pk", "since", "until", "ended_at")) == before
    assert grants_follow(program.pk, [place.pk]) == 0


def test_a_segment_gives_while_the_member_is_in_it(brand: Brand) -> None:
    place = somebody(club())
    testers = segment_create(code="testers", name="Testers", description="", actor=shop.STAFF)
    segment_member_add(segment=testers, member=place.member, actor=shop.STAFF)
    drained()
    assert rows(place)["new_search"] == ["segment:testers"]
    segment_member_remove(segment=testers, member=place.member, actor=shop.STAFF)
    drained()
    assert "new_search" not in rows(place)


def test_the_night_repairs_what_nobody_told_of(brand: Brand) -> None:
    program = club()
    place = somebody(program, 600)
    BenefitGrant.objects.filter(benefit__code="coffee").delete()
    BenefitGrant.objects.filter(benefit__code="members_price").update(causes=["tier:main:vip"])
    # A plan that was written past the service, as an import would.
    member_fact_set(member_id=place.member_id, key="plan", value="gold", tell=False)
    nightly_run(program=program)
    assert rows(place) == {
        "coffee": ["tier:main:advocate"], "members_price": ["everyone"], "lounge": ["plan:gold"],
    }  # fmt: skip
    told = OutboxMessage.objects.filter(topic="benefit.granted").values_list("payload__benefit", flat=True)
    assert sorted(set(told)) == ["coffee", "lounge"]


def test_a_tier_whose_time_is_over_gives_nothing_before_the_night_has_seen_it(brand: Brand) -> None:
    place = somebody(club(), 600)
    assert "coffee" in held(place)
    TierStanding.objects.filter(enrollment=place).update(valid_until=clock.now() - timedelta(minutes=1))
    assert "coffee" not in held(place)


def test_a_plan_that_ends_says_until_when_the_benefit_holds(brand: Brand) -> None:
    program = club()
    place = somebody(program)
    until = clock.now() + timedelta(days=3)
    member_fact_set(member_id=place.member_id, key="plan", value="gold", until=until)
    drained()
    [lounge] = [each for each in benefits_held(place) if each.benefit.code == "lounge"]
    assert (lounge.until, lounge.causes) == (until, ["plan:gold"])
    assert BenefitGrant.objects.get(benefit__code="lounge").until == until


def test_a_given_tier_gives_its_benefits_until_it_is_taken_back(brand: Brand) -> None:
    program = club()
    place = somebody(program)
    given: dict[str, Any] = {"enrollment": place, "ladder": "main", "source": "plan", "actor": shop.STAFF}
    tier_floor_set(tier="vip", until=None, **given)
    drained()
    assert {"coffee", "lounge"} <= rows(place).keys()
    tier_floor_end(**given)
    drained()
    assert not {"coffee", "lounge"} & rows(place).keys()


def test_publishing_gives_what_is_new_and_ends_what_is_gone(brand: Brand) -> None:
    program = club()
    place = somebody(program, 600)
    mug: dict[str, Any] = {"code": "mug", "name": "A mug", "gives": {"kind": "bonus"}}
    _publish(program, [BENEFITS[2], mug])
    assert "mug" in held(place)
    drained()
    assert rows(place) == {"members_price": ["everyone"], "mug": ["everyone"]}
    assert rows(place, ended=True) == {"coffee": ["tier:main:advocate"]}
    coffee, mug_row = Benefit.objects.get(code="coffee"), Benefit.objects.get(code="mug")
    assert coffee.retired_at is not None
    assert BenefitGrant.objects.get(benefit=mug_row).since >= mug_row.changed_at


def test_a_benefit_holds_within_its_dates_only(brand: Brand) -> None:
    soon = (clock.now() + timedelta(days=40)).strftime("%Y-%m-%dT%H:%M")
    place = somebody(club({**BENEFITS[2], "schedule": {"starts_at": soon}}))
    assert held(place) == []
    assert rows(place) == {}


def test_whoever_is_suspended_holds_nothing(brand: Brand) -> None:
    place = somebody(club(), 600)
    place.member.status = "suspended"
    place.member.save(update_fields=["status"])
    assert held(place) == []


def _publish(program: Program, benefits: list[dict[str, Any]]) -> None:
    program.refresh_from_db()
    made = document_decode(document(*benefits))
    program = draft_replace(program=program, document=made, expected_revision=program.draft_revision, actor=shop.STAFF)
    program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)
