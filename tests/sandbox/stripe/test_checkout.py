"""The Checkout page as a browser sees it, and what its buttons bring about."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.story import Story

DONE = "http://shop.example/done?session={CHECKOUT_SESSION_ID}"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        """Where it leads to is what the test looks at."""


def press(url: str, **form: str) -> tuple[int, str, str]:
    """Post the page's form: status, where it leads, what it says."""
    body = urllib.parse.urlencode(form).encode() if form else None
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(urllib.request.Request(url, body), timeout=10) as answer:
            return answer.status, "", answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location", ""), answer.read().decode()


def session(story: Story, **more: Any) -> Any:
    given: dict[str, Any] = {
        "mode": "subscription",
        "customer": story.customer,
        "line_items": [{"price": story.small, "quantity": 1}],
        "success_url": DONE,
        "cancel_url": "http://shop.example/back",
    }
    return story.v1.checkout.sessions.create({**given, **more})


def test_a_member_pays_and_has_a_subscription(story: Story) -> None:
    made = session(story)
    status, _, page = press(made.url)
    assert (status, "EUR 10.00" in page) == (200, True)
    status, leads, _ = press(made.url, press="pay", card="4242 4242 4242 4242")
    assert (status, leads) == (303, DONE.replace("{CHECKOUT_SESSION_ID}", made.id))
    now = story.v1.checkout.sessions.retrieve(made.id, {"expand": ["subscription"]})
    assert (now.status, now.payment_status, now.subscription.status) == ("complete", "paid", "active")
    assert story.happened()[-1] == "checkout.session.completed"
    assert press(made.url, press="pay", card="4242424242424242")[0] == 410


def test_a_card_that_is_declined_says_so_and_leaves_nothing(story: Story) -> None:
    made = session(story)
    status, _, page = press(made.url, press="pay", card="4000000000000002")
    assert (status, "declined" in page) == (402, True)
    assert story.v1.subscriptions.list({"status": "all"}).data == []
    assert press(made.url, press="pay", card="4242424242424242")[0] == 303


def test_the_bank_asks_and_hears_yes_or_no(story: Story) -> None:
    made = session(story, locale="nl")
    status, _, page = press(made.url, press="pay", card="4000002500003155")
    assert (status, "Je bank vraagt" in page) == (200, True)
    assert press(made.url, press="fail", card="4000002500003155")[0] == 402
    assert press(made.url, press="confirm", card="4000002500003155")[0] == 303
    subscription = story.v1.subscriptions.list({"customer": story.customer}).data[0]
    story.advance(to="2027-02-28 12:00")
    assert story.again(subscription).latest_invoice.amount_paid == 1000


def test_a_trial_asks_for_a_card_unless_it_was_said_otherwise(story: Story) -> None:
    asks = session(story, subscription_data={"trial_period_days": 30})
    assert "name=card" in press(asks.url)[2]
    spares = session(story, subscription_data={"trial_period_days": 30}, payment_method_collection="if_required")
    assert "name=card" not in press(spares.url)[2]
    assert press(spares.url, press="pay")[0] == 303
    made = story.v1.checkout.sessions.retrieve(spares.id, {"expand": ["subscription"]})
    assert (made.payment_status, made.subscription.status) == ("no_payment_required", "trialing")


def test_somebody_new_is_made_a_customer_with_the_address_that_they_gave(story: Story) -> None:
    made = story.v1.checkout.sessions.create({
        "mode": "payment",
        "line_items": [{"price": story.price(1250, recurring=None), "quantity": 2}],
        "success_url": DONE,
    })  # fmt: skip
    assert press(made.url or "", press="pay", card="4242424242424242", email="bob@example.com")[0] == 303
    now = story.v1.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent", "customer"]})
    assert now.payment_intent.amount_received == 2500
    assert now.customer.email == "bob@example.com"


def test_a_card_can_be_kept_without_paying(story: Story) -> None:
    made = session(story, mode="setup", line_items=[], currency="eur")
    assert press(made.url, press="pay", card="5555555555554444")[0] == 303
    intent = story.v1.setup_intents.retrieve(story.v1.checkout.sessions.retrieve(made.id).setup_intent)
    kept = story.v1.payment_methods.retrieve(intent.payment_method)
    assert (kept.customer, kept.card.last4) == (story.customer, "4444")


def test_a_promotion_code_comes_off_and_a_wrong_one_is_refused(story: Story) -> None:
    coupon = story.v1.coupons.create({"percent_off": 50, "duration": "once"}).id
    story.v1.promotion_codes.create(
        {"code": "HALF", "promotion": {"type": "coupon", "coupon": coupon}, "max_redemptions": 1}
    )
    made = session(story, allow_promotion_codes=True)
    assert press(made.url, press="pay", card="4242424242424242", code="NONE")[0] == 402
    assert press(made.url, press="pay", card="4242424242424242", code="half")[0] == 303
    invoice = story.v1.invoices.list({"customer": story.customer}).data[0]
    assert (invoice.subtotal, invoice.amount_paid) == (1000, 500)
    full = session(story, allow_promotion_codes=True)
    assert press(full.url, press="pay", card="4242424242424242", code="HALF")[0] == 402


def test_a_session_is_over_after_a_day_or_when_it_is_ended(story: Story) -> None:
    slow, ended = session(story), session(story)
    story.v1.checkout.sessions.expire(ended.id)
    assert press(ended.url, press="pay", card="4242424242424242")[0] == 410
    story.advance(days=1)
    assert story.v1.checkout.sessions.retrieve(slow.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        story.v1.checkout.sessions.expire(slow.id)


def test_going_back_pays_nothing(story: Story) -> None:
    made = session(story)
    assert press(made.url, press="cancel")[:2] == (303, "http://shop.example/back")
    assert story.v1.checkout.sessions.retrieve(made.id).status == "open"


def test_a_price_that_isnt_sold_any_more_cant_be_put_on_a_page(story: Story) -> None:
    story.v1.prices.update(story.small, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        session(story)
