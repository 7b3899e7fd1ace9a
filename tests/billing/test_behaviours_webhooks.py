"""Behaviours 1 to 8 of the specification: whose an event is, that it counts once, in any order, and never gets lost."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from billing import connections, hookaccounts, tasks, waking
from billing.models import (
    BillingOperation,
    BillingReport,
    QuarantinedEvent,
    StripeConnection,
    StripeEvent,
    Subscription,
)
from billing.reconciling import events_reconcile, subscriptions_reconcile
from billing.webhooks import event_keep
from billing.working import event_replay, events_work
from core import clock
from sandbox.stripe import delivery
from sandbox.stripe.server import LocalStripe
from tenants.context import brand_context
from tenants.models import Brand
from tests.api.cast import statements
from tests.billing.cast import Club, told
from tests.billing.test_behaviours_changes import bad_card
from tests.loyalty import shop
from tests.trials.scale import size


def test_behaviour_1_two_brands_with_the_same_member_never_meet(
    club: Club, stand_in: LocalStripe, other_brand: Brand, client_for: Callable[..., Client]
) -> None:
    ann = club.somebody("Ann", email="ann@example.com")
    with brand_context(other_brand):
        theirs = Club(stand_in, f"{club.key}other", other_brand, client_for(other_brand))
        twin = theirs.somebody("Ann", email="ann@example.com")
    row = club.joined(ann)
    with brand_context(other_brand):
        assert Subscription.objects.count() == StripeEvent.objects.count() == 0
        # An event of the one, sent to the other: its signature is another account's.
        event = club.things("event")[-1]["id"]
        told = club.control("signed", event=event, endpoint=club.connection.endpoint_id)
        answer = theirs.hook(told["body"].encode(), told["signature"])
        assert (answer.status_code, StripeEvent.objects.count()) == (400, 0)
        theirs.joined(twin)
        assert theirs.subscription(twin).stripe_id != row.stripe_id
    assert Subscription.objects.filter(member=ann).count() == 1
    assert club.account.id != theirs.account.id


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"api_version": "2020-08-27"}, "webhook_version"),
        ({"livemode": True}, "webhook_mode"),
        ({"account": "acct_somebody"}, "webhook_account"),
        ({"data": {"object": []}}, "webhook_body"),
        ({"created": 10**20}, "webhook_body"),
    ],
)
def test_behaviour_3_an_event_of_another_version_mode_or_account_or_of_none_is_refused(
    club: Club, change: dict[str, Any], code: str
) -> None:
    import json

    club.join(club.somebody())
    event = club.things("event")[-1]["id"]
    body = json.dumps({**json.loads(club.signed(event)[0]), **change}).encode()
    [endpoint] = club.things("webhook_endpoint")
    signature = delivery.signature(endpoint["_secret"], body, int(timezone.now().timestamp()))
    answer = club.hook(body, signature)
    assert (answer.status_code, answer.content.decode().strip(), StripeEvent.objects.count()) == (400, code, 0)


@pytest.mark.parametrize("age", [301, -120])
def test_behaviour_3_a_signature_that_is_old_or_of_the_future_is_refused(club: Club, age: int) -> None:
    club.join(club.somebody())
    event = club.things("event")[-1]["id"]
    at = int(timezone.now().timestamp()) - age
    told = club.control("signed", event=event, endpoint=club.connection.endpoint_id, at=at)
    assert club.hook(told["body"].encode(), told["signature"]).status_code == 400


def test_behaviour_3_a_signature_of_another_secret_is_refused(club: Club) -> None:
    club.join(club.somebody())
    body, _right = club.signed(club.things("event")[-1]["id"])
    wrong = delivery.signature("whsec_somebody", body, int(timezone.now().timestamp()))
    assert club.hook(body, wrong).status_code == 400
    assert club.hook(body, "").status_code == 400
    assert club.hook(b"not json", delivery.signature("whsec_x", b"not json", 1)).status_code == 400


def test_behaviour_2_a_new_secret_takes_over_and_the_old_one_is_taken_for_a_day(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hookaccounts, "KEPT_SECONDS", 0.0)
    club.join(club.somebody())
    event = club.things("event")[-1]["id"]
    body, old = club.signed(event)
    connections.secret_rotate(connection=club.connection, actor=shop.STAFF)
    club.connection.refresh_from_db()
    [endpoint] = club.things("webhook_endpoint")
    assert endpoint["id"] == club.connection.endpoint_id
    assert club.hook(body, old).status_code == 200
    assert club.hook(*club.signed(event)).status_code == 200
    assert StripeEvent.objects.count() == 1
    StripeConnection.objects.update(old_secret_until=timezone.now() - timedelta(seconds=1))
    assert club.hook(body, old).status_code == 400


def test_behaviour_2_a_key_is_in_no_row_that_can_be_read_and_in_no_page(club: Club) -> None:
    from core.tables import AuditEntry, OutboxMessage

    club.joined(club.somebody())
    [endpoint] = club.things("webhook_endpoint")
    rows: list[Any] = []
    for model in (StripeConnection, StripeEvent, BillingOperation, AuditEntry, OutboxMessage):
        rows += list(model.objects.values())
    assert club.key not in str(rows)
    assert endpoint["_secret"] not in str(rows)


def test_behaviour_2_another_key_takes_over_once_stripe_has_taken_it(club: Club) -> None:
    club.control("keys", add=f"{club.key}new")
    connections.connection_key_change(connection=club.connection, key=f"{club.key}new", actor=shop.STAFF)
    club.control("keys", revoke=club.key)
    club.key = f"{club.key}new"
    club.connection.refresh_from_db()
    assert club.connection.key_last4 == "1new"[-4:] or club.connection.key_last4.endswith("new")
    ann = club.somebody()
    assert club.joined(ann).billing == "active"


def test_behaviour_31_a_key_of_another_account_never_takes_over(club: Club, key: str) -> None:
    from billing.errors import AccountChanged, KeyNotAccepted

    with pytest.raises(AccountChanged):
        connections.connection_key_change(connection=club.connection, key=f"{key}foreign", actor=shop.STAFF)
    with pytest.raises(KeyNotAccepted):
        connections.connection_key_change(connection=club.connection, key="rk_live_other_mode", actor=shop.STAFF)
    club.connection.refresh_from_db()
    assert club.connection.key_last4 == key[-4:]


def test_behaviour_4_the_same_event_twice_has_one_effect(club: Club) -> None:
    ann = club.somebody()
    club.press(club.join(ann).url)
    waiting = club.waiting()
    club.deliver(waiting + waiting)
    club.work()
    club.deliver(waiting)
    club.work()
    assert StripeEvent.objects.count() == len(waiting)
    assert (Subscription.objects.count(), len(told("invoice.paid")), club.points(ann)) == (1, 1, 60)


def resigned(club: Club, body: bytes) -> tuple[bytes, str]:
    """Another body with a signature that is right."""
    [endpoint] = club.things("webhook_endpoint")
    return body, delivery.signature(endpoint["_secret"], body, int(timezone.now().timestamp()))


def test_behaviour_4_the_same_id_with_another_content_is_kept_apart_and_told_once(club: Club) -> None:
    ann = club.somebody()
    club.press(club.join(ann).url)
    waiting = club.waiting()
    club.deliver(waiting)
    club.work()
    before = end_state(club, ann)
    body, signature = club.signed(waiting[-1]["event"])
    counted = body.replace(b'"pending_webhooks": 1', b'"pending_webhooks": 0')
    assert counted != body
    assert club.hook(*resigned(club, counted)).status_code == 200
    assert QuarantinedEvent.objects.count() == 0
    other = body.replace(club.customer(ann).encode(), b"cus_somebodyelse")
    for _time in range(2):
        assert club.hook(*resigned(club, other)).status_code == 200
    [apart] = QuarantinedEvent.objects.all()
    assert (apart.event_id, apart.by) == (waiting[-1]["event"], "webhook")
    assert "cus_somebodyelse" in str(apart.body)
    assert "cus_somebodyelse" not in str(StripeEvent.objects.get(event_id=apart.event_id).body)
    [said] = told("billing.attention")
    assert (said["what"], said["event_id"]) == ("event_differs", apart.event_id)
    club.work()
    assert end_state(club, ann) == before
    assert not StripeEvent.objects.exclude(state="done").exists()
    assert club.hook(body, signature).status_code == 200


def test_behaviour_4_what_a_list_told_in_other_words_is_no_quarantine(club: Club) -> None:
    club.press(club.join(club.somebody()).url)
    [first, *_rest] = club.waiting()
    body, signature = club.signed(first["event"])
    event_keep(club.connection, {**msgspec.json.decode(body), "api_version": "2020-08-27"}, by="list")
    assert club.hook(body, signature).status_code == 200
    assert QuarantinedEvent.objects.count() == 0


def test_a_webhook_is_answered_after_two_statements_and_those_after_it_read_no_account(club: Club) -> None:
    """What the answer waits for: whose it is, where that isn't known yet, and that it is kept. `make bench NAME=hook`
    times it."""
    club.press(club.join(club.somebody()).url)
    body, signature = club.signed(club.waiting()[0]["event"])
    new = statements(lambda: club.hook(body, signature))
    assert [each.split()[0] for each in new] == ["SELECT", "INSERT"], new
    known = statements(lambda: club.hook(body, signature))
    assert [each.split()[0] for each in known] == ["INSERT", "SELECT"], known


def end_state(club: Club, who: Any) -> dict[str, Any]:
    row = club.subscription(who)
    return {
        "billing": row.billing,
        "access": row.access,
        "until": row.access_until,
        "paid_until": row.paid_until,
        "points": club.points(who),
        "plan": club.plan(who),
        "invoices": [(each.stripe_id, each.status, each.paid_minor) for each in club.invoices(who)],
        "told": sorted(each["key"] for each in told("invoice.paid")),
    }


# How many orders of each kind are worked: some in `make test`, all of them in `make soak`.
ORDERS = size(24, 5040)


def orders_of(waiting: list[dict[str, Any]]) -> list[tuple[dict[str, Any], ...]]:
    """As many as there is room for, spread over all; the first is the one in which they were sent."""
    every = math.factorial(len(waiting))
    return list(itertools.islice(itertools.permutations(waiting), 0, None, max(1, every // ORDERS)))[:ORDERS]


def ends_of(club: Club, who: Any, waiting: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where each order ends, worked event by event from the same beginning."""
    ends = []
    for order in orders_of(waiting):
        with transaction.atomic():
            for each in order:
                club.deliver([each])
                events_work()
            club.work()
            ends.append(end_state(club, who))
            transaction.set_rollback(True)
    return ends


def test_behaviour_5_every_order_of_a_joins_events_ends_the_same(club: Club) -> None:
    ann = club.somebody()
    club.press(club.join(ann).url)
    waiting = [each for each in club.waiting() if club.thing("event", each["event"])["type"] in MAIN]
    ends = ends_of(club, ann, waiting)
    assert len(waiting) >= 4
    assert all(each == ends[0] for each in ends)
    assert ends[0]["points"] == 60


@pytest.mark.parametrize(("declines", "state", "points"), [(False, "active", 70), (True, "past_due", 60)])
def test_behaviour_5_every_order_of_a_renewals_events_ends_the_same(
    club: Club, declines: bool, state: str, points: int
) -> None:
    """One that is paid, and one whose card declines."""
    ann = club.somebody()
    row = club.joined(ann)
    if declines:
        bad_card(club, ann)
    assert row.period_end is not None
    club.advance(to=row.period_end + timedelta(hours=2))
    waiting = [each for each in club.waiting() if club.thing("event", each["event"])["type"] in MAIN]
    ends = ends_of(club, ann, waiting)
    assert len(waiting) >= 4
    assert all(each == ends[0] for each in ends)
    assert (ends[0]["billing"], ends[0]["points"], len(ends[0]["invoices"])) == (state, points, 2)


MAIN = {
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "invoice.created",
    "invoice.paid",
    "invoice.finalized",
    "invoice.payment_failed",
}


def test_behaviour_6_what_never_arrived_is_found_and_put_right_once(club: Club) -> None:
    ann = club.somebody()
    club.press(club.join(ann).url)
    assert club.waiting()
    assert club.plan(ann) is None
    report = events_reconcile(club.connection)
    club.work()
    assert (report.repaired, report.problem) == (report.differences.count(), "")
    assert report.repaired > 0
    assert (club.plan(ann), club.points(ann)) == ("plus", 60)
    club.connection.refresh_from_db()
    again = events_reconcile(club.connection)
    assert (again.repaired, again.differences.count()) == (0, 0)


def test_behaviour_6_the_nightly_comparison_finds_what_no_event_tells(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    # Somebody at the dashboard let it end, and all that was told of it is gone.
    row = club.subscription(ann)
    club.server.state.by_key(club.key)
    club.control("keys")  # the account is there
    from billing.gateway import ask

    ask(club.connection, lambda v1: v1.subscriptions.update(str(row.stripe_id), {"cancel_at_period_end": True}))
    club.waiting()
    report = subscriptions_reconcile(club.connection)
    assert [(each.kind, each.repaired) for each in report.differences.all()] == [("other_state", True)]
    assert club.subscription(ann).cancel_at == club.subscription(ann).period_end
    again = subscriptions_reconcile(club.connection)
    assert (again.repaired, again.differences.count()) == (0, 0)


def test_behaviour_7_a_worker_that_died_is_made_good(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = club.somebody()
    club.press(club.join(ann).url)
    club.deliver()

    class Died(BaseException):
        pass

    def dies(*_given: Any) -> None:
        raise Died

    with monkeypatch.context() as broken:
        broken.setattr("billing.working.customer_sync", dies)
        with pytest.raises(Died):
            events_work()
    assert StripeEvent.objects.filter(state="waiting").count() == StripeEvent.objects.count()
    club.work()
    assert (club.plan(ann), club.points(ann)) == ("plus", 60)
    event_replay(StripeEvent.objects.order_by("pk")[0])
    club.work()
    assert club.points(ann) == 60


def test_behaviour_8_a_lost_reply_and_its_repetition_make_one_object(club: Club) -> None:
    from billing.errors import StripeUnavailable

    ann = club.somebody()
    lost = [{"method": "POST", "path": "/v1/customers", "kind": "lost_reply", "times": 3}]
    club.control("faults", faults=lost)
    with pytest.raises(StripeUnavailable):
        club.join(ann)
    assert BillingOperation.objects.get(kind="customer_create").state == "open"
    club.join(ann)
    assert len(club.things("customer")) == 1
    assert BillingOperation.objects.get(kind="customer_create").state == "done"


def test_a_stripe_that_is_away_costs_time_and_nothing_else(club: Club) -> None:
    ann = club.somebody()
    club.press(club.join(ann).url)
    club.deliver()
    club.control("faults", faults=[{"kind": "status", "status": 503, "times": 100}])
    events_work()
    assert StripeEvent.objects.filter(state="waiting", attempts__gt=0).exists()
    club.control("faults", faults=[])
    club.advance(days=1 / 24)
    club.work()
    assert club.plan(ann) == "plus"


def test_behaviour_29_a_revoked_key_locks_nobody_out_and_is_told_once(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.control("keys", add=f"{club.key}spare")
    club.control("keys", revoke=club.key)
    report = events_reconcile(club.connection)
    events_reconcile(club.connection)
    club.connection.refresh_from_db()
    assert (report.problem, club.connection.health) == ("stripe_key_refused", "key_refused")
    assert len(told("billing.attention")) == 1
    assert club.plan(ann) == "plus"
    club.brand.clock_shift += timedelta(days=20)
    assert club.subscription(ann).holds(clock.now())
    assert BillingReport.objects.exclude(problem="").count() == 2


def test_a_worker_is_sent_once_for_what_is_told_of_a_customer_at_about_the_same_time(
    club: Club, settings: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(waking, "_served_until", {})
    monkeypatch.setattr(waking, "current_app", SimpleNamespace(conf=SimpleNamespace(task_always_eager=False)))
    clock_now = [100.0]
    monkeypatch.setattr(waking, "monotonic", lambda: clock_now[0])
    sent: list[int] = []
    monkeypatch.setattr(tasks.stripe_event, "apply_async", lambda args, **_more: sent.append(args[0]))
    club.joined(club.somebody("Ann"))
    StripeEvent.objects.all().delete()
    club.press(club.join(club.somebody("Bob")).url)
    with django_capture_on_commit_callbacks(execute=True):
        club.deliver()
    waking._calls.join()
    told_of = dict(StripeEvent.objects.values_list("pk", "customer"))
    assert len(told_of) > len(sent) >= len({each for each in told_of.values() if each})
    # The first is worked by the sweep before the worker comes, who finds the others all the same.
    [first, *_rest] = [each for each in sent if told_of[each]]
    StripeEvent.objects.filter(pk=first).update(state="done")
    tasks.stripe_event(first)
    assert not StripeEvent.objects.filter(customer=told_of[first], state="waiting").exists()
    clock_now[0] += 1
    sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        waking.event_wake(first, club.connection.pk, told_of[first])
    waking._calls.join()
    assert sent == [first]
