"""A brand leaves an account that the platform opened: what renews there ends first, and it isn't asked afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from billing import disconnecting
from billing.connecting import account_follow, account_gone
from billing.connections import connection_add, connection_check, connection_now
from billing.disconnecting import account_disconnect, leaves_work, leaving_now
from billing.errors import NotPossibleNow, StripeKeyRefused, StripeNotConnected
from billing.gateway import ask
from billing.leaving import money_back, subscription_cancel, subscription_keep
from billing.models import BillingOperation, StripeConnection, StripeEvent, Subscription
from billing.portal.words import refusal_words
from billing.reconciling import reconciling_due
from billing.working import events_work
from core import clock
from core.errors import InvalidInput
from core.tables import AuditEntry
from sandbox.stripe.controls import CONTROLS
from sandbox.stripe.events import emit
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import told
from tests.billing.desk import Entered, entered, page
from tests.billing.test_connect import ConnectedClub, Platform, opened, platform, ready
from tests.conftest import ClientFor
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

__all__ = ["entered", "platform"]


def joined(platform: Platform, brand: Brand, *names: str) -> tuple[StripeConnection, ConnectedClub, list[Any]]:
    row = ready(platform)
    club = ConnectedClub(platform, row, brand)
    members = [club.somebody(name) for name in names]
    for each in members:
        club.press(club.join(each).url)
    platform.deliver(platform.of(row))
    club.work()
    return row, club, members


def test_an_owner_disconnects_and_members_keep_what_they_paid_for_and_pay_no_more(
    platform: Platform, brand: Brand, entered: Entered
) -> None:
    row, club, [ann, ben] = joined(platform, brand, "Ann", "Ben")
    owner = entered("owner")
    where = page("stripeconnection_disconnect", row.pk)
    asked = text_of(owner.get(where))
    assert "2 memberships renew there: each ends with the period that is paid for" in asked
    assert "This field is required." in text_of(owner.post(where, {"reason": "", "sure": "on"}))
    assert "This field is required." in text_of(owner.post(where, {"reason": "Another bank"}))
    assert not BillingOperation.objects.filter(kind="account_leave").exists()
    for _click in range(2):
        shown = text_of(owner.post(where, {"reason": "Another bank", "sure": "on"}, follow=True))
    assert "It is being disconnected: 2 memberships have still to be told" in shown
    with pytest.raises(StripeNotConnected):
        connection_now()
    assert leaves_work() == 1
    row.refresh_from_db()
    assert (row.health, row.current, leaving_now(row)) == ("disconnected", False, None)
    for member in (ann, ben):
        there = platform.of(row).objects["subscription"][str(club.subscription(member).stripe_id)]
        assert there["cancel_at_period_end"] is True
        assert club.plan(member) == "plus"
    [entry] = AuditEntry.objects.filter(action="stripe.disconnect")
    assert (entry.changes["reason"], AuditEntry.objects.filter(action="stripe.disconnected").count()) == (
        "Another bank", 1,
    )  # fmt: skip
    assert "Your team disconnected it" in text_of(owner.get(page("stripeconnection_change", row.pk)))
    assert leaves_work() == 0
    assert opened(platform).account_id != row.account_id


def test_only_who_may_connect_disconnects_and_only_what_the_platform_opened(
    platform: Platform, entered: Entered, stand_in: LocalStripe, key: str
) -> None:
    row = ready(platform)
    where = page("stripeconnection_disconnect", row.pk)
    for role in ("support", "marketer", "analyst"):
        assert entered(role).post(where, {"reason": "x", "sure": "on"}).status_code == 403
    with pytest.raises(InvalidInput):
        account_disconnect(connection=row, reason=" ", actor=shop.STAFF)
    own = connection_add(key=f"{key}own", actor=shop.STAFF)
    with pytest.raises(NotPossibleNow):
        account_disconnect(connection=own, reason="x", actor=shop.STAFF)
    assert not BillingOperation.objects.filter(kind="account_leave").exists()


def test_one_that_could_not_be_told_is_told_in_the_next_round_and_nothing_is_left_before(
    platform: Platform, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disconnecting, "AT_ONCE", 1)
    row, club, [ann, ben] = joined(platform, brand, "Ann", "Ben")
    account_disconnect(connection=row, reason="Another bank", actor=shop.STAFF)
    with platform.server.state.lock:
        platform.of(row).faults = [
            {"method": "POST", "path": "/v1/subscriptions/", "kind": "status", "status": 400, "times": 9}
        ]
    assert leaves_work() == 0
    assert (club.subscription(ann).cancel_scheduled, club.subscription(ben).cancel_scheduled) == (False, False)
    with platform.server.state.lock:
        platform.of(row).faults = []
    assert leaves_work() == 0, "one at a time here"
    assert leaves_work() == 1
    assert club.subscription(ann).cancel_scheduled
    assert club.subscription(ben).cancel_scheduled


def test_a_page_that_may_still_be_paid_is_waited_for(platform: Platform, brand: Brand) -> None:
    row, club, [_ann] = joined(platform, brand, "Ann")
    ben = club.somebody("Ben")
    url = club.join(ben).url
    account_disconnect(connection=row, reason="Another bank", actor=shop.STAFF)
    assert leaves_work() == 0
    club.press(url)
    platform.deliver(platform.of(row))
    club.work()
    assert leaves_work() == 1
    assert (club.plan(ben), club.subscription(ben).cancel_scheduled) == ("plus", True)


def test_a_page_that_nobody_pays_is_waited_for_a_day(platform: Platform, brand: Brand) -> None:
    row, club, [_ann] = joined(platform, brand, "Ann")
    club.join(club.somebody("Ben"))
    account_disconnect(connection=row, reason="Another bank", actor=shop.STAFF)
    assert leaves_work() == 0
    brand.clock_shift += timedelta(days=2)
    assert leaves_work() == 1


def test_what_stripe_still_tells_of_it_is_kept_and_brings_nothing_back(platform: Platform, brand: Brand) -> None:
    row, _club, [_ann] = joined(platform, brand, "Ann")
    account_disconnect(connection=row, reason="Another bank", actor=shop.STAFF)
    leaves_work()
    row.refresh_from_db()
    account, before = platform.of(row), StripeEvent.objects.count()
    platform.deliver(account)
    with platform.server.state.lock:
        CONTROLS["requirements"](account, {"due": [], "charges_enabled": True})
        emit(account, "account.updated", {"id": row.account_id, "object": "account"})
    assert {each.status_code for each in platform.deliver(account)} == {200}
    events_work()
    reconciling_due()
    assert StripeEvent.objects.count() > before
    assert connection_check(connection=row) is False
    assert account_follow(connection=row).health == "disconnected"
    row.refresh_from_db()
    assert (row.health, row.current) == ("disconnected", False)
    with pytest.raises(StripeKeyRefused):
        ask(row, lambda v1: v1.accounts.retrieve_current())
    assert set(StripeEvent.objects.filter(pk__gt=before).values_list("state", flat=True)) <= {"waiting", "done"}


def test_an_answer_that_was_asked_for_before_it_was_left_brings_nothing_back(platform: Platform) -> None:
    row = ready(platform)
    stale = StripeConnection.objects.get(pk=row.pk)
    account_gone(connection=row, actor=shop.STAFF)
    assert account_follow(connection=stale).health == "disconnected"
    assert connection_check(connection=stale) is True, "Stripe still takes the platform's key"
    row.refresh_from_db()
    assert row.health == "disconnected"


def test_the_same_account_connected_with_a_key_of_its_own_goes_by_that_key(
    platform: Platform, stand_in: LocalStripe, key: str
) -> None:
    made = connection_add(key=f"{key}own", actor=shop.STAFF)
    StripeConnection.objects.filter(pk=made.pk).update(
        mode="connect", health="disconnected", current=False, charges_enabled=False, sealed_key=""
    )
    again = connection_add(key=f"{key}own", actor=shop.STAFF)
    assert again.pk == made.pk
    assert (again.mode, again.health, again.charges_enabled, again.current) == ("api_key", "good", True, True)
    assert ask(again, lambda v1: v1.accounts.retrieve_current())["id"] == again.account_id


def test_what_the_brand_ends_is_not_taken_back_and_members_are_offered_nothing_that_cannot_be_done(
    platform: Platform, brand: Brand, client_for: ClientFor
) -> None:
    row = ready(platform)
    club = ConnectedClub(platform, row, brand)
    anna = Visitor(club, client_for)
    for plan, price in (("season", "once-EUR"), ("plus", "month-EUR")):
        club.press(club.join(anna.member, plan, price).url)
        platform.deliver(platform.of(row))
        club.work()
    ben = club.somebody("Ben")
    club.join(ben)
    account_disconnect(connection=row, reason="Another bank", actor=shop.STAFF)
    assert leaves_work() == 0, "Ben's page is open"
    plus = club.subscription(anna.member)
    assert plus.cancel_scheduled
    club.work()
    [letter] = [each for each in mail.outbox if "Plus ends on" in each.subject]
    assert "Until then all of it is yours." in letter.body
    assert "take that back" not in letter.body
    shown = anna.open("/membership/")
    assert "Stay after all" not in shown
    with pytest.raises(NotPossibleNow, match="is being closed"):
        subscription_keep(subscription=plus, actor=shop.STAFF)
    assert "Leave now and get €30 back" in anna.open(f"{season_of(anna)}/leave/")
    brand.clock_shift += timedelta(days=2)
    assert leaves_work() == 1
    shown = anna.open("/membership/")
    assert "Until then all of it is yours." in shown
    for offered in ("Stay after all", "Change the card", "Change the plan", "Leave"):
        assert offered not in shown
    assert money_back(Subscription.objects.get(member=anna.member, plan__code="season")) is None


def test_what_ended_with_the_account_is_over_by_our_own_clock_and_its_member_joins_anew_at_another(
    platform: Platform, brand: Brand, entered: Entered, key: str
) -> None:
    row, club, [ann] = joined(platform, brand, "Ann")
    account_disconnect(connection=row, reason="Another bank", actor=shop.STAFF)
    assert leaves_work() == 1
    ends = club.subscription(ann).cancel_at
    assert ends is not None
    brand.clock_shift += ends - clock.now() + timedelta(minutes=1)
    club.work()
    over = club.subscription(ann)
    assert (over.billing, over.ended_at, club.plan(ann)) == ("canceled", ends, None)
    assert [each["plan"] for each in told("subscription.ended")] == ["plus"]
    connection_add(key=f"{key}own", actor=shop.STAFF)
    assert club.join(ann).url
    assert "Those that began here go on here." not in text_of(
        entered("owner").get(page("stripeconnection_change", row.pk))
    )


def season_of(anna: Visitor) -> str:
    return f"/membership/{Subscription.objects.get(member=anna.member, plan__code='season').public_id}"


def test_who_renews_at_an_account_that_was_taken_away_is_told_whom_to_ask(
    platform: Platform, brand: Brand, client_for: ClientFor
) -> None:
    row = ready(platform)
    club = ConnectedClub(platform, row, brand)
    anna = Visitor(club, client_for)
    club.press(club.join(anna.member).url)
    platform.deliver(platform.of(row))
    club.work()
    account_gone(connection=row)
    shown = anna.open("/membership/")
    assert "It isn’t paid through us any more. What you paid for stays yours" in shown
    assert "Change the card" not in shown
    with pytest.raises(StripeKeyRefused) as refused:
        subscription_cancel(subscription=club.subscription(anna.member), actor=shop.STAFF)
    assert "Contact us about it." in refusal_words(refused.value)
