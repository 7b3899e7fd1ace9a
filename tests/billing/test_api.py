"""Paid memberships over REST: from the plans on offer to leaving, changing and money back, each wish done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from billing.models import Checkout, Refund, Subscription
from core import clock
from core.api import limits
from core.tables import AuditEntry, IdempotencyRecord
from tenants.models import Brand
from tests.api.cast import Api, key_made, refused
from tests.billing.cast import Club
from tests.billing.test_behaviours_changes import bad_card

Json = dict[str, Any]


@pytest.fixture
def api(club: Club, brand: Brand, client_for: Callable[..., Client]) -> Api:
    limits.forget_all()
    return Api(client_for(brand), key_made()[1])


def one(row: Subscription, act: str = "") -> str:
    return f"subscriptions/{row.public_id}{'/' if act else ''}{act}"


def test_plans_are_told_with_their_prices_and_for_a_member_with_the_trial(club: Club, api: Api) -> None:
    ann = club.somebody(external_id="C-1")
    plans = {each["code"]: each for each in api.get("plans").json()["results"]}
    assert list(plans) == ["basic", "plus", "max", "trial", "season"]
    assert [each["code"] for each in plans["plus"]["prices"]] == ["month-EUR", "year-EUR"]
    assert plans["season"]["prices"] == [
        {"code": "once-EUR", "amount_minor": 3000, "currency": "EUR", "every": "once", "countries": []}
    ]
    assert (plans["season"]["valid_months"], plans["plus"]["tier"]) == (12, {"ladder": "main", "tier": "advocate"})
    assert plans["trial"]["member"] is None
    club.joined(ann)
    seen = {each["code"]: each["member"] for each in api.get("plans?member=ext:C-1&program=club").json()["results"]}
    assert seen["plus"] == {"trial_days": 0, "mine": True, "can_join": False}
    assert seen["trial"] == {"trial_days": 14, "mine": False, "can_join": True}
    refused(api.get("plans?program=none"), 422, "unknown_program")
    refused(api.get("plans?member=ext:nobody"), 404, "member_not_found")


def test_a_partner_takes_a_member_from_joining_to_leaving(club: Club, api: Api) -> None:
    ann = club.somebody(external_id="C-1")
    wish = {"plan": "plus", "price": "month-EUR", "success_url": "https://shop.example/ok"}
    refused(api.post("members/ext:C-1/subscriptions", wish), 400, "idempotency_key_missing")
    made = api.post("members/ext:C-1/subscriptions", wish, once="j-1")
    assert made.status_code == 201
    assert made["Location"] == "/api/v1/members/ext:C-1/subscriptions"
    assert made.json()["subscription"] is None
    assert datetime.fromisoformat(made.json()["checkout_expires_at"]) > clock.now()
    assert api.post("members/ext:C-1/subscriptions", wish, once="j-1").json() == made.json()
    assert Checkout.objects.count() == 1
    assert club.press(made.json()["checkout_url"]).status == 303
    club.settle()
    [listed] = api.get("members/ext:C-1/subscriptions").json()["results"]
    assert (listed["state"], listed["plan"], listed["access"]) == ("active", "plus", "held")
    assert listed["next_charge"]["amount_minor"] == 1000
    row = club.subscription(ann)
    told = api.get(one(row)).json()
    assert told["subscription"] == listed
    assert [each["paid_minor"] for each in told["invoices"]] == [1000]
    assert "started" in [each["what"] for each in told["timeline"]]
    said = {"reason": "unused", "comment": "I moved away"}
    left = api.post(one(row, "cancel"), said, once="c-1").json()
    assert (left["state"], left["cancel_at"], left["next_charge"]) == ("active", left["period_end"], None)
    assert api.post(one(row, "cancel"), said, once="c-1").json() == left
    assert "moved away" not in str(api.get(one(row)).json())
    kept = api.post(one(row, "keep"), {}, once="k-1").json()
    assert (kept["cancel_at"], kept["state"]) == (None, "active")
    gone = api.post(one(row, "cancel"), {"when": "now"}, once="c-2").json()
    assert (gone["state"], gone["access"]) == ("ended", "over")
    refused(api.post(one(row, "cancel"), {"when": "now"}, once="c-3"), 409, "not_possible_now")
    assert AuditEntry.objects.filter(action="subscription.cancel_asked", actor__startswith="api:").count() == 2


def test_a_free_plan_begins_at_once_and_what_can_not_be_joined_says_why(club: Club, api: Api) -> None:
    club.somebody(external_id="C-1")
    where = "members/ext:C-1/subscriptions"
    begun = api.post(where, {"plan": "basic"}, once="1").json()
    assert (begun["subscription"]["state"], begun["checkout_url"]) == ("free", None)
    refused(api.post(where, {"plan": "basic"}, once="2"), 409, "already_subscribed", "plan")
    refused(api.post(where, {"plan": "gold"}, once="3"), 422, "plan_not_found", "plan")
    refused(api.post(where, {"plan": "plus"}, once="4"), 422, "price_not_offered", "price")
    refused(api.post(where, {"plan": "plus", "success_url": "javascript:x"}, once="5"), 422, "invalid_input")
    refused(api.post("members/ext:no/subscriptions", {"plan": "basic"}, once="6"), 404, "member_not_found")
    refused(api.post(where, {"plan": "max"}, once="1"), 422, "idempotency_key_reused")
    ended = api.post(one_named(begun, "cancel"), {}, once="7").json()
    assert ended["state"] == "ended"
    refused(api.post(one_named(begun, "skip"), {}, once="8"), 409, "not_possible_now")
    nobody = "subscriptions/0192f0c4-5a10-7b3c-8e11-4d9f2c6a7b01"
    refused(api.get(nobody), 404, "subscription_not_found")
    refused(api.post(f"{nobody}/cancel", {}, once="9"), 404, "subscription_not_found")


def one_named(begun: Json, act: str) -> str:
    return f"subscriptions/{begun['subscription']['id']}/{act}"


def test_a_change_is_charged_as_it_was_shown_and_refused_when_it_is_not_that_any_more(club: Club, api: Api) -> None:
    row = club.joined(club.somebody())
    club.advance(days=10)
    shown = api.get(one(row, "change?plan=max")).json()
    assert (shown["at"], shown["due_minor"] > 0, shown["price"]) == ("now", True, "month-EUR")
    wish = {"plan": "max", "shown_at": shown["shown_at"], "due_minor": shown["due_minor"]}
    refused(api.post(one(row, "change"), {**wish, "due_minor": 1}, once="1"), 409, "preview_stale", "due_minor")
    refused(api.post(one(row, "change"), {**wish, "shown_at": "2026-01-01T00:00:00"}, once="2"), 422, "invalid_input")
    before = club.charged()
    changed = api.post(one(row, "change"), wish, once="3").json()
    assert (changed["plan"], club.charged() - before) == ("max", shown["due_minor"])
    assert api.post(one(row, "change"), wish, once="3").json() == changed
    down = api.get(one(row, "change?plan=plus&price=month-EUR")).json()
    assert (down["at"], down["due_minor"]) == ("period_end", 0)
    wish = {"plan": "plus", "price": "month-EUR", "shown_at": down["shown_at"], "due_minor": 0}
    coming = api.post(one(row, "change"), wish, once="4").json()
    assert (coming["plan"], coming["next_plan"], coming["next_charge"]["amount_minor"]) == ("max", "plus", 1000)
    assert api.post(one(row, "change/withdraw"), {}, once="5").json()["next_plan"] is None
    refused(api.get(one(row, "change?plan=season")), 422, "price_not_offered", "plan")
    assert club.charged() - before == shown["due_minor"]


def test_a_payment_that_fails_is_402_and_says_where_it_can_be_paid(club: Club, api: Api) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    bad_card(club, ann)
    club.advance(days=10)
    shown = api.get(one(row, "change?plan=max")).json()
    wish = {"plan": "max", "shown_at": shown["shown_at"], "due_minor": shown["due_minor"]}
    problem = refused(api.post(one(row, "change"), wish, once="1"), 402, "payment_needed")
    assert problem["url"].startswith("http")
    assert api.get(one(row)).json()["subscription"]["plan"] == "plus"


def test_cycles_are_skipped_paused_and_gone_on_with(club: Club, api: Api) -> None:
    row = club.joined(club.somebody())
    skipped = api.post(one(row, "skip"), {}, once="1").json()
    assert datetime.fromisoformat(skipped["next_charge"]["at"]) > datetime.fromisoformat(skipped["period_end"])
    assert api.post(one(row, "skip"), {}, once="1").json() == skipped
    refused(api.post(one(row, "skip"), {}, once="2"), 409, "not_possible_now")
    on = api.post(one(row, "resume"), {}, once="3").json()
    assert (on["resumes_at"], on["next_charge"]["at"]) == (None, on["period_end"])
    refused(api.post(one(row, "pause"), {"months": 7}, once="4"), 422, "invalid_input", "months")
    assert api.post(one(row, "pause"), {"months": 2}, once="5").json()["resumes_at"] is not None
    assert club.charged() == 1000


def test_money_back_needs_a_scope_of_its_own_and_is_paid_once(
    club: Club, api: Api, brand: Brand, client_for: Callable[..., Client]
) -> None:
    ann, bob = club.somebody(), club.somebody("Bob")
    row = club.joined(ann)
    club.joined(bob)
    [mine], [other] = club.invoices(ann), club.invoices(bob)
    wish = {"invoice": str(mine.public_id), "amount_minor": 250, "reason": "Late"}
    others = Api(client_for(brand), key_made(scopes=["memberships:read", "memberships:write"])[1])
    refused(others.post(one(row, "refunds"), wish, once="0"), 403, "scope_missing")
    made = api.post(one(row, "refunds"), wish, once="1")
    assert (made.status_code, made.json()["amount_minor"], made.json()["left_minor"]) == (201, 250, 750)
    IdempotencyRecord.objects.all().delete()
    assert api.post(one(row, "refunds"), wish, once="1").json()["id"] == made.json()["id"]
    assert (Refund.objects.count(), club.charged()) == (1, 1750)
    refused(
        api.post(one(row, "refunds"), {**wish, "amount_minor": 751}, once="2"), 422, "invalid_input", "amount_minor"
    )
    wrong = {**wish, "invoice": str(other.public_id)}
    refused(api.post(one(row, "refunds"), wrong, once="3"), 422, "invoice_not_found", "invoice")
    rest = api.post(one(row, "refunds"), {"invoice": str(mine.public_id), "reason": "All"}, once="4").json()
    assert (rest["amount_minor"], rest["left_minor"]) == (750, 0)
    refused(api.post(one(row, "refunds"), wish, once="5"), 409, "not_possible_now")


@pytest.mark.parametrize(
    ("fault", "status", "code"), [("lost_reply", 503, "stripe_unavailable"), ("refused", 503, "stripe_unavailable")]
)
def test_a_service_that_is_away_is_503_and_the_same_request_again_does_it_once(
    club: Club, api: Api, fault: str, status: int, code: str
) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    [invoice] = club.invoices(ann)
    wish = {"invoice": str(invoice.public_id), "amount_minor": 100, "reason": "Late"}
    club.control("faults", faults=[{"method": "POST", "path": "/v1/refunds", "kind": fault, "times": 3}])
    away = api.post(one(row, "refunds"), wish, once="1")
    refused(away, status, code)
    assert away["Retry-After"] == "5"
    assert api.post(one(row, "refunds"), wish, once="1").status_code == 201
    assert (len(club.things("refund")), club.charged()) == (1, 900)


def test_times_are_told_in_utc(club: Club, api: Api) -> None:
    row = club.joined(club.somebody())
    told = api.get(one(row)).json()["subscription"]["started_at"]
    assert datetime.fromisoformat(told) == row.started_at.astimezone(UTC)
