"""Segments: made, filled by a list or by a partner, asked by the engine as a fact about the member."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from core.errors import InvalidInput
from members.models import MemberFact, Segment
from members.segments import (
    SegmentTaken,
    segment_counts,
    segment_create,
    segment_list_add,
    segment_member_add,
    segment_member_remove,
)
from members.services import member_update
from tenants.models import Brand
from tests.api.cast import STAFF, Api, key_made
from tests.conftest import ClientFor
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


def runners() -> Segment:
    return segment_create(code="runners", name="Runners", description="", actor=STAFF)


def test_a_list_puts_in_whom_it_names_and_tells_the_lines_that_name_nobody(brand: Brand) -> None:
    segment = runners()
    anna, bob = shop.member("Anna", external_id="C-1"), shop.member("Bob")
    told = ["c-9", "C-1", "", str(bob.email).upper(), str(anna.public_id)]
    report = segment_list_add(segment=segment, lines=told, actor=STAFF)
    assert (report.added, report.there, report.unknown) == (2, 1, [(1, "c-9")])
    assert segment_counts(["runners"]) == {"runners": 2}
    again = segment_list_add(segment=segment, lines=told, actor=STAFF)
    assert (again.added, again.there) == (0, 3)


def test_a_membership_with_an_end_is_over_then(brand: Brand) -> None:
    segment, anna = runners(), shop.member()
    segment_member_add(segment=segment, member=anna, actor=STAFF, until=clock.now() - timedelta(seconds=1))
    assert segment_counts(["runners"]) == {}
    segment_member_add(segment=segment, member=anna, actor=STAFF)
    assert segment_counts(["runners"]) == {"runners": 1}
    segment_member_remove(segment=segment, member=anna, actor=STAFF)
    assert not MemberFact.objects.exists()


def test_a_list_puts_in_again_whose_time_is_over(brand: Brand) -> None:
    segment, anna = runners(), shop.member("Anna", external_id="C-1")
    segment_member_add(segment=segment, member=anna, actor=STAFF, until=clock.now() - timedelta(seconds=1))
    report = segment_list_add(segment=segment, lines=["C-1"], actor=STAFF)
    assert (report.added, report.there) == (1, 0)
    assert segment_counts(["runners"]) == {"runners": 1}


def test_two_segments_never_share_a_code(brand: Brand) -> None:
    runners()
    with pytest.raises(SegmentTaken):
        runners()


def test_attributes_are_put_in_one_by_one_and_null_takes_one_out(brand: Brand) -> None:
    anna = member_update(member=shop.member(), actor=STAFF, attributes={"store": "utrecht", "shoe": 39})
    assert anna.attributes == {"store": "utrecht", "shoe": 39}
    assert member_update(member=anna, actor=STAFF, attributes={"shoe": None}).attributes == {"store": "utrecht"}


@pytest.mark.parametrize("wrong", [{"a b": 1}, {"a": {"b": 1}}, {"a": "x" * 201}, {"a": 2**60}, {"a": [[1]]}])
def test_an_attribute_that_rules_could_not_ask_for_is_refused_by_name(brand: Brand, wrong: dict) -> None:
    with pytest.raises(InvalidInput) as refused:
        member_update(member=shop.member(), actor=STAFF, attributes=wrong)
    assert refused.value.field == f"attributes.{next(iter(wrong))}"


def test_a_time_zone_that_does_not_exist_is_refused(brand: Brand) -> None:
    with pytest.raises(InvalidInput):
        member_update(member=shop.member(), actor=STAFF, time_zone="Europe/Atlantis")


def test_a_partner_makes_a_segment_and_moves_members_in_and_out(brand: Brand, client_for: ClientFor) -> None:
    api, anna = Api(client_for(brand), key_made()[1]), shop.member(external_id="C-1")
    assert api.post("segments", {"code": "runners", "name": "Runners"}).status_code == 201
    assert api.post("segments", {"code": "runners", "name": "Again"}).status_code == 409
    assert api.send("PUT", "segments/runners/members/ext:C-1", {}).json()["members"] == 1
    assert api.get("segments").json()["results"][0]["members"] == 1
    assert api.send("DELETE", f"segments/runners/members/{anna.public_id}").status_code == 200
    assert api.get("segments").json()["results"][0]["members"] == 0
    assert api.send("PUT", "segments/walkers/members/ext:C-1", {}).json()["code"] == "segment_not_found"
