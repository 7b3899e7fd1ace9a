"""What can fall between two steps: a refund whose process died, money off that a change forgets, a fee paid twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from billing import access, freezing, gateway, tasks, working
from billing.access import access_sweep, floors_follow
from billing.boxes.leftovers import extras_drop
from billing.boxes.paying import box_add, box_extra_remove
from billing.changing import subscription_change, subscription_preview
from billing.connections import connection_add
from billing.customers import profile_save
from billing.errors import PriceNotOffered, StripeRefused, StripeUnavailable
from billing.gateway import ask, ask_all
from billing.leaving import subscription_cancel, subscription_keep, subscription_leave_refunded
from billing.metering import uses_send
from billing.models import BillingReport, Checkout, ClockFreeze, MeteredUse, Shipment, StripeEvent, Subscription
from billing.pausing import subscription_pause
from billing.plans import plan_named
from billing.promising import promises_keep
from billing.reconciling import reconciling_due
from billing.staying import ladder_of, offer_take
from billing.syncing import customer_sync
from core import clock
from loyalty.floors import floors_of
from loyalty.models import Enrollment, PointsLot
from members.models import Member
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing import boxcast
from tests.billing.cast import MONTHLY, SECTION, Club, told
from tests.billing.test_metering import METER, PLUS, uses
from tests.loyalty import cast as people
from tests.loyalty import shop

Json = dict[str, Any]
MakeClub = Callable[..., Club]
MEMBER = shop.STAFF
DOLLARS: Json = {"amount_minor": 1200, "money_currency": "USD", "every": "month"}


@pytest.fixture
def make(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[MakeClub]:
    shift = brand.clock_shift
    yield lambda **section: Club(stand_in, key, brand, client_for(brand), **section)
    brand.clock_shift = shift


def plans(code: str, **more: Any) -> list[Json]:
    """The club's plans, one of them with more to its charge."""
    found = deepcopy(SECTION["plans"])
    next(each for each in found if each["code"] == code)["charge"].update(more)
    return list(found)


def down(club: Club, who: Member, plan: str) -> Subscription:
    row, wanted = club.subscription(who), plan_named(plan)
    shown = subscription_preview(subscription=row, plan=wanted, price="month-EUR")
    return subscription_change(
        subscription=row, plan=wanted, price="month-EUR", shown_at=shown.shown_at, due_minor=shown.due_minor,
        actor=MEMBER,
    )  # fmt: skip


def month_later(club: Club, who: Member) -> None:
    end = club.subscription(who).period_end
    assert end is not None
    club.advance(to=end + timedelta(hours=2))
    club.settle()


# --- a fee -----------------------------------------------------------------------------------------------------------
def test_a_fee_that_is_paid_on_two_pages_is_one_charge(club: Club) -> None:
    ann = club.somebody()
    first = club.join(ann, "season", "once-EUR")
    # The second click, before the first page could be closed.
    expire = {"method": "POST", "path": "/v1/checkout/sessions/", "kind": "status", "status": 400}
    club.control("faults", faults=[expire])
    second = club.join(ann, "season", "once-EUR")
    club.control("faults", faults=[])
    assert (club.press(first.url).status, club.press(second.url).status, club.charged()) == (303, 303, 6000)
    club.settle()
    assert (club.charged(), club.state(ann), club.points(ann)) == (3000, "one_time", 80)
    twin = Subscription.objects.get(member=ann, duplicate=True)
    assert (twin.billing, twin.access, twin.ended_at is not None) == ("canceled", "none", True)


def test_a_pass_that_is_over_can_be_bought_again_also_when_stripe_was_read_before_the_sweep_came(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann, "season", "once-EUR")
    assert row.period_end is not None
    club.advance(to=row.period_end + timedelta(seconds=1))
    customer_sync(club.connection, club.customer(ann))
    access_sweep()
    assert (club.state(ann), club.plan(ann), len(told("subscription.ended"))) == ("ended", None, 1)
    club.joined(ann, "season", "once-EUR")
    assert (club.state(ann), club.charged()) == ("one_time", 6000)


def test_a_free_plan_that_gives_way_to_a_fee_is_told_to_have_ended(make: MakeClub) -> None:
    free = {"code": "guest", "name": "Guest", "level": 0, "group": "season", "charge": {"kind": "free"}}
    club = make(plans=[free, *SECTION["plans"]])
    ann = club.somebody()
    club.join(ann, "guest", "")
    club.joined(ann, "season", "once-EUR")
    assert [(each["plan"], each["by"]) for each in told("subscription.ended")] == [("guest", "season")]
    assert club.state(ann) == "one_time"


def test_what_was_paid_once_outlives_a_customer_that_was_deleted_at_stripe(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann, "season", "once-EUR")
    customer = club.customer(ann)
    ask(club.connection, lambda v1: v1.customers.delete(customer))
    club.settle()
    assert (club.state(ann), club.plan(ann)) == ("one_time", "season")


def test_a_page_that_is_open_at_an_account_of_before_keeps_nobody_from_joining(club: Club) -> None:
    ann = club.somebody()
    club.join(ann)
    club.control("keys", revoke=club.key)
    fresh = f"{club.key}new"
    connection_add(key=fresh, actor=MEMBER)
    assert club.join(ann).url.startswith("http")
    assert Checkout.objects.filter(member=ann).values("connection").distinct().count() == 2


# --- leaving with the money back -------------------------------------------------------------------------------------
def _broken_off(club: Club, row: Subscription) -> None:
    """Left, and Stripe is away as the refund is asked for."""
    away = {"method": "POST", "path": "/v1/refunds", "kind": "status", "status": 503}
    club.control("faults", faults=[{**away, "times": 10}])
    with pytest.raises(StripeUnavailable):
        subscription_leave_refunded(subscription=row, actor=MEMBER)
    club.control("faults", faults=[])
    club.settle()
    row.refresh_from_db()
    assert (row.billing, club.charged()) == ("canceled", 1000)


def test_a_refund_that_was_promised_is_paid_by_the_sweep_when_it_failed_on_the_way(club: Club) -> None:
    row = club.joined(club.somebody())
    _broken_off(club, row)
    assert (promises_keep(), club.charged()) == (1, 0)
    assert (promises_keep(), club.charged()) == (0, 0)


def test_who_asks_again_for_a_refund_that_failed_on_the_way_gets_it(club: Club) -> None:
    row = club.joined(club.somebody())
    _broken_off(club, row)
    subscription_leave_refunded(subscription=row, actor=MEMBER)
    assert (club.charged(), promises_keep()) == (0, 0)


def test_a_promise_is_void_where_the_subscription_went_on_and_ended_otherwise(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    away = {"method": "DELETE", "path": "/v1/subscriptions/", "kind": "status", "status": 400}
    club.control("faults", faults=[away])
    with pytest.raises(StripeRefused):
        subscription_leave_refunded(subscription=row, actor=MEMBER)
    club.control("faults", faults=[])
    subscription_cancel(subscription=row, actor=MEMBER)
    month_later(club, ann)
    assert (club.state(ann), promises_keep(), club.charged()) == ("ended", 0, 1000)


# --- money off -------------------------------------------------------------------------------------------------------
HALF: Json = {"percent": "50", "duration": "repeating", "months": 6}


def test_a_change_to_less_keeps_the_money_off(make: MakeClub) -> None:
    club = make(plans=plans("max", intro=HALF))
    ann = club.somebody()
    club.joined(ann, "max")
    assert club.charged() == 1250
    down(club, ann, "plus")
    month_later(club, ann)
    assert (club.plan(ann), club.charged()) == ("plus", 1250 + 500)


def test_a_change_to_less_within_a_trial_leaves_the_trial_its_days(make: MakeClub) -> None:
    club = make(plans=plans("max", trial={"days": 30}))
    ann = club.somebody()
    row = club.joined(ann, "max")
    down(club, ann, "plus")
    [schedule] = club.things("subscription_schedule")
    assert row.trial_end is not None
    assert schedule["phases"][0]["trial_end"] == int(row.trial_end.timestamp())
    month_later(club, ann)
    assert (club.plan(ann), club.charged()) == ("plus", 1000)


def test_a_change_to_less_asks_for_no_quantity_of_a_meter(make: MakeClub) -> None:
    big = {**PLUS, "code": "big", "name": "Big", "level": 2, "charge": {"kind": "recurring", "prices": [
        {**MONTHLY, "amount_minor": 2500}]}}  # fmt: skip
    meter = deepcopy(METER)
    meter["charge"]["to"] = ["plus", "big"]
    club = make(plans=[PLUS, big, meter])
    ann = club.somebody()
    club.joined(ann, "big")
    down(club, ann, "plus")
    month_later(club, ann)
    assert (club.plan(ann), club.charged()) == ("plus", 2500 + 1000)


def test_the_offer_to_stay_comes_on_top_of_what_is_taken_off_already(make: MakeClub) -> None:
    club = make(plans=plans("plus", intro=HALF), stay_offer={"percent": "10", "duration": "once"})
    ann = club.somebody()
    row = club.joined(ann)
    offer_take(subscription=row, actor=MEMBER)
    month_later(club, ann)
    month_later(club, ann)
    # Half of ten, then half less a tenth, then half.
    assert club.charged() == 500 + 450 + 500


def test_an_amount_off_in_another_currency_keeps_nobody_from_joining_and_is_offered_to_nobody(make: MakeClub) -> None:
    euros = {"amount_minor": 300, "money_currency": "EUR", "duration": "once"}
    club = make(plans=plans("max", prices=[MONTHLY, DOLLARS], intro=euros), stay_offer=euros)
    ann, bob = club.somebody("Ann"), club.somebody("Bob")
    here, there = club.joined(ann, "max", "month-EUR"), club.joined(bob, "max", "month-USD")
    assert [club.invoices(who)[0].paid_minor for who in (ann, bob)] == [700, 1200]
    assert [len(club.thing("subscription", str(row.stripe_id))["discounts"]) for row in (here, there)] == [1, 0]
    assert (ladder_of(here).offer is not None, ladder_of(there).offer) == (True, None)


# --- boxes, details --------------------------------------------------------------------------------------------------
def following(who: Member) -> Shipment:
    return boxcast.boxes(who)[1]


def test_an_extra_that_was_taken_out_isnt_had_for_nothing_by_sending_the_form_again(make: MakeClub) -> None:
    club = make(plans=boxcast.PLANS)
    ann = boxcast.member(club)
    box_add(shipment=following(ann), extra="mug", count=1, key="wish", actor=MEMBER)
    box_extra_remove(shipment=following(ann), item_id=following(ann).extras[0]["item_id"], actor=MEMBER)
    box_add(shipment=following(ann), extra="mug", count=1, key="wish", actor=MEMBER)
    assert (following(ann).extras, club.things("invoiceitem")) == ([], [])
    box_add(shipment=following(ann), extra="mug", count=1, key="another wish", actor=MEMBER)
    assert (len(following(ann).extras), len(club.things("invoiceitem"))) == (1, 1)


def test_an_extra_of_a_box_that_isnt_sent_since_its_member_leaves_isnt_charged(make: MakeClub) -> None:
    club = make(plans=boxcast.PLANS)
    ann = boxcast.member(club)
    box_add(shipment=following(ann), extra="mug", count=1, key="wish", actor=MEMBER)
    row = subscription_cancel(subscription=club.subscription(ann), actor=MEMBER)
    assert (following(ann).state, len(club.things("invoiceitem"))) == ("canceled", 1)
    assert (extras_drop(), following(ann).extras, club.things("invoiceitem")) == (1, [], [])
    assert extras_drop() == 0
    # Who stays after all has the box again, and may add to it again.
    subscription_keep(subscription=row, actor=MEMBER)
    assert following(ann).state == "planned"
    box_add(shipment=following(ann), extra="mug", count=1, key="again", actor=MEMBER)
    assert (len(following(ann).extras), len(club.things("invoiceitem"))) == (1, 1)


def test_an_extra_whose_removal_lost_its_answer_can_be_taken_out_again(make: MakeClub) -> None:
    club = make(plans=boxcast.PLANS)
    ann = boxcast.member(club)
    box_add(shipment=following(ann), extra="mug", count=1, key="wish", actor=MEMBER)
    item = following(ann).extras[0]["item_id"]
    ask(club.connection, lambda v1: v1.invoice_items.delete(item))
    box_extra_remove(shipment=following(ann), item_id=item, actor=MEMBER)
    assert following(ann).extras == []


def test_an_address_that_is_taken_out_stands_on_no_invoice_any_more(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    home = {"line1": "Kade 1", "line2": "II", "city": "Amsterdam", "country": "NL"}
    profile_save(member=ann, name="Ann BV", address=home, vat_id="", actor=MEMBER)
    profile_save(member=ann, name="Ann BV", address={**home, "line2": ""}, vat_id="", actor=MEMBER)
    [customer] = club.things("customer")
    assert {name for name, value in customer["address"].items() if value} == {"line1", "city", "country"}
    profile_save(member=ann, name="", address={}, vat_id="", actor=MEMBER)
    [customer] = club.things("customer")
    assert (customer["address"], customer["name"]) == (None, "Ann")


def test_a_key_that_no_database_can_keep_is_no_error_of_ours(make: MakeClub, client_for: Callable[..., Client]) -> None:
    club = make(plans=boxcast.PLANS)
    ann = people.person(club.program, "Ann")
    club.joined(ann.member, "snacks")
    boxcast.settle(club)
    browser, path = client_for(club.brand, user=ann.user), f"/boxes/{following(ann.member).public_id}/add/"
    assert browser.post(path, {"extra": "mug", "count": "1", "key": "a\x00b"}).status_code == 302
    assert [each["key"] for each in following(ann.member).extras] == ["ab"]


def test_a_plan_of_another_program_isnt_one_to_change_to(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    other = plan_named("max")
    other.program = shop.program(slug="other")
    other.save()
    with pytest.raises(PriceNotOffered):
        subscription_preview(subscription=row, plan=plan_named("max"), price="month-EUR")
    assert club.plan(ann) == "plus"


# --- the sweep -------------------------------------------------------------------------------------------------------
def test_a_step_of_the_sweep_that_fails_holds_up_none_of_the_others(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def breaks() -> None:
        raise RuntimeError("one step")

    monkeypatch.setattr(tasks, "STEPS", (breaks, lambda: done.append("the next one")))
    tasks.billing_sweep()
    assert done == ["the next one"]


def test_a_member_whose_access_cant_be_worked_out_holds_up_nobody_else(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = club.somebody("Ann"), club.somebody("Bob")
    for who in (ann, bob):
        row = club.joined(who, "season", "once-EUR")
    assert row.period_end is not None
    club.advance(to=row.period_end + timedelta(seconds=2))
    plain = access.access_follow

    def breaks(member: Member) -> None:
        if member == ann:
            raise RuntimeError("Ann")
        plain(member)

    monkeypatch.setattr(access, "access_follow", breaks)
    assert access_sweep() == 1
    assert [club.subscription(who).access for who in (ann, bob)] == ["held", "over"]


def test_a_tier_that_the_program_has_no_more_keeps_no_other_floor_from_being_set(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    plan = row.plan
    plan.body = {**plan.body, "tier": {"ladder": "main", "tier": "long_gone"}}
    plan.save()
    floors_follow(ann)
    plan.body = {**plan.body, "tier": {"ladder": "main", "tier": "advocate"}}
    plan.save()
    floors_follow(ann)
    assert [each.tier for each in floors_of(Enrollment.objects.get(member=ann))] == ["advocate"]


def test_a_pause_that_two_sweeps_look_at_puts_points_off_once(make: MakeClub) -> None:
    club = make()
    ann = club.somebody()
    club.joined(ann, "max")
    shop.send(shop.order(ann, 600, "A-1"))
    subscription_pause(subscription=club.subscription(ann), months=1, actor=MEMBER)
    month_later(club, ann)
    freezing.clocks_sweep()
    lot = PointsLot.objects.get(account__enrollment__member=ann, granted=600)
    # Both sweeps read the row before either has written it.
    first, second = ClockFreeze.objects.get(), ClockFreeze.objects.get()
    assert (freezing._further(first, 5), freezing._further(second, 5), freezing._go_on(second, clock.now())) == (
        1,
        0,
        0,
    )
    before, after = lot.expires_at, PointsLot.objects.get(pk=lot.pk).expires_at
    assert before is not None
    assert after is not None
    assert ((after - before).days, ClockFreeze.objects.get().ended_at) == (5, None)


# --- comparing, meters -----------------------------------------------------------------------------------------------
def test_a_list_is_read_to_its_end_however_long_it_is(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "PAGE", 1)
    made = ask(club.connection, lambda v1: v1.products.create({"name": "Thing"}))
    with club.server.state.lock:
        things = club.account.objects["product"]
        for number in range(210):
            things[f"prod_{number}"] = {**deepcopy(things[made["id"]]), "id": f"prod_{number}"}
    found = [each["id"] for each in ask_all(club.connection, lambda v1, page: v1.products.list(page))]
    assert len(found) == len(set(found)) > 210


def test_a_comparison_that_broke_off_is_made_again_after_an_hour_and_not_the_next_day(club: Club) -> None:
    assert reconciling_due() == 2
    assert reconciling_due() == 0
    BillingReport.objects.filter(kind="whole").update(problem="stripe_unavailable")
    assert reconciling_due() == 0
    club.advance(days=1 / 20)
    assert reconciling_due() == 2
    club.advance(days=1 / 20)
    assert reconciling_due() == 1


def test_uses_that_a_key_may_not_tell_stripe_of_are_told_to_the_team(make: MakeClub) -> None:
    club = make(plans=[PLUS, METER])
    ann = club.somebody()
    club.joined(ann)
    uses(ann, "1")
    club.control("faults", faults=[{"method": "POST", "path": "/v1/billing/", "kind": "status", "status": 403}])
    uses_send()
    club.connection.refresh_from_db()
    assert (club.connection.health, len(told("billing.attention"))) == ("key_refused", 1)
    club.control("faults", faults=[])
    uses_send()
    assert list(MeteredUse.objects.values_list("state", flat=True)) == ["sent"]


def test_an_event_that_breaks_the_worker_holds_up_no_other(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = club.somebody("Ann"), club.somebody("Bob")
    for who in (ann, bob):
        assert club.press(club.join(who).url).status == 303
    club.deliver()
    broken = club.customer(ann)

    def breaks(connection: Any, customer: str) -> Any:
        if customer == broken:
            raise RuntimeError("Ann")
        return customer_sync(connection, customer)

    monkeypatch.setattr(working, "customer_sync", breaks)
    working.events_work()
    assert (Subscription.objects.filter(member=ann).count(), club.state(bob)) == (0, "active")
    assert set(StripeEvent.objects.filter(customer=broken).values_list("state", flat=True)) == {"waiting"}


# --- letters ---------------------------------------------------------------------------------------------------------
def test_a_notice_names_the_day_by_the_programs_clock_and_what_all_of_it_costs(make: MakeClub) -> None:
    club = make(plans=boxcast.PLANS)
    # Half past midnight in Amsterdam is still the day before at Stripe.
    club.at("2027-01-05T23:30")
    ann = club.somebody()
    row = club.joined(ann, "yearly", "year-EUR")
    ask(club.connection, lambda v1: v1.subscriptions.update(
        str(row.stripe_id), {"items": [{"id": row.item_id, "quantity": 2}], "proration_behavior": "none"}))  # fmt: skip
    club.settle()
    club.at("2027-12-30T09:00")
    club.settle()
    [notice] = told("subscription.renewal_near")
    assert notice["amount_minor"] == 2 * 19900
    [letter] = [each for each in mail.outbox if "renews" in each.subject]
    assert "6 January 2028" in str(letter.subject)
