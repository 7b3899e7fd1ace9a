"""A referral's life: bound, a first order, held, both sides given, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import transaction

from core import clock
from core.outbox import outbox_drain
from core.tables import AuditEntry, OutboxMessage
from loyalty.models import Enrollment, Event, Program
from loyalty.nightly import nightly_run
from members.models import Member, MemberFact
from referrals.binding import referral_bind
from referrals.booking import sides_book
from referrals.codes import code_choose, code_ensure
from referrals.deciding import locked, referral_approve, referral_block
from referrals.errors import AlreadyBrought, CodeOfAnother, NoNewFriend, NotConvertedYet, OwnCode, ReferralDecided
from referrals.models import Referral, ReferralMilestone
from tenants.models import Brand
from tests.loyalty import cast as people
from tests.loyalty import shop
from tests.referrals import cast

pytestmark = pytest.mark.django_db
Ahead = Callable[[float], None]


@pytest.fixture
def anna(brand: Brand) -> people.Person:
    return people.person(cast.program())


@pytest.fixture
def ahead(brand: Brand) -> Callable[[float], None]:
    """Move on so many days, with the nights between."""

    def move(days: float) -> None:
        brand.clock_shift += timedelta(days=days)
        for program in Program.objects.all():
            nightly_run(program=program)
        outbox_drain()

    return move


def balances(*places: Enrollment) -> list[int]:
    return [shop.balance(each) for each in places]


def told(topic: str) -> int:
    return OutboxMessage.objects.filter(topic=topic).count()


def test_both_sides_get_theirs_when_the_hold_is_over(anna: people.Person, ahead: Ahead) -> None:
    ahead(0)
    row = cast.buys(cast.comes(anna.enrollment, "Bo"), 50, "B-1")
    assert (row.state, row.kept_minor) == ("pending", 5000)
    assert balances(anna.enrollment, row.friend) == [0, 50]
    ahead(13)
    assert cast.again(row).state == "pending"
    ahead(2)
    row = cast.again(row)
    assert (row.state, row.number) == ("approved", 1)
    assert balances(anna.enrollment, row.friend) == [100, 100]
    assert row.referrer_event is not None
    event = Event.objects.get(pk=row.referrer_event)
    assert (event.type, event.source, event.external_id) == ("referral.converted", "referrals", f"{row.pk}:referrer")
    assert str(row.friend.member.public_id) not in str(event.payload), "one side learns nothing of the other"
    ahead(1)
    assert balances(anna.enrollment, row.friend) == [100, 100]
    assert not MemberFact.objects.exists()


def test_a_return_within_the_hold_leaves_nothing_to_give(anna: people.Person, ahead: Ahead) -> None:
    row = cast.buys(cast.comes(anna.enrollment, "Bo"), 50, "B-1")
    row = cast.returns(row, "B-1", 50)
    assert (row.state, row.because, row.kept_minor) == ("void", "returned", 0)
    ahead(20)
    assert (cast.again(row).state, *balances(anna.enrollment, row.friend)) == ("void", 0, 0)


def test_a_return_after_the_hold_takes_both_sides_back(anna: people.Person, ahead: Ahead) -> None:
    row = cast.buys(cast.comes(anna.enrollment, "Bo"), 50, "B-1")
    ahead(15)
    row = cast.returns(row, "B-1", 50)
    assert (row.state, row.taken_back) == ("void", True)
    assert balances(anna.enrollment, row.friend) == [0, 0]
    reversals = Event.objects.filter(type="event.reversed").order_by("external_id")
    assert [each.external_id for each in reversals] == [
        f"reverse:referrals:{row.pk}:friend",
        f"reverse:referrals:{row.pk}:referrer",
    ]


def test_a_part_returned_counts_by_what_is_left(anna: people.Person, ahead: Ahead) -> None:
    row = cast.buys(cast.comes(anna.enrollment, "Bo"), 50, "B-1")
    ahead(15)
    row = cast.returns(row, "B-1", 25)
    assert (row.state, row.kept_minor) == ("approved", 2500)
    row = cast.returns(row, "B-1", 10)
    assert (row.state, row.kept_minor) == ("void", 1500)
    assert balances(anna.enrollment, row.friend) == [0, 15]


def test_an_order_below_the_least_is_no_first_step(anna: people.Person) -> None:
    row = cast.buys(cast.comes(anna.enrollment, "Bo"), 19)
    assert row.event is None
    assert row.state == "pending"


def test_a_milestone_comes_with_its_friend_goes_without_and_can_come_again(anna: people.Person, ahead: Ahead) -> None:
    rows = [cast.buys(cast.comes(anna.enrollment, name), 50, f"{name}-1") for name in ("Bo", "Cas")]
    ahead(15)
    assert shop.balance(anna.enrollment) == 2 * 100 + 500
    cast.returns(rows[0], "Bo-1", 50)
    assert shop.balance(anna.enrollment) == 100
    cast.buys(cast.comes(anna.enrollment, "Dee"), 50, "Dee-1")
    ahead(15)
    assert shop.balance(anna.enrollment) == 2 * 100 + 500
    assert ReferralMilestone.objects.filter(taken_back_at__isnull=True).count() == 1
    assert ReferralMilestone.objects.count() == 2


def test_a_friend_is_brought_once_by_one_member(anna: people.Person) -> None:
    row = cast.comes(anna.enrollment, "Bo")
    assert referral_bind(code=code_ensure(enrollment=anna.enrollment), friend=row.friend, actor=shop.PARTNER) == row
    other = shop.place(shop.member("Cas"), anna.enrollment.program)
    with pytest.raises(AlreadyBrought):
        referral_bind(code=code_ensure(enrollment=other), friend=row.friend, actor=shop.PARTNER)
    assert Referral.objects.count() == 1


def test_nobody_brings_themselves_a_member_of_old_or_whom_they_were_brought_by(anna: people.Person) -> None:
    code = code_ensure(enrollment=anna.enrollment)
    with pytest.raises(OwnCode):
        referral_bind(code=code, friend=anna.enrollment, actor=shop.PARTNER)
    old = shop.place(shop.member("Old", joined_at=clock.now() - timedelta(days=40)), anna.enrollment.program)
    with pytest.raises(NoNewFriend):
        referral_bind(code=code, friend=old, actor=shop.PARTNER)
    row = cast.comes(anna.enrollment, "Bo")
    with pytest.raises(NoNewFriend):
        referral_bind(code=code_ensure(enrollment=row.friend), friend=anna.enrollment, actor=shop.PARTNER)
    elsewhere = shop.place(shop.member("Cas"), cast.program("other"))
    with pytest.raises(CodeOfAnother):
        referral_bind(code=code, friend=elsewhere, actor=shop.PARTNER)
    assert Referral.objects.count() == 1


def test_without_a_hold_both_get_theirs_with_the_first_step(brand: Brand) -> None:
    anna = people.person(cast.program(hold_days=0, conversion={"trigger": "review.posted"}))
    row = cast.comes(anna.enrollment, "Bo")
    shop.send(shop.review(row.friend.member))
    outbox_drain()
    assert cast.again(row).state == "approved"
    assert balances(anna.enrollment, row.friend) == [100, 75]


def test_a_friend_who_takes_too_long_counts_no_more(brand: Brand, ahead: Ahead) -> None:
    anna = people.person(cast.program(conversion={"within_days": 10}))
    ahead(0)
    first, second = cast.comes(anna.enrollment, "Bo"), cast.comes(anna.enrollment, "Cas")
    ahead(11)
    assert (cast.again(first).state, cast.again(first).because) == ("void", "too_late")
    second = cast.buys(second, 50)
    assert second.state == "void"
    assert not MemberFact.objects.exists()


def test_a_flagged_one_waits_for_staff_and_for_its_hold(anna: people.Person, ahead: Ahead) -> None:
    row = cast.comes(anna.enrollment, "Bo", email="anna+2@example.com")
    with pytest.raises(NotConvertedYet):
        referral_approve(referral_id=row.pk, reason="Fine", actor=shop.STAFF)
    row = cast.buys(row, 50, "B-1")
    assert (row.state, row.signals) == ("flagged", [{"kind": "similar_email", "does": "flag", "weight": 100}])
    ahead(20)
    assert balances(anna.enrollment, row.friend) == [0, 50]
    referral_approve(referral_id=row.pk, reason="Sisters, I know them", actor=shop.STAFF)
    assert balances(anna.enrollment, row.friend) == [100, 100]
    entry = AuditEntry.objects.get(action="referral.approve")
    assert entry.changes == {"state": ["flagged", "approved"], "signals": ["similar_email"]}
    assert cast.again(row).reason == "Sisters, I know them"


def test_cleared_before_the_hold_is_over_it_still_waits(anna: people.Person, ahead: Ahead) -> None:
    row = cast.buys(cast.comes(anna.enrollment, "Bo", email="anna+2@example.com"), 50, "B-1")
    assert referral_approve(referral_id=row.pk, reason="Sisters", actor=shop.STAFF).state == "pending"
    assert shop.balance(anna.enrollment) == 0
    ahead(15)
    assert (cast.again(row).state, shop.balance(anna.enrollment)) == ("approved", 100)


def test_blocking_takes_back_what_was_given_for_good(anna: people.Person, ahead: Ahead) -> None:
    row = cast.buys(cast.comes(anna.enrollment, "Bo"), 50, "B-1")
    ahead(15)
    referral_block(referral_id=row.pk, reason="Two phones, one person", actor=shop.STAFF)
    assert balances(anna.enrollment, row.friend) == [0, 50]
    with pytest.raises(ReferralDecided):
        referral_approve(referral_id=row.pk, reason="After all", actor=shop.STAFF)
    cast.returns(row, "B-1", 50)
    assert cast.again(row).state == "blocked"


def test_who_is_suspended_meanwhile_is_looked_at_and_can_lose_what_was_given(anna: people.Person, ahead: Ahead) -> None:
    _first, other = (cast.buys(cast.comes(anna.enrollment, name), 50, f"{name}-1") for name in ("Bo", "Cas"))
    ahead(15)
    third = cast.buys(cast.comes(anna.enrollment, "Dee"), 50, "Dee-1")
    Member.objects.filter(pk=anna.member.pk).update(status="suspended")
    ahead(15)
    assert [each["kind"] for each in cast.again(third).signals] == ["suspended"]
    assert cast.again(third).state == "flagged"
    cast.returns(other, "Cas-1", 50)
    assert (cast.again(other).state, shop.balance(anna.enrollment)) == ("void", 100)


def test_a_code_that_was_replaced_still_leads_to_its_member(anna: people.Person) -> None:
    first = code_ensure(enrollment=anna.enrollment)
    second = code_choose(enrollment=anna.enrollment, code="anna-2030", actor=shop.STAFF)
    assert (second.code, second.chosen) == ("ANNA2030", True)
    friend = shop.place(cast.newcomer("Bo"), anna.enrollment.program)
    first.refresh_from_db()
    assert referral_bind(code=first, friend=friend, actor=shop.PARTNER).referrer == anna.enrollment
    assert told("referral.bound") == 1


def test_an_approval_that_could_not_be_booked_is_booked_later(anna: people.Person, ahead: Ahead) -> None:
    row = cast.buys(cast.comes(anna.enrollment, "Bo"), 50, "B-1")
    with patch("referrals.deciding.sides_book"):
        ahead(15)
        assert balances(anna.enrollment, row.friend) == [100, 100], "the outbox came by"
    with transaction.atomic():
        sides_book(locked(row.pk))
    assert balances(anna.enrollment, row.friend) == [100, 100]


def test_two_friends_that_count_never_share_a_number(anna: people.Person, ahead: Ahead) -> None:
    """What a rule gives for the first friend is given once, also when one that was first is blocked in between."""
    first = cast.buys(cast.comes(anna.enrollment, "Bo"), 50)
    ahead(15)
    second = cast.buys(cast.comes(anna.enrollment, "Cas"), 50)
    ahead(15)
    assert [cast.again(first).number, cast.again(second).number] == [1, 2]
    referral_block(referral_id=first.pk, reason="Not a friend", actor=shop.STAFF)
    third = cast.buys(cast.comes(anna.enrollment, "Dee"), 50)
    ahead(15)
    assert [(row.state, row.number) for row in map(cast.again, (second, third))] == [("approved", 2), ("approved", 1)]
