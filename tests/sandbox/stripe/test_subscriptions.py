"""What the local Stripe makes of a subscription's life. Figures are worked out by hand beside them."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.stripe.story import Story, day


def test_a_month_that_began_on_the_31st_renews_on_the_last_day_and_comes_back_to_the_31st(story: Story) -> None:
    subscription = story.subscribe()
    assert (subscription.status, subscription.latest_invoice.amount_paid) == ("active", 1000)
    ends = []
    for _ in range(4):
        ends.append(day(story.item(subscription).current_period_end))
        story.advance(to=ends[-1])
        story.advance(days=0.1)
    assert ends == ["2027-02-28 10:00", "2027-03-31 10:00", "2027-04-30 10:00", "2027-05-31 10:00"]
    paid = story.v1.invoices.list({"subscription": subscription.id, "status": "paid"}).data
    assert [one.amount_paid for one in paid] == [1000] * 5
    assert [one.billing_reason for one in paid] == ["subscription_cycle"] * 4 + ["subscription_create"]


def test_a_trial_tells_three_days_before_its_end_and_then_charges(story: Story) -> None:
    subscription = story.subscribe(trial_period_days=30)
    assert (subscription.status, subscription.latest_invoice.amount_due) == ("trialing", 0)
    story.advance(days=26.9)
    assert "customer.subscription.trial_will_end" not in story.happened()
    story.advance(days=0.2)
    assert "customer.subscription.trial_will_end" in story.happened()
    story.advance(days=3.1)
    now = story.again(subscription)
    assert (now.status, now.latest_invoice.amount_paid) == ("active", 1000)


@pytest.mark.parametrize(
    ("without_card", "then"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")]
)
def test_a_trial_without_a_card_ends_as_it_was_said(story: Story, without_card: str, then: str) -> None:
    customer = story.new_customer(None)
    settings = {"end_behavior": {"missing_payment_method": without_card}}
    subscription = story.subscribe(customer=customer, trial_period_days=14, trial_settings=settings)
    story.advance(days=14.1)
    assert story.again(subscription).status == then


def test_a_paused_trial_resumes_with_a_new_period_once_there_is_a_card(story: Story) -> None:
    customer = story.new_customer(None)
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    subscription = story.subscribe(customer=customer, trial_period_days=14, trial_settings=settings)
    story.advance(days=20)
    method = story.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    story.v1.subscriptions.update(subscription.id, {"default_payment_method": method})
    resumed = story.v1.subscriptions.resume(subscription.id, {"billing_cycle_anchor": "now"})
    assert resumed.status == "active"
    assert story.again(subscription).latest_invoice.amount_paid == 1000
    assert day(story.item(subscription).current_period_start) == "2027-02-20 10:00"


def test_a_card_that_says_no_is_asked_four_times_and_then_it_is_canceled(story: Story) -> None:
    subscription = story.subscribe()
    story.card("4000000000000341")
    story.advance(to="2027-02-28 11:00")
    assert story.again(subscription).status == "past_due"
    for days in (3, 5, 7):
        assert story.again(subscription).status == "past_due"
        story.advance(days=days)
    now = story.again(subscription)
    assert (now.status, now.cancellation_details.reason) == ("canceled", "payment_failed")
    assert now.latest_invoice.attempt_count == 4
    assert story.happened().count("invoice.payment_failed") == 4


def test_a_new_card_pays_the_open_invoice_and_it_is_active_again(story: Story) -> None:
    subscription = story.subscribe()
    story.card("4000000000000341")
    story.advance(to="2027-02-28 11:00")
    story.card("4242424242424242")
    paid = story.v1.invoices.pay(story.again(subscription).latest_invoice.id)
    assert (paid.status, story.again(subscription).status) == ("paid", "active")


def test_the_account_may_leave_it_unpaid(story: Story) -> None:
    story.control("keys", settings={"after_retries": "unpaid"})
    subscription = story.subscribe()
    story.card("4000000000000341")
    story.advance(to="2027-03-20 10:00")
    assert story.again(subscription).status == "unpaid"


def test_an_upgrade_costs_what_the_preview_said(story: Story) -> None:
    subscription = story.subscribe()
    story.advance(days=7)
    changes = {
        "items": [{"id": story.item(subscription).id, "price": story.large}],
        "proration_behavior": "always_invoice",
    }
    asked: dict[str, object] = {"subscription": subscription.id, "subscription_details": changes}
    preview = story.v1.invoices.create_preview(asked)
    # 28 days' period, 21 left: 1,000 × 21/28 = 750 back, 2,500 × 21/28 = 1,875 to pay.
    assert [line.amount for line in preview.lines.data] == [-750, 1875]
    assert preview.amount_due == 1125
    date = preview.parent.subscription_details.subscription_proration_date
    changed = story.change(subscription, story.large, proration_behavior="always_invoice", proration_date=date)
    assert changed.latest_invoice.amount_paid == 1125
    story.advance(days=21.1)
    assert story.again(subscription).latest_invoice.amount_paid == 2500


def test_a_change_that_isnt_paid_for_isnt_made_until_it_is(story: Story) -> None:
    subscription = story.subscribe()
    story.advance(days=7)
    story.card("4000000000000341")
    how = {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
    waiting = story.change(subscription, story.large, **how)
    assert (waiting.status, waiting["items"]["data"][0].price.id) == ("active", story.small)
    assert waiting.pending_update.subscription_items[0].price.id == story.large
    story.card("4242424242424242")
    story.v1.invoices.pay(waiting.latest_invoice.id)
    now = story.again(subscription)
    assert (now["items"]["data"][0].price.id, now.pending_update) == (story.large, None)
    assert "customer.subscription.pending_update_applied" in story.happened()


def test_a_change_that_nobody_pays_for_is_dropped_after_23_hours(story: Story) -> None:
    subscription = story.subscribe()
    story.card("4000000000000341")
    story.change(
        subscription, story.large, proration_behavior="always_invoice", payment_behavior="pending_if_incomplete"
    )
    story.advance(days=1)
    now = story.again(subscription)
    assert (now["items"]["data"][0].price.id, now.pending_update, now.latest_invoice.status) == (
        story.small,
        None,
        "void",
    )


def test_from_a_month_to_a_year_a_new_period_begins_and_what_is_left_comes_off(story: Story) -> None:
    subscription = story.subscribe()
    story.advance(days=14)
    changed = story.change(subscription, story.yearly, proration_behavior="always_invoice")
    # 14 of 28 days left: 500 back; a year is 10,000.
    assert changed.latest_invoice.amount_paid == 9500
    assert day(story.item(subscription).current_period_end) == "2028-02-14 10:00"


def test_a_downgrade_at_the_periods_end_by_a_schedule(story: Story) -> None:
    subscription = story.subscribe(story.large)
    schedule = story.v1.subscription_schedules.create({"from_subscription": subscription.id})
    first = schedule.phases[0]
    phases = [
        {"items": [{"price": story.large, "quantity": 1}], "start_date": first.start_date, "end_date": first.end_date},
        {"items": [{"price": story.small, "quantity": 1}], "duration": {"interval": "month", "interval_count": 1}},
    ]
    story.v1.subscription_schedules.update(schedule.id, {"end_behavior": "release", "phases": phases})
    story.advance(days=27.9)
    assert story.item(subscription).price.id == story.large
    story.advance(to="2027-02-28 11:30")
    now = story.again(subscription)
    assert (now["items"]["data"][0].price.id, now.latest_invoice.amount_paid) == (story.small, 1000)
    story.advance(days=32)
    assert story.again(subscription).schedule is None
    assert story.v1.subscription_schedules.retrieve(schedule.id).status == "released"


def test_skipping_a_cycle_charges_nothing_and_goes_on_after_it(story: Story) -> None:
    subscription = story.subscribe()
    pause = {"behavior": "void", "resumes_at": story.item(subscription).current_period_end + 86400}
    story.v1.subscriptions.update(subscription.id, {"pause_collection": pause})
    story.advance(to="2027-03-02 00:00")
    skipped = story.again(subscription)
    assert (skipped.latest_invoice.status, skipped.status, skipped.pause_collection) == ("void", "active", None)
    story.advance(to="2027-03-31 12:00")
    assert story.again(subscription).latest_invoice.amount_paid == 1000


def test_leaving_at_the_periods_end_can_be_undone_until_then(story: Story) -> None:
    subscription = story.subscribe()
    leaving = story.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert leaving.cancel_at == story.item(subscription).current_period_end
    stays = story.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (stays.cancel_at, stays.canceled_at) == (None, None)
    story.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    story.advance(to="2027-02-28 10:00")
    assert story.again(subscription).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription"):
        story.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})


def test_a_coupon_for_two_months_takes_off_two_invoices(story: Story) -> None:
    coupon = story.v1.coupons.create({"percent_off": 25, "duration": "repeating", "duration_in_months": 2}).id
    subscription = story.subscribe(discounts=[{"coupon": coupon}])
    story.advance(to="2027-04-30 12:00")
    paid = story.v1.invoices.list({"subscription": subscription.id}).data
    assert [one.amount_paid for one in paid] == [1000, 1000, 750, 750]
    # 31 January, 28 February: within two months; 31 March is their end, so no longer.


def test_what_was_used_is_billed_with_the_next_period(story: Story) -> None:
    meter = story.v1.billing.meters.create(
        {"display_name": "Coffees", "event_name": "coffee", "default_aggregation": {"formula": "sum"}}
    )
    metered = {"interval": "month", "usage_type": "metered", "meter": meter.id}
    cups = story.price(150, recurring=metered)
    subscription = story.subscribe(items=[{"price": story.small}, {"price": cups}])
    for number in range(3):
        used = {"stripe_customer_id": story.customer, "value": "2"}
        story.v1.billing.meter_events.create({"event_name": "coffee", "payload": used, "identifier": f"use-{number}"})
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        story.v1.billing.meter_events.create({"event_name": "coffee", "payload": used, "identifier": "use-2"})
    story.advance(to="2027-02-28 12:00")
    assert story.again(subscription).latest_invoice.amount_paid == 1000 + 6 * 150


def test_the_first_payment_is_waited_for_23_hours(story: Story) -> None:
    customer = story.new_customer(None)
    subscription = story.subscribe(customer=customer, payment_behavior="default_incomplete")
    assert subscription.status == "incomplete"
    story.advance(days=0.9)
    assert story.again(subscription).status == "incomplete"
    story.advance(days=0.1)
    now = story.again(subscription)
    assert (now.status, now.latest_invoice.status) == ("incomplete_expired", "void")


def test_a_card_whose_bank_asks_pays_once_its_owner_has_answered(story: Story) -> None:
    subscription = story.subscribe(customer=story.new_customer("pm_card_authenticationRequired"))
    assert subscription.status == "incomplete"
    payments = story.v1.invoice_payments.list({"invoice": subscription.latest_invoice.id}).data
    intent = payments[0].payment.payment_intent
    story.control("authenticate", payment_intent=intent)
    assert story.again(subscription).status == "active"


def test_credit_is_used_before_the_card_and_an_amount_too_small_waits(story: Story) -> None:
    story.v1.customers.balance_transactions.create(story.customer, {"amount": -970, "currency": "eur"})
    subscription = story.subscribe()
    # 10.00 less 9.70 of credit is 0.30: below the least that a card can be asked, so it goes on the next one.
    assert (subscription.latest_invoice.amount_due, subscription.status) == (0, "active")
    assert story.v1.customers.retrieve(story.customer).balance == 30
    story.advance(to="2027-02-28 12:00")
    assert story.again(subscription).latest_invoice.amount_paid == 1030


def test_a_deleted_customer_has_no_subscription_any_more(story: Story) -> None:
    subscription = story.subscribe()
    story.v1.customers.delete(story.customer)
    assert story.again(subscription).status == "canceled"
    assert story.v1.customers.retrieve(story.customer).deleted
