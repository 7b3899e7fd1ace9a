"""Add-ons as items of one subscription: added, more, fewer, with the year, and every amount to the cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from billing.addons import add_on_preview, add_on_set, add_ons_for
from billing.changing import subscription_change, subscription_preview
from billing.errors import (
    NotPossibleNow,
    PaymentNeeded,
    PlanNotOffered,
    PreviewStale,
    PriceNotOffered,
    StripeUnavailable,
)
from billing.gateway import ask
from billing.lastcredits import credits_settle
from billing.leaving import money_back, subscription_cancel, subscription_leave_refunded
from billing.models import Subscription, SubscriptionItem
from billing.plans import plan_named
from billing.promising import promises_keep
from billing.reconciling import subscriptions_reconcile
from billing.selectors import next_charge, offered_to
from core.api import limits
from core.errors import InvalidInput
from loyalty.errors import ProgramInvalid
from members.models import Member, MemberFact
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.api.cast import Api, key_made, refused
from tests.billing.cast import MONTHLY, YEARLY, Club, document
from tests.billing.test_behaviours_changes import bad_card
from tests.loyalty import shop

Json = dict[str, Any]
TOP: Json = {
    "code": "extra", "name": "Another box",
    "charge": {
        "kind": "add_on", "most": 3, "segment": "extra_box", "to": ["plus", "max"],
        "prices": [{**MONTHLY, "amount_minor": 300}, {**YEARLY, "amount_minor": 3000}],
    },
}  # fmt: skip
MONTH_ONLY: Json = {
    "code": "gift",
    "name": "A gift",
    "charge": {"kind": "add_on", "prices": [{**MONTHLY, "amount_minor": 100}]},
}
PLUS: Json = {
    "code": "plus", "name": "Plus", "level": 1, "charge": {"kind": "recurring", "prices": [MONTHLY, YEARLY]}
}  # fmt: skip
MAX: Json = {
    "code": "max", "name": "Max", "level": 2,
    "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 2500}]},
}  # fmt: skip
LEAN: Json = {
    "code": "lean", "name": "Lean", "level": 0,
    "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 700}]},
}  # fmt: skip


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[PLUS, MAX, LEAN, TOP, MONTH_ONLY])
    brand.clock_shift = shift


def have(row: Subscription, quantity: int, code: str = "extra") -> Subscription:
    add_on = plan_named(code)
    shown = add_on_preview(subscription=row, add_on=add_on, quantity=quantity)
    return add_on_set(
        subscription=row, add_on=add_on, quantity=quantity, shown_at=shown.shown_at, due_minor=shown.due_minor,
        actor=shop.STAFF,
    )  # fmt: skip


def held(row: Subscription) -> list[tuple[str, int]]:
    rows = SubscriptionItem.objects.filter(subscription=row, ended_at__isnull=True).order_by("pk")
    return [(each.plan.code, each.quantity) for each in rows]


def half_way(club: Club, row: Subscription) -> None:
    assert row.period_start is not None
    assert row.period_end is not None
    club.advance(to=row.period_start + (row.period_end - row.period_start) / 2)


def renew(club: Club, who: Member) -> None:
    end = club.subscription(who).period_end
    assert end is not None
    club.advance(to=end + timedelta(hours=2))
    club.settle()


def test_an_add_on_is_charged_for_the_rest_of_the_period_and_then_with_the_plan(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    assert [(each.plan.code, each.price.amount_minor, each.quantity, each.most) for each in add_ons_for(row)] == [
        ("extra", 300, 0, 3), ("gift", 100, 0, 1),
    ]  # fmt: skip
    half_way(club, row)
    shown = add_on_preview(subscription=row, add_on=plan_named("extra"), quantity=2)
    # Two at 3.00, for half of the period.
    assert (shown.due_minor, shown.next_minor, shown.currency) == (300, 1600, "EUR")
    row = have(row, 2)
    assert (club.charged(), held(row), row.plan.code) == (1300, [("extra", 2)], "plus")
    assert MemberFact.objects.filter(member=ann, key="segment:extra_box").exists()
    again = have(row, 2)
    assert (club.charged(), again.pk) == (1300, row.pk)
    coming = next_charge(club.subscription(ann))
    assert coming is not None
    assert coming.amount_minor == 1600
    club.settle()
    renew(club, ann)
    assert club.charged() == 1300 + 1600
    assert [each.paid_minor for each in club.invoices(ann)] == [1000, 300, 1600]


def test_fewer_is_credited_on_the_next_invoice_to_the_cent(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    row = have(row, 3)
    assert club.charged() == 1900
    half_way(club, row)
    shown = add_on_preview(subscription=row, add_on=plan_named("extra"), quantity=1)
    # Two of three boxes aren't wanted for half of the period.
    assert (shown.due_minor, shown.credit_minor, shown.next_minor) == (0, 300, 1300)
    row = have(row, 1)
    assert (club.charged(), held(row)) == (1900, [("extra", 1)])
    renew(club, ann)
    assert club.charged() == 1900 + 1300 - 300
    row = have(club.subscription(ann), 0)
    assert held(row) == []
    assert not MemberFact.objects.filter(member=ann, key="segment:extra_box").exists()
    kinds = [(each.details["before"], each.details["after"]) for each in row.changes.filter(kind="add_on_changed")]
    assert sorted(kinds) == [(0, 3), (1, 0), (3, 1)]


def test_what_was_credited_before_isnt_told_a_second_time(club: Club) -> None:
    ann = club.somebody()
    row = have(club.joined(ann), 3)
    half_way(club, row)
    row = have(row, 2)
    club.advance(days=0.05)
    fewer = add_on_preview(subscription=row, add_on=plan_named("extra"), quantity=0)
    dearer = subscription_preview(subscription=row, plan=plan_named("max"))
    # Two for a little less than half of a period; the third waits for the next invoice already, as 1.50.
    assert 290 <= fewer.credit_minor < 300
    # Half of 10.00 that was paid for the plan; what stays as it is isn't made good.
    assert 490 <= dearer.credit_minor < 500


def test_with_another_period_the_add_on_takes_the_price_of_that_period(club: Club) -> None:
    ann = club.somebody()
    row = have(club.joined(ann), 1)
    half_way(club, row)
    year = subscription_preview(subscription=row, plan=plan_named("plus"), price="year-EUR")
    # 100.00 and 30.00 for the year, less half of the month that was paid: 5.00 and 1.50.
    assert year.due_minor == 10000 + 3000 - 500 - 150
    before = club.charged()
    row = subscription_change(
        subscription=row, plan=plan_named("plus"), price="year-EUR", shown_at=year.shown_at,
        due_minor=year.due_minor, actor=shop.STAFF,
    )  # fmt: skip
    assert club.charged() - before == 12350
    [top] = SubscriptionItem.objects.filter(subscription=row, ended_at__isnull=True)
    assert (top.price.code, top.quantity) == ("year-EUR", 1)
    row = club.subscription(ann)
    with pytest.raises(PriceNotOffered):
        add_on_preview(subscription=row, add_on=plan_named("gift"), quantity=1)


def test_an_upgrade_keeps_the_add_on_and_a_plan_that_it_does_not_go_with_is_refused(club: Club) -> None:
    ann = club.somebody()
    row = have(club.joined(ann), 1)
    shown = subscription_preview(subscription=row, plan=plan_named("max"))
    row = subscription_change(
        subscription=row, plan=plan_named("max"), shown_at=shown.shown_at, due_minor=shown.due_minor, actor=shop.STAFF
    )
    assert (row.plan.code, held(row)) == ("max", [("extra", 1)])
    with pytest.raises(NotPossibleNow):
        subscription_preview(subscription=row, plan=plan_named("lean"))
    down = subscription_preview(subscription=row, plan=plan_named("plus"), price="month-EUR")
    row = subscription_change(
        subscription=row, plan=plan_named("plus"), price="month-EUR", shown_at=down.shown_at, due_minor=0,
        actor=shop.STAFF,
    )  # fmt: skip
    with pytest.raises(NotPossibleNow):
        have(row, 2)
    club.settle()
    before = club.charged()
    renew(club, ann)
    row = club.subscription(ann)
    assert (row.plan.code, held(row), club.charged() - before) == ("plus", [("extra", 1)], 1300)


def test_a_stale_amount_and_what_does_not_fit_change_nothing(club: Club) -> None:
    ann = club.somebody()
    row, extra = club.joined(ann), plan_named("extra")
    shown = add_on_preview(subscription=row, add_on=extra, quantity=1)

    def put(quantity: int, at: datetime, due: int) -> Subscription:
        return add_on_set(
            subscription=row, add_on=extra, quantity=quantity, shown_at=at, due_minor=due, actor=shop.STAFF
        )

    with pytest.raises(PreviewStale):
        put(1, shown.shown_at, shown.due_minor - 1)
    with pytest.raises(PreviewStale):
        put(1, shown.shown_at - timedelta(hours=2), shown.due_minor)
    with pytest.raises(InvalidInput):
        put(4, shown.shown_at, shown.due_minor)
    with pytest.raises(PlanNotOffered, match="comes on top of a plan"):
        club.join(club.somebody("Bob"), "extra", "month-EUR")
    assert "extra" not in {each.plan.code for each in offered_to(ann)}
    subscription_cancel(subscription=row, actor=shop.STAFF)
    with pytest.raises(NotPossibleNow):
        put(1, shown.shown_at, shown.due_minor)
    assert (club.charged(), held(row)) == (1000, [])


def test_a_card_that_declines_leaves_it_off(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    bad_card(club, ann)
    with pytest.raises(PaymentNeeded) as needed:
        have(row, 1)
    assert needed.value.context["url"]
    assert (club.charged(), held(row)) == (1000, [])


def test_what_the_dashboard_adds_is_followed_and_a_loss_is_found_at_night(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    club.push()
    extra = [each for each in club.things("price") if each["metadata"].get("plan") == "extra"]
    price = next(each["id"] for each in extra if each["recurring"]["interval"] == "month")
    ask(
        club.connection,
        lambda v1: v1.subscriptions.update(str(row.stripe_id), {"items": [{"price": price, "quantity": 2}]}),
    )
    club.waiting()
    report = subscriptions_reconcile(club.connection)
    assert (report.repaired, held(row)) == (1, [("extra", 2)])
    assert subscriptions_reconcile(club.connection).repaired == 0


def test_when_the_subscription_ends_its_add_ons_do(club: Club) -> None:
    ann = club.somebody()
    row = have(club.joined(ann), 1)
    subscription_cancel(subscription=row, when="now", actor=shop.STAFF)
    assert held(row) == []
    assert not MemberFact.objects.filter(member=ann, key="segment:extra_box").exists()


def test_add_ons_over_the_api(club: Club, brand: Brand, client_for: Callable[..., Client]) -> None:
    limits.forget_all()
    api = Api(client_for(brand), key_made()[1])
    row = club.joined(club.somebody())
    where = f"subscriptions/{row.public_id}/add-ons"
    assert [each["add_on"] for each in api.get(where).json()["results"]] == ["extra", "gift"]
    shown = api.get(f"{where}/extra?quantity=2").json()
    wish = {"quantity": 2, "shown_at": shown["shown_at"], "due_minor": shown["due_minor"]}
    refused(api.post(f"{where}/extra", {**wish, "due_minor": 1}, once="1"), 409, "preview_stale", "due_minor")
    made = api.post(f"{where}/extra", wish, once="2").json()
    assert [(each["add_on"], each["quantity"]) for each in made["add_ons"]] == [("extra", 2)]
    assert api.post(f"{where}/extra", wish, once="2").json() == made
    refused(api.get(f"{where}/plus?quantity=1"), 404, "plan_not_found")
    refused(api.get(f"{where}/extra?quantity=9"), 422, "invalid_input", "quantity")
    assert club.charged() == 1000 + shown["due_minor"] == 1600


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"charge": {**TOP["charge"], "to": ["nothing"]}}, "charge.to[0]"),
        ({"tier": {"ladder": "main", "tier": "advocate"}}, "tier"),
    ],
)
def test_an_add_on_that_goes_with_nothing_or_gives_a_tier_is_refused(brand: Brand, changed: Json, path: str) -> None:
    with pytest.raises(ProgramInvalid) as wrong:
        shop.program(document(plans=[PLUS, MAX, {**TOP, **changed}]))
    assert wrong.value.field == f"sections.billing.plans[2].{path}"


# --- money back on leaving ------------------------------------------------------------------------------------------
def test_who_withdraws_gets_back_what_was_added_as_well(club: Club) -> None:
    ann = club.somebody()
    row = have(club.joined(ann), 2)
    assert club.charged() == 1600
    back = money_back(row)
    assert back is not None
    assert (back.amount_minor, back.currency, back.why) == (1600, "EUR", "withdrawal")
    subscription_leave_refunded(subscription=row, actor=shop.STAFF)
    club.settle()
    assert (club.state(ann), club.charged()) == ("ended", 0)
    assert [each.refunded_minor for each in club.invoices(ann)] == [1000, 600]


def test_each_payment_that_was_promised_is_paid_back_by_the_sweep_where_the_second_failed(club: Club) -> None:
    ann = club.somebody()
    row = have(club.joined(ann), 1)
    away = {"method": "POST", "path": "/v1/refunds", "kind": "status", "status": 503}
    club.control("faults", faults=[{**away, "times": 10}])
    with pytest.raises(StripeUnavailable):
        subscription_leave_refunded(subscription=row, actor=shop.STAFF)
    club.control("faults", faults=[])
    club.settle()
    assert club.charged() == 1300
    assert (promises_keep(), club.charged(), promises_keep()) == (2, 0, 0)


def test_who_used_nothing_in_the_period_gets_it_back_with_what_was_added(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]
) -> None:
    shift = brand.clock_shift
    club = Club(
        stand_in, key, brand, client_for(brand), plans=[PLUS, MAX, TOP], refund_unused=True, withdrawal_days=0
    )  # fmt: skip
    ann = club.somebody()
    row = club.joined(ann)
    renew(club, ann)
    half_way(club, row := club.subscription(ann))
    row = have(row, 2)
    back = money_back(row)
    assert back is not None
    # This period's payment and the add-ons of half of it; the period before is over.
    assert (back.amount_minor, back.why, club.charged()) == (1000 + 300, "unused", 2000 + 300)
    subscription_leave_refunded(subscription=row, actor=shop.STAFF)
    assert club.charged() == 1000
    brand.clock_shift = shift


def test_a_credit_for_an_add_on_that_was_taken_off_is_paid_back_to_who_leaves(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    have(row, 1)
    club.advance(days=15)
    club.settle()
    have(row, 0)
    [credit] = [each["amount"] for each in club.things("invoiceitem") if each["invoice"] is None]
    assert credit < 0
    subscription_cancel(subscription=row, when="now", reason="unused", actor=shop.STAFF)
    assert credits_settle() == 0
    club.advance(days=0.1)
    club.settle()
    before = club.charged()
    assert [credits_settle(), credits_settle()] == [1, 0]
    assert before - club.charged() == -credit
    assert [each for each in club.things("invoiceitem") if each["invoice"] is None] == []


def test_who_leaves_with_nothing_to_be_credited_is_looked_at_once(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    subscription_cancel(subscription=row, when="now", reason="unused", actor=shop.STAFF)
    club.advance(days=0.1)
    club.settle()
    assert ([credits_settle(), credits_settle()], club.charged()) == ([1, 0], 1000)


def test_a_lost_answer_and_a_second_click_add_it_once(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    half_way(club, row)
    extra, before = plan_named("extra"), club.charged()
    shown = add_on_preview(subscription=row, add_on=extra, quantity=1)
    told: dict[str, Any] = {"shown_at": shown.shown_at, "due_minor": shown.due_minor, "actor": shop.STAFF}
    lost = {"method": "POST", "path": f"/v1/subscriptions/{row.stripe_id}", "kind": "lost_reply", "times": 3}
    club.control("faults", faults=[lost])
    with pytest.raises(StripeUnavailable):
        add_on_set(subscription=row, add_on=extra, quantity=1, **told)
    row = add_on_set(subscription=row, add_on=extra, quantity=1, **told)
    assert (held(row), club.charged() - before) == ([("extra", 1)], shown.due_minor)
    assert shown.due_minor > 0
    club.settle()
    assert club.charged() - before == shown.due_minor
