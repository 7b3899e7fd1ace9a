"""Things to send in, a place to check in at, and what Anna did of both, for the brand that the browser visits."""

from __future__ import annotations

from claims.checkins import Position, check_in_by_position
from claims.models import Place
from claims.places import place_save
from claims.services import claim_approve, claim_refuse
from loyalty.definition.read import document_shape
from loyalty.drafts import draft_plain, draft_replace
from loyalty.models import Program
from loyalty.publishing import program_publish
from members.models import Member
from tests.browser import cast
from tests.claims import cast as claimed
from tests.loyalty import shop


def claims(anna: Member) -> None:
    """A version that takes claims; one that waits, one that was approved, one that was refused; a visit."""
    program = cast.program()
    plain = {**draft_plain(program), "claim_types": [claimed.FOLLOWED, claimed.GEAR, claimed.RECEIPT]}
    draft_replace(
        program=program, document=document_shape(plain), expected_revision=program.draft_revision, actor=shop.STAFF
    )
    revision = Program.objects.get(pk=program.pk).draft_revision
    program_publish(program=program, actor=shop.STAFF, expected_revision=revision)
    place = anna.enrollments.get()
    claimed.hands_in(place)
    claim_approve(claim=claimed.receipt(place), actor=shop.STAFF, key="approved")
    refused = claimed.follows(place)
    claim_refuse(claim=refused, reason=claimed.FOLLOWED["reasons"][0], actor=shop.STAFF, key="refused")
    where = {"latitude": "52.0", "longitude": "5.0", "radius_m": 100}
    place_save(place=None, fields={"code": "canal", "name": "On the canal", **where}, actor=shop.STAFF)
    assert Place.objects.count() == 1
    position = Position(52.0, 5.0, 10)
    check_in_by_position(enrollment=place, position=position, actor=shop.PARTNER, key="visit")
