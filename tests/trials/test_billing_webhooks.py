"""Trial 8, inbound webhooks: a join, a renewal and a cancellation told in any order, doubled, late and lost, while
Stripe goes on: it always ends where Stripe is. And trial 6: a lost reply, and the same wish again: one charge.

`make test` runs a few, `make soak` 5,000 sequences, 1,000 lost replies and 100 forgeries.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from billing.changing import subscription_change, subscription_preview
from billing.errors import StripeUnavailable
from billing.leaving import subscription_cancel
from billing.models import BillingOperation, StripeConnection, StripeEvent, Subscription
from billing.plans import plan_named
from billing.reconciling import events_reconcile, subscriptions_reconcile
from billing.refunding import invoice_refund
from billing.sending import GuardedClient
from billing.working import events_work
from members.models import Member
from sandbox.stripe import delivery
from sandbox.stripe.server import LocalStripe, running
from tenants.models import Brand
from tests.billing.cast import Club, told
from tests.loyalty import shop
from tests.trials.scale import rounds, size

pytestmark = pytest.mark.trial

LOST, FORGERIES = size(5, 1_000), size(20, 100)


@pytest.fixture(scope="module")
def stand_in_process() -> Iterator[LocalStripe]:
    with running() as server:
        yield server


@pytest.fixture
def club(
    stand_in_process: LocalStripe, settings: Any, monkeypatch: pytest.MonkeyPatch, brand: Brand,
    client_for: Callable[..., Client], request: pytest.FixtureRequest,
) -> Iterator[Club]:  # fmt: skip
    settings.STRIPE_API_BASE = stand_in_process.url
    settings.EGRESS_STAND_INS = frozenset({stand_in_process.url.removeprefix("http://")})
    monkeypatch.setattr("billing.sending.GuardedClient._sleep_time_seconds", lambda *_given: 0.0)
    shift = brand.clock_shift
    name = f"rk_test_trial{abs(hash(request.node.nodeid)) % 10**8:08d}"
    yield Club(stand_in_process, name, brand, client_for(brand))
    brand.clock_shift = shift


class Readings:
    """What Stripe answers to who reads it, asked once for each stage: there nothing changes but by our own writing,
    after which all is asked anew. Without it, 5,000 sequences are hours of the same questions."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.known: dict[tuple[int, str], Any] = {}
        self.stage: int | None = None
        self.asked = self.spared = 0
        plain = GuardedClient.request

        def request(
            client: GuardedClient, method: str, url: str, headers: Any, post_data: Any = None, **more: Any
        ) -> Any:
            if method.upper() != "GET":
                self.stage = None
            # What was sent since some moment is another question each time.
            if self.stage is None or "/v1/events" in url:
                self.asked += 1
                return plain(client, method, url, headers, post_data, **more)
            if (self.stage, url) not in self.known:
                self.asked += 1
                self.known[self.stage, url] = plain(client, method, url, headers, post_data, **more)
            else:
                self.spared += 1
            return self.known[self.stage, url]

        patch.setattr(GuardedClient, "request", request)


class Stage:
    """Stripe as it stood then, the brand's clock, and what had been sent by then."""

    def __init__(self, club: Club, events: list[str], number: int, readings: Readings) -> None:
        self.number, self.readings = number, readings
        # Thousands of copies are made of it: this is the fastest way to one.
        self.account: bytes = pickle.dumps(club.account)
        self.id: str = club.account.id
        self.shift: timedelta = club.brand.clock_shift
        self.events = events

    def enter(self, club: Club) -> None:
        with club.server.state.lock:
            club.server.state.accounts[self.id] = pickle.loads(self.account)
        club.brand.clock_shift = self.shift
        self.readings.stage = self.number


def stages(club: Club, who: Member, readings: Readings) -> list[Stage]:
    """A member joins, renews, leaves at the end of the second period, and is gone."""
    sent: list[str] = []
    found: list[Stage] = []

    def stage() -> Stage:
        sent.extend(each["event"] for each in club.waiting())
        return Stage(club, list(sent), len(found), readings)

    club.press(club.join(who).url)
    found.append(stage())
    club.advance(days=32)
    found.append(stage())
    with transaction.atomic():
        club.deliver([{"event": each} for each in sent])
        club.work()
        subscription_cancel(subscription=club.subscription(who), actor=shop.STAFF)
        transaction.set_rollback(True)
    found.append(stage())
    club.advance(days=30)
    found.append(stage())
    return found


def ending(club: Club, who: Member) -> dict[str, Any]:
    row = club.subscription(who)
    return {
        "row": (row.billing, row.access, row.paid_until, row.ended_at, row.cancel_at, row.plan.code),
        "points": club.points(who),
        "plan": club.plan(who),
        "invoices": [(each.stripe_id, each.status, each.paid_minor) for each in club.invoices(who)],
        "paid": sorted(each["key"] for each in told("invoice.paid")),
        "started": len(told("subscription.started")),
        "ended": len(told("subscription.ended")),
    }


def told_badly(club: Club, steps: list[Stage], chance: Random) -> None:
    """Each stage: some of what was sent by then, some of it again, in any order, some of it worked at once."""
    for stage in steps:
        stage.enter(club)
        chosen = [each for each in stage.events for _copy in range(chance.choice((0, 0, 1, 1, 2, 3)))]
        chance.shuffle(chosen)
        for each in chosen[: chance.randint(0, 12)]:
            club.deliver([{"event": each}])
            if chance.random() < 0.4:
                events_work()
        if chance.random() < 0.5:
            club.work()


def end_of(club: Club, who: Member, steps: list[Stage], seed: int) -> dict[str, Any]:
    """Where it ends after this seed's way of telling it; seed 0: everything once and in order. Undone afterwards."""
    with transaction.atomic():
        if seed:
            told_badly(club, steps, Random(seed))
        else:
            for stage in steps:
                stage.enter(club)
                club.deliver([{"event": each} for each in stage.events])
                club.work()
        steps[-1].enter(club)
        StripeConnection.objects.update(events_at=None)
        club.connection.refresh_from_db()
        events_reconcile(club.connection)
        subscriptions_reconcile(club.connection)
        club.work()
        found = ending(club, who)
        transaction.set_rollback(True)
    return found


def test_trial_8_any_order_with_copies_and_losses_ends_where_stripe_is(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resumable at full size: a sequence is known by its seed."""
    ann = club.somebody()
    readings = Readings(monkeypatch)
    steps = stages(club, ann, readings)
    right = end_of(club, ann, steps, 0)
    assert right["row"][0] == "canceled"
    assert (right["points"], right["started"], right["ended"]) == (70, 1, 1)
    for number in rounds("billing_webhooks", 8, 5_000):
        # Objects at Stripe have other names in another run, so each run has its own right ending.
        assert end_of(club, ann, steps, number + 1) == right, f"sequence {number + 1}"


def test_trial_8_nothing_forged_is_kept(club: Club) -> None:
    club.press(club.join(club.somebody()).url)
    events = [each["event"] for each in club.waiting()]
    [endpoint] = club.things("webhook_endpoint")
    secret, chance, now = endpoint["_secret"], Random(8), int(timezone.now().timestamp())
    for _number in range(FORGERIES):
        body, right = club.signed(chance.choice(events))
        signatures = {
            "none": "",
            "empty secret": delivery.signature("", body, now),
            "another's": delivery.signature("whsec_other", body, now),
            "old": delivery.signature(secret, body, now - 301),
            "of the future": delivery.signature(secret, body, now + 301),
            "cut": right[:-1],
            "no time": right.partition(",")[2],
        }
        changed = {
            "body": body.replace(b'"livemode": false', b'"livemode":  false'),
            "mode": body.replace(b'"livemode": false', b'"livemode": true'),
        }
        kind = chance.choice([*signatures, *changed])
        if kind in signatures:
            answer = club.hook(body, signatures[kind])
        elif kind == "mode":
            answer = club.hook(changed[kind], delivery.signature(secret, changed[kind], now))
        else:
            answer = club.hook(changed[kind], right)
        assert answer.status_code == 400, kind
    assert StripeEvent.objects.count() == 0


@pytest.mark.parametrize("fault", ["lost_reply", "refused"])
def test_trial_6_a_lost_reply_and_the_same_wish_again_is_one_refund(club: Club, fault: str) -> None:
    ann = club.somebody()
    club.joined(ann)
    [invoice] = club.invoices(ann)
    for number in range(LOST):
        club.control("faults", faults=[{"method": "POST", "path": "/v1/refunds", "kind": fault, "times": 3}])
        with pytest.raises(StripeUnavailable):
            invoice_refund(invoice=invoice, amount_minor=1, reason="Sorry", key=f"n{number}", actor=shop.STAFF)
        first = invoice_refund(invoice=invoice, amount_minor=1, reason="Sorry", key=f"n{number}", actor=shop.STAFF)
        again = invoice_refund(invoice=invoice, amount_minor=1, reason="Sorry", key=f"n{number}", actor=shop.STAFF)
        assert first == again
    assert len(club.things("refund")) == min(LOST, 1000)
    assert club.charged() == 1000 - LOST
    assert BillingOperation.objects.filter(kind="refund", state="done").count() == LOST


@pytest.mark.parametrize("fault", ["lost_reply", "refused"])
def test_trial_6_a_lost_reply_and_the_same_change_again_is_one_charge(
    club: Club, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=10)
    club.settle()
    row, dearer, before = club.subscription(ann), plan_named("max"), club.charged()
    shown = subscription_preview(subscription=row, plan=dearer)
    here, path = Stage(club, [], 0, Readings(monkeypatch)), f"/v1/subscriptions/{row.stripe_id}"
    assert shown.due_minor > 0

    def click() -> Subscription:
        told: dict[str, Any] = {"shown_at": shown.shown_at, "due_minor": shown.due_minor, "actor": shop.STAFF}
        return subscription_change(subscription=club.subscription(ann), plan=dearer, **told)

    for _number in range(LOST):
        with transaction.atomic():
            here.enter(club)
            club.control("faults", faults=[{"method": "POST", "path": path, "kind": fault, "times": 3}])
            with pytest.raises(StripeUnavailable):
                click()
            assert click().plan == dearer
            club.settle()
            assert (club.charged() - before, club.plan(ann)) == (shown.due_minor, "max")
            transaction.set_rollback(True)
