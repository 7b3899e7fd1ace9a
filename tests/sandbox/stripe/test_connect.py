"""Stripe Connect at the local Stripe: accounts of a platform's, and what it hears of them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from sandbox.stripe import delivery, pages
from sandbox.stripe.controls import CONTROLS
from sandbox.stripe.server import LocalStripe
from sandbox.stripe.state import State

BACK: Any = {"return_url": "http://gem.example/back", "refresh_url": "http://gem.example/again"}


def opened(client: stripe.StripeClient) -> str:
    return str(client.v1.accounts.create({"type": "standard", "country": "NL", "email": "a@example.com"}).id)


def way(client: stripe.StripeClient, account: str) -> str:
    asked: Any = {"account": account, "type": "account_onboarding", **BACK}
    link = client.v1.account_links.create(asked)
    return urlsplit(link.url).path


def test_an_account_takes_payments_once_its_owner_has_said_who_they_are(
    client: stripe.StripeClient, local_stripe: LocalStripe
) -> None:
    named = opened(client)
    before: Any = client.v1.accounts.retrieve(named)
    assert (before.charges_enabled, bool(before.requirements.currently_due)) == (False, True)
    path = way(client, named)
    assert "Name of the business" in pages.answer(local_stripe.state, "GET", path, "", "").html
    done = pages.answer(local_stripe.state, "POST", path, "", "press=done&name=Gem")
    assert (done.status, done.location) == (303, BACK["return_url"])
    after: Any = client.v1.accounts.retrieve(named)
    assert (after.charges_enabled, after.requirements.currently_due) == (True, [])
    assert after.settings.dashboard.display_name == "Gem"


def test_a_way_that_was_used_leads_to_a_new_one(client: stripe.StripeClient, local_stripe: LocalStripe) -> None:
    path = way(client, opened(client))
    pages.answer(local_stripe.state, "POST", path, "", "press=later")
    again = pages.answer(local_stripe.state, "GET", path, "", "")
    assert (again.status, again.location) == (303, BACK["refresh_url"])


def test_the_platform_hears_whose_an_event_is_and_the_accounts_own_endpoint_does_not(
    client: stripe.StripeClient, local_stripe: LocalStripe
) -> None:
    named = opened(client)
    heard: Any = client.v1.webhook_endpoints.create(
        {"url": "http://localhost:1/", "enabled_events": ["*"], "connect": True}
    )
    client.v1.customers.create({"email": "ann@example.com"}, {"stripe_account": named})
    client.v1.customers.create({"email": "of-the-platform@example.com"})
    state = local_stripe.state
    with state.lock:
        account, platform = state.accounts[named], state.accounts[named].platform
        assert platform is not None
        events = [each["event"] for each in account.deliveries if each["endpoint"] == heard.id]
        from_here = [each for each in platform.deliveries if each["endpoint"] == heard.id]
        [event] = [each for each in events if account.get("event", each)["type"] == "customer.created"]
        body = json.loads(delivery.body_of(account, event, delivery.endpoint_of(account, heard.id)))
    assert (body["account"], from_here) == (named, [])


def test_a_platform_whose_access_was_taken_away_reads_nothing_more(
    client: stripe.StripeClient, local_stripe: LocalStripe
) -> None:
    named = opened(client)
    with local_stripe.state.lock:
        platform = local_stripe.state.accounts[named].platform
        assert platform is not None
        CONTROLS["deauthorize"](platform, {"account": named})
    with pytest.raises(stripe.PermissionError) as refused:
        client.v1.customers.list({}, {"stripe_account": named})
    body: Any = refused.value.json_body
    assert body["error"]["code"] == "account_invalid"


def test_who_opened_whom_is_still_known_after_a_restart(tmp_path: Any) -> None:
    file = tmp_path / "state.json"
    state = State(file)
    platform = state.by_key("sk_test_restart")
    made = platform.sibling()
    made.platform = platform
    platform.connected.append(made.id)
    state.dirty = True
    state.save()
    again = State(file)
    assert again.accounts[made.id].platform is again.by_key("sk_test_restart")


def test_a_brand_of_the_demo_is_reached_where_no_name_below_localhost_resolves() -> None:
    assert delivery.reach("roast.localhost") == "127.0.0.1"
    assert delivery.reach("hooks.example.com") == "hooks.example.com"
