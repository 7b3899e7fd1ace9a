"""A claim's way: sent, taken back, approved into an event, refused with a reason."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest

from claims import booking, services
from claims.errors import ClaimDecided, ClaimedOften, ClaimsWaiting, ClaimTypeUnknown, ProofMissing
from claims.models import Claim, ClaimFile
from claims.services import Sent, claim_approve, claim_refuse, claim_submit, claim_withdraw
from core import clock
from core.errors import Busy, DomainError, IdempotencyKeyReused, InvalidInput
from core.outbox import outbox_drain
from core.tables import AuditEntry, OutboxMessage
from loyalty.errors import MemberSuspended
from loyalty.models import Event
from members.models import Member
from tenants.models import Brand
from tests.claims import cast
from tests.loyalty import cast as people
from tests.loyalty import shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(brand: Brand) -> people.Person:
    return people.person(cast.program())


def approve(claim: Claim, key: str = "k", **fields: object) -> Claim:
    return claim_approve(claim=claim, fields=fields, actor=shop.STAFF, key=key)


def event_of(claim: Claim) -> Event:
    assert claim.event is not None
    return Event.objects.get(pk=claim.event)


def test_an_approval_is_the_event_and_gives_its_points(anna: people.Person) -> None:
    claim = cast.hands_in(anna.enrollment, items=3)
    assert (claim.state, shop.balance(anna.enrollment)) == ("submitted", 0)
    done = approve(claim, state="good")
    event = event_of(done)
    assert (event.type, event.source, event.external_id) == ("gear.taken_back", "claims", str(claim.pk))
    assert event.payload["items"] == 3
    assert event.payload["state"] == "good"
    assert event.payload["claim"]["type"] == "gear"
    assert event.initiated_by == "staff"
    assert shop.balance(anna.enrollment) == 20
    assert AuditEntry.objects.get(action="claim.approve").changes == {"type": "gear", "fields": ["state"]}


def test_the_event_happened_when_it_was_sent_or_approved_as_the_program_says(anna: people.Person) -> None:
    follow, gear = cast.follows(anna.enrollment), cast.hands_in(anna.enrollment)
    Claim.objects.update(submitted_at=clock.now() - timedelta(days=3))
    sent_at = Claim.objects.get(pk=follow.pk).submitted_at
    assert event_of(approve(Claim.objects.get(pk=follow.pk))).occurred_at == sent_at
    assert event_of(approve(Claim.objects.get(pk=gear.pk), state="worn")).occurred_at > sent_at


def test_a_key_sends_once_and_stands_for_one_claim(anna: people.Person) -> None:
    first, again = cast.follows(anna.enrollment, key="same"), cast.follows(anna.enrollment, key="same")
    assert first.pk == again.pk
    with pytest.raises(IdempotencyKeyReused):
        cast.follows(anna.enrollment, link="https://instagram.com/other", key="same")
    assert Claim.objects.count() == 1


def test_no_more_wait_than_may_and_no_more_count_than_the_period_allows(anna: people.Person) -> None:
    for seed in range(1, 4):
        cast.hands_in(anna.enrollment, seed=seed)
    with pytest.raises(ClaimsWaiting):
        cast.hands_in(anna.enrollment, seed=4)
    for claim in Claim.objects.all()[:2]:
        approve(claim, state="good")
    cast.hands_in(anna.enrollment, seed=5)
    claim_refuse(claim=Claim.objects.filter(state="submitted")[0], reason="No", actor=shop.STAFF, key="r")
    cast.hands_in(anna.enrollment, seed=6)  # a refused one doesn't count
    with pytest.raises(ClaimedOften):
        cast.hands_in(anna.enrollment, seed=7)
    Claim.objects.update(submitted_at=clock.now() - timedelta(days=40))
    cast.hands_in(anna.enrollment, seed=7)


@pytest.mark.parametrize(
    ("sent", "error", "field"),
    [
        (Sent("nothing"), ClaimTypeUnknown, "type"),
        (Sent("instagram"), ProofMissing, "link"),
        (Sent("instagram", link="https://a.example", text="hello"), InvalidInput, "text"),
        (Sent("instagram", link="javascript:alert(1)"), InvalidInput, "link"),
        (Sent("instagram", link="ftp://a.example/x"), InvalidInput, "link"),
        (Sent("instagram", link="https://user@a.example"), InvalidInput, "link"),
        (Sent("instagram", link="https://a.example/\x00"), InvalidInput, "link"),
        (Sent("instagram", link="https://" + "a" * 500 + ".example"), InvalidInput, "link"),
        (Sent("instagram", link="https://[::1"), InvalidInput, "link"),
        (Sent("instagram", link="https://a.example", fields={"items": 1}), InvalidInput, "fields.items"),
        (Sent("gear", fields={"items": 2}), ProofMissing, "photo"),
        (Sent("gear"), InvalidInput, "fields.items"),
        (Sent("gear", fields={"items": 0}), InvalidInput, "fields.items"),
        (Sent("gear", fields={"items": "2"}), InvalidInput, "fields.items"),
        (Sent("gear", fields={"items": True}), InvalidInput, "fields.items"),
        (Sent("gear", fields={"items": 2, "state": "good"}), InvalidInput, "fields.state"),
        (
            Sent("receipt", fields={"number": "1", "store": "x", "amount_minor": 10**6}),
            InvalidInput,
            "fields.amount_minor",
        ),
        (Sent("receipt", fields={"number": "\x00", "store": "x", "amount_minor": 1}), InvalidInput, "fields.number"),
        (
            Sent("receipt", fields={"number": "1", "store": "x", "amount_minor": 1, "bought_on": "yesterday"}),
            InvalidInput,
            "fields.bought_on",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_its_field_and_keeps_nothing(
    anna: people.Person, sent: Sent, error: type[DomainError], field: str
) -> None:
    with pytest.raises(error) as refused:
        claim_submit(enrollment=anna.enrollment, sent=sent, actor=shop.PARTNER, key="k")
    assert refused.value.field == field
    assert Claim.objects.count() == 0


def test_a_claim_is_decided_once_and_the_other_is_told_by_whom(anna: people.Person) -> None:
    claim = cast.follows(anna.enrollment)
    assert approve(claim, key="mine").pk == approve(claim, key="mine").pk, "a double click is one decision"
    with pytest.raises(ClaimDecided) as refused:
        approve(claim, key="another's")
    assert refused.value.context == {"state": "approved", "decided_by": "user:1"}
    with pytest.raises(ClaimDecided):
        claim_refuse(claim=claim, reason="No", actor=shop.STAFF, key="k")
    with pytest.raises(ClaimDecided):
        claim_withdraw(claim=claim, actor=shop.PARTNER)
    assert shop.balance(anna.enrollment) == 50


def test_staff_fill_in_what_is_theirs_and_correct_what_is_not(anna: people.Person) -> None:
    claim = cast.hands_in(anna.enrollment, items=30)
    with pytest.raises(InvalidInput) as refused:
        approve(claim)
    assert refused.value.field == "fields.state"
    with pytest.raises(InvalidInput):
        approve(claim, state="lovely")
    assert approve(claim, state="worn", items=3).fields == {"items": 3, "state": "worn"}


def test_a_refusal_needs_a_reason_and_gives_nothing(anna: people.Person) -> None:
    claim = cast.follows(anna.enrollment)
    for reason in ("", "  ", {"en": " "}):
        with pytest.raises(InvalidInput):
            claim_refuse(claim=claim, reason=reason, actor=shop.STAFF, key="k")
    claim_refuse(claim=claim, reason={"en": "Not found", "nl": "Niet gevonden"}, actor=shop.STAFF, key="k")
    row = Claim.objects.get()
    assert (row.state, row.reason["nl"], row.event) == ("refused", "Niet gevonden", None)
    assert Event.objects.filter(source="claims").count() == 0
    cast.follows(anna.enrollment)  # and may be tried again


def test_a_suspended_member_sends_nothing_and_is_given_nothing(anna: people.Person) -> None:
    claim = cast.follows(anna.enrollment)
    Member.objects.filter(pk=anna.member.pk).update(status="suspended")
    anna.enrollment.member.refresh_from_db()
    with pytest.raises(MemberSuspended):
        approve(claim)
    with pytest.raises(MemberSuspended):
        cast.hands_in(anna.enrollment)
    assert Claim.objects.get().state == "submitted"


def test_a_process_that_dies_before_the_event_loses_nothing_and_doubles_nothing(anna: people.Person) -> None:
    claim = cast.follows(anna.enrollment)
    with patch.object(booking, "event_ingest", side_effect=Busy()):
        done = approve(claim)
    assert (done.state, done.event, shop.balance(anna.enrollment)) == ("approved", None, 0)
    for _time in range(2):
        outbox_drain()
        OutboxMessage.objects.filter(topic="claim.approved").update(delivered_at=None)
    assert shop.balance(anna.enrollment) == 50
    assert Event.objects.filter(source="claims").count() == 1
    assert Claim.objects.get().event is not None


def test_an_event_that_nobody_takes_now_is_tried_again_later(anna: people.Person) -> None:
    claim = cast.follows(anna.enrollment)
    with patch.object(booking, "event_ingest", side_effect=Busy()):
        approve(claim)
        outbox_drain()
    waiting = OutboxMessage.objects.get(topic="claim.approved")
    assert (waiting.delivered_at, waiting.attempts) == (None, 1)
    assert "busy" in waiting.last_error


def test_nobody_else_speaks_under_the_names_of_our_own_sources(anna: people.Person) -> None:
    claim = cast.follows(anna.enrollment)
    for source in ("claims", "check-ins", "stamgast"):
        told = {**shop.review(anna.member), "id": str(claim.pk), "source": source}
        [answer] = shop.send(told)
        assert (answer.status, answer.body["field"]) == (422, "source")


def test_a_claim_whose_type_is_gone_can_only_be_refused(anna: people.Person) -> None:

    claim = cast.follows(anna.enrollment)
    with patch.object(services, "claim_type_of", return_value=None), pytest.raises(ClaimTypeUnknown):
        approve(claim)
    claim_refuse(claim=claim, reason="It is over", actor=shop.STAFF, key="k")
    assert Claim.objects.get().state == "refused"


def test_files_are_kept_with_their_claim_or_not_at_all(anna: people.Person) -> None:
    cast.hands_in(anna.enrollment)
    assert ClaimFile.objects.get().media_type == "image/jpeg"
    with patch("claims.services.outbox_add", side_effect=RuntimeError), pytest.raises(RuntimeError):
        cast.hands_in(anna.enrollment, seed=2)
    assert (Claim.objects.count(), ClaimFile.objects.count()) == (1, 1)
