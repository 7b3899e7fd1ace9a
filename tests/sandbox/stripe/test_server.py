"""Keys, idempotency, faults, webhooks and the file that keeps it all."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from sandbox.stripe.events import VERSION
from sandbox.stripe.server import LocalStripe, running
from tests.sandbox.stripe.story import Story


def test_a_live_key_is_refused(local_stripe: LocalStripe) -> None:
    client = stripe.StripeClient("sk_live_x", base_addresses={"api": local_stripe.url}, stripe_version=VERSION)
    with pytest.raises(stripe.AuthenticationError, match="no live keys"):
        client.v1.customers.list()


def test_two_keys_are_two_accounts(story: Story, local_stripe: LocalStripe) -> None:
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": local_stripe.url}, stripe_version=VERSION)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        other.v1.customers.retrieve(story.customer)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_a_revoked_key_is_told_so(story: Story) -> None:
    story.control("keys", add="rk_test_second")
    second = stripe.StripeClient("rk_test_second", base_addresses={"api": story.server.url}, stripe_version=VERSION)
    assert second.v1.customers.retrieve(story.customer).id == story.customer
    story.control("keys", revoke="rk_test_second")
    with pytest.raises(stripe.AuthenticationError, match="Expired API Key"):
        second.v1.customers.retrieve(story.customer)


def test_a_parameter_that_stripe_doesnt_know_is_refused(story: Story) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        story.v1.customers.create({"emial": "x"})
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "emial")


def test_the_same_key_makes_one_object_and_another_request_with_it_is_refused(story: Story) -> None:
    once = story.v1.customers.create({"name": "Ann"}, {"idempotency_key": "k1"})
    again = story.v1.customers.create({"name": "Ann"}, {"idempotency_key": "k1"})
    assert once.id == again.id
    with pytest.raises(stripe.IdempotencyError):
        story.v1.customers.create({"name": "Bob"}, {"idempotency_key": "k1"})


def test_a_reply_that_is_lost_after_the_work_is_found_again_by_its_key(story: Story) -> None:
    before = story.control("count")["customer"]
    story.control("faults", faults=[{"method": "POST", "path": "/v1/customers", "kind": "lost_reply", "times": 1}])
    with pytest.raises(stripe.APIConnectionError):
        story.v1.customers.create({"name": "Ann"}, {"idempotency_key": "lost"})
    assert story.control("count")["customer"] == before + 1
    story.v1.customers.create({"name": "Ann"}, {"idempotency_key": "lost"})
    assert story.control("count")["customer"] == before + 1


def test_a_wished_for_status_does_no_work(story: Story) -> None:
    before = story.control("count")["customer"]
    story.control("faults", faults=[{"path": "/v1/customers", "kind": "status", "status": 429, "times": 2}])
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            story.v1.customers.create({})
    assert story.control("count")["customer"] == before
    story.v1.customers.create({})


@pytest.fixture
def hook() -> Iterator[tuple[str, list[tuple[bytes, str]]]]:
    """An address that says 500 once and then 200, and what came to it."""
    came: list[tuple[bytes, str]] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append((self.rfile.read(int(self.headers["Content-Length"])), self.headers["Stripe-Signature"]))
            self.send_response(500 if len(came) == 1 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", came
    server.shutdown()
    server.server_close()


def waited(condition: object, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if callable(condition) and condition():
            return True
        time.sleep(0.02)
    return False


def test_an_event_is_signed_and_sent_again_until_somebody_says_yes(
    story: Story, hook: tuple[str, list[tuple[bytes, str]]]
) -> None:
    url, came = hook
    endpoint = story.v1.webhook_endpoints.create(
        {"url": url, "enabled_events": ["customer.created"], "api_version": VERSION}
    )
    story.new_customer(None)
    story.v1.products.create({"name": "Nobody asked for this event"})
    assert waited(lambda: len(came) == 2)
    assert endpoint.secret is not None
    events = [story.client.construct_event(body, signature, endpoint.secret) for body, signature in came]
    assert [one.type for one in events] == ["customer.created"] * 2
    assert events[0].id == events[1].id
    with pytest.raises(stripe.SignatureVerificationError):
        story.client.construct_event(came[0][0], came[0][1], "whsec_another")


def test_what_is_held_is_sent_by_the_test_itself(story: Story) -> None:
    endpoint = story.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
    story.control("webhooks", mode="hold")
    story.subscribe()
    waiting = story.control("webhooks")["waiting"]
    assert [one["type"] for one in waiting][-1] == "customer.subscription.created"
    sent = story.control("signed", event=waiting[-1]["event"], endpoint=endpoint.id)
    event = story.client.construct_event(sent["body"], sent["signature"], endpoint.secret or "")
    assert event.data.object["object"] == "subscription"


def test_what_happened_is_still_there_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "stripe.json"
    with running(file=file) as server:
        story = Story(client_at(server), server)
        subscription = story.subscribe()
    assert json.loads(file.read_text())
    with running(file=file) as server:
        client = client_at(server)
        later = client.v1.test_helpers.test_clocks.list().data[0]
        client.v1.test_helpers.test_clocks.advance(later.id, {"frozen_time": later.frozen_time + 29 * 86400})
        assert len(client.v1.invoices.list({"subscription": subscription.id}).data) == 2


def client_at(server: LocalStripe) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_kept", base_addresses={"api": server.url}, stripe_version=VERSION)
