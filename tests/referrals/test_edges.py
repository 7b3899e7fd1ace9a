"""Returns and decisions that cross each other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from core import clock
from core.errors import Busy
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from loyalty.ingest import event_ingest
from members.acquisition import Acquisition
from referrals import joining
from referrals.binding import referral_bind
from referrals.codes import code_ensure
from referrals.deciding import referral_approve, referral_settle
from referrals.definition import MILESTONE_REACHED
from referrals.errors import ReferralDecided
from referrals.models import Referral, ReferralMilestone
from tenants.models import Brand
from tests.loyalty import shop
from tests.referrals import cast

pytestmark = pytest.mark.django_db


def test_who_joins_while_the_one_who_brought_them_is_busy_is_bound_later(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever brings many friends at once isn't there for each of them at once."""
    anna = shop.place(shop.member(), cast.program())
    code, bo = code_ensure(enrollment=anna), cast.newcomer("Bo")

    def busy(**_given: Any) -> Any:
        raise Busy()

    monkeypatch.setattr(joining, "referral_bind", busy)
    joining.friend_joined(bo, Acquisition(referral=code.code))
    assert not Referral.objects.exists()
    monkeypatch.setattr(joining, "referral_bind", referral_bind)
    outbox_drain()
    assert Referral.objects.get().friend.member == bo


def test_what_came_back_before_the_step_was_noted_counts_against_the_least(brand: Brand) -> None:
    """The order and its return are both there before anything follows of the order."""
    anna = shop.place(shop.member(), cast.program(hold_days=14))
    row = cast.comes(anna, "Bo")
    shop.send(shop.order(row.friend.member, 50, "W-1"), shop.returned(row.friend.member, "W-1", 40))
    outbox_drain()
    row = cast.again(row)
    assert (row.state, row.because) == ("void", "returned")


def test_a_return_that_is_told_of_before_the_step_itself_counts(brand: Brand) -> None:
    """Of the step it was tried in vain at first: the outbox came back to it later."""
    anna = shop.place(shop.member(), cast.program(hold_days=0))
    row = cast.comes(anna, "Bo")
    shop.send(shop.order(row.friend.member, 50, "W-1"), shop.returned(row.friend.member, "W-1", 40))
    step = OutboxMessage.objects.filter(topic="act.referral_convert")
    assert step.update(available_at=clock.now() + timedelta(hours=1)) == 1
    outbox_drain()
    step.update(available_at=clock.now())
    outbox_drain()
    row = cast.again(row)
    assert (row.state, row.because, shop.balance(anna)) == ("void", "returned", 0)


def test_a_blocked_referral_whose_goods_came_back_cant_be_approved(brand: Brand) -> None:
    anna = shop.place(shop.member(phone="+31612345678"), cast.program(hold_days=0))
    row = cast.buys(cast.comes(anna, "Bo", phone="+31612345678"), 50, "W-1")
    assert row.state == "blocked"
    cast.returns(row, "W-1", 50)
    with pytest.raises(ReferralDecided):
        referral_approve(referral_id=row.pk, reason="Two sisters.", actor=shop.STAFF)
    assert shop.balance(anna) == 0


def test_a_milestone_counts_when_the_section_was_switched_off_meanwhile(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = cast.program(hold_days=1)
    anna = shop.place(shop.member(), program)
    for name in ("Bo", "Cas"):
        cast.buys(cast.comes(anna, name))
    monkeypatch.setattr("referrals.selectors.section_now", lambda _program: None)
    monkeypatch.setattr("referrals.booking.section_now", lambda _program: None, raising=False)
    moment = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: moment)
    for row in Referral.objects.order_by("pk"):
        referral_settle(referral_id=row.pk, at=moment)
    assert shop.balance(anna) == 700


def test_a_milestone_that_was_refused_at_the_time_is_booked_later(brand: Brand, monkeypatch: Any) -> None:
    anna = shop.place(shop.member(), cast.program(hold_days=0))
    cast.buys(cast.comes(anna, "Bo"))
    real = event_ingest

    def refusing(events: Any, **more: Any) -> Any:
        [event] = events
        if event.type == MILESTONE_REACHED:
            event = msgspec.structs.replace(event, program="nowhere")
        return real([event], **more)

    monkeypatch.setattr("referrals.booking.event_ingest", refusing)
    second = cast.comes(anna, "Cas")
    shop.send(shop.order(second.friend.member, 50))
    outbox_drain()
    assert ReferralMilestone.objects.get().event is None
    monkeypatch.setattr("referrals.booking.event_ingest", real)
    OutboxMessage.objects.filter(delivered_at=None).update(available_at=clock.now())
    outbox_drain()
    assert ReferralMilestone.objects.get().event is not None
    assert shop.balance(anna) == 700
