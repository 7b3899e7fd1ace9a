"""A club with paid plans and its account at the local Stripe: one clock for both sides, pages pressed, events sent."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from billing.access import access_sweep, state_now
from billing.catalog import plans_push
from billing.connections import connection_add
from billing.customers import customer_of
from billing.joining import Joined, membership_join
from billing.metering import uses_send
from billing.models import Invoice, StripeConnection, StripeEvent, Subscription
from billing.noticing import notices_sweep
from billing.plans import plan_named
from billing.working import events_work
from core import clock
from core.outbox import outbox_drain
from loyalty.models import Enrollment, Program
from members.models import Member, MemberFact
from sandbox.stripe import pages
from sandbox.stripe.account import Account
from sandbox.stripe.controls import CONTROLS
from sandbox.stripe.server import LocalStripe
from sandbox.stripe.work import run_until
from tenants.models import Brand
from tests.loyalty import shop

Json = dict[str, Any]
GOOD, DECLINES, DECLINES_LATER, ASKS = "4242424242424242", "4000000000000002", "4000000000000341", "4000002760003184"
MONTHLY: Json = {"amount_minor": 1000, "money_currency": "EUR", "every": "month"}
YEARLY: Json = {"amount_minor": 10000, "money_currency": "EUR", "every": "year"}
SECTION: Json = {
    "plans": [
        {"code": "basic", "name": "Basic", "level": 0, "charge": {"kind": "free"}},
        {
            "code": "plus", "name": "Plus", "level": 1,
            "charge": {"kind": "recurring", "prices": [MONTHLY, YEARLY]},
            "tier": {"ladder": "main", "tier": "advocate"},
        },
        {
            "code": "max", "name": "Max", "level": 2,
            "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 2500}]},
        },
        {
            "code": "trial", "name": "Try", "level": 1, "group": "trying",
            "charge": {"kind": "recurring", "prices": [MONTHLY], "trial": {"days": 14}},
        },
        {
            "code": "season", "name": "Season", "level": 1, "group": "season",
            "charge": {
                "kind": "one_fee", "prices": [{"amount_minor": 3000, "money_currency": "EUR"}], "valid_months": 12,
            },
        },
    ],
}  # fmt: skip
BENEFITS: list[Json] = [
    {
        "code": "delivery", "name": "Free delivery", "gives": {"kind": "free_shipping"},
        "given_to": [{"kind": "plan", "any_of": ["plus", "max"]}],
    },
]  # fmt: skip
RULES: list[Json] = [
    {
        "code": "paid_invoice", "name": "Points for what is paid", "trigger": "invoice.paid",
        "effects": [
            {"kind": "points_per_money", "currency": "points", "points": 1, "per_minor": 100, "amount_of": "invoice"}
        ],
    },
    {
        "code": "welcome_plan", "name": "Welcome", "trigger": "subscription.started",
        "effects": [{"kind": "points_fixed", "currency": "points", "points": 50}],
    },
]  # fmt: skip


def document(**section: Any) -> Json:
    """The club of tests/loyalty/shop.py with these terms."""
    made = deepcopy(shop.DOCUMENT)
    made["rules"] += deepcopy(RULES)
    made["sections"] = {
        "billing": {**deepcopy(SECTION), **section},
        "benefits": {"benefits": deepcopy(BENEFITS)},
    }
    return made


class Club:
    """Doors to both sides. Nothing is delivered before `deliver` is called, unless `settle` does all there is."""

    def __init__(
        self, server: LocalStripe, key: str, brand: Brand, client: Client, *, begins: str = "", **section: Any
    ) -> None:
        self.server, self.key, self.brand, self.client = server, key, brand, client
        if begins:
            self._begin(begins)
        self.program: Program = shop.program(document(**section))
        self.connection: StripeConnection = connection_add(key=key, actor=shop.STAFF)
        with server.state.lock:
            self.account.webhooks["mode"] = "hold"

    @property
    def account(self) -> Account:
        return self.server.state.by_key(self.key)

    # --- time ---------------------------------------------------------------------------------------------------------
    def _begin(self, text: str) -> None:
        """Both clocks stand here from the first on, whatever day the tests run on: an account that has nothing yet can
        also be set back, which later none can."""
        begins = datetime.fromisoformat(text).replace(tzinfo=UTC)
        with self.server.state.lock:
            assert not self.account.objects, "something has happened already"
            self.account.clock.ahead = int(begins.timestamp()) - int(time.time())
            self.brand.clock_shift = timedelta(seconds=self.account.clock.ahead)

    def advance(self, *, days: float = 0, to: datetime | None = None) -> None:
        """Both clocks move on, and Stripe does what falls due on the way. They stand the same after it: Stripe's, which
        is in whole seconds, isn't before ours by the part of a second in which it was moved."""
        moment = to if to is not None else clock.now() + timedelta(days=days)
        with self.server.state.lock:
            run_until(self.account, self.account.clock, ceil(moment.timestamp()))
            self.brand.clock_shift = timedelta(seconds=self.account.clock.ahead)

    def at(self, text: str) -> None:
        self.advance(to=datetime.fromisoformat(text).replace(tzinfo=UTC))

    # --- Stripe's side ------------------------------------------------------------------------------------------------
    def control(self, name: str, **body: Any) -> Json:
        with self.server.state.lock:
            return CONTROLS[name](self.account, body)

    def press(self, url: str, card: str | None = GOOD, press: str = "pay", **form: str) -> pages.Page:
        """The button on Stripe's page."""
        fields = {"press": press, "email": "ann@example.com", **({"card": card} if card else {}), **form}
        body = "&".join(f"{name}={value}" for name, value in fields.items())
        return pages.answer(self.server.state, "POST", urlsplit(url).path, "", body)

    def things(self, kind: str) -> list[Json]:
        with self.server.state.lock:
            return list(self.account.objects[kind].values())

    def thing(self, kind: str, named: str) -> Json:
        with self.server.state.lock:
            return self.account.get(kind, named)

    # --- webhooks -----------------------------------------------------------------------------------------------------
    def waiting(self) -> list[Json]:
        """What Stripe would send now, taken off its list."""
        with self.server.state.lock:
            found, self.account.deliveries = self.account.deliveries, []
        return found

    def signed(self, event: str) -> tuple[bytes, str]:
        told = self.control("signed", event=event, endpoint=self.connection.endpoint_id)
        return told["body"].encode(), told["signature"]

    def hook(self, body: bytes, signature: str) -> Any:
        return self.client.post(
            f"/hooks/stripe/{self.connection.public_id}/", body, content_type="application/json",
            headers={"Stripe-Signature": signature},
        )  # fmt: skip

    def deliver(self, deliveries: list[Json] | None = None) -> int:
        """Send what waits; each must be taken."""
        taken = deliveries if deliveries is not None else self.waiting()
        for each in taken:
            answer = self.hook(*self.signed(each["event"]))
            assert answer.status_code == 200, answer.content
        return len(taken)

    def work(self) -> None:
        """What a worker does: events, whose access is over, and what is told of it."""
        events_work()
        access_sweep()
        notices_sweep()
        uses_send()
        for _round in range(20):
            if not outbox_drain():
                return

    def settle(self) -> None:
        """Everything that is to happen has happened."""
        for _round in range(4):
            self.deliver()
            self.work()
        left = StripeEvent.objects.exclude(state="done").values_list("type", "error")
        assert not left, list(left)

    # --- members ------------------------------------------------------------------------------------------------------
    def somebody(self, name: str = "Ann", **fields: Any) -> Member:
        who = shop.member(name, **fields)
        shop.place(who, self.program)
        self.work()
        return who

    def join(self, who: Member, plan: str = "plus", price: str = "month-EUR") -> Joined:
        return membership_join(
            member=who, plan=plan_named(plan), price=price, success_url="https://gem.example/ok",
            cancel_url="https://gem.example/no", actor=shop.STAFF,
        )  # fmt: skip

    def joined(
        self, who: Member, plan: str = "plus", price: str = "month-EUR", card: str | None = GOOD
    ) -> Subscription:
        """Joined, paid, told and worked."""
        page = self.press(self.join(who, plan, price).url, card)
        assert page.status == 303, page.html
        self.settle()
        return self.subscription(who)

    def subscription(self, who: Member) -> Subscription:
        rows = Subscription.objects.select_related("plan__program", "member", "price", "connection")
        return rows.filter(member=who, duplicate=False).latest("pk")

    def state(self, who: Member) -> str:
        return state_now(self.subscription(who))

    def points(self, who: Member) -> int:
        return shop.balance(Enrollment.objects.get(member=who))

    def plan(self, who: Member) -> str | None:
        """The plan that rules and benefits see."""
        now = clock.now()
        fact = MemberFact.objects.filter(member=who, key="plan").first()
        return fact.value if fact is not None and (fact.until is None or fact.until > now) else None

    def customer(self, who: Member) -> str:
        found = customer_of(self.connection, who)
        assert found is not None
        return found

    def invoices(self, who: Member) -> list[Invoice]:
        return list(Invoice.objects.filter(member=who).order_by("created_at", "pk"))

    def charged(self) -> int:
        """What all cards were charged in all, in minor units, less what was given back."""
        paid = [each for each in self.things("charge") if each["paid"]]
        return sum(each["amount"] - each["amount_refunded"] for each in paid)

    def push(self) -> None:
        plans_push(self.connection)


def told(topic: str) -> list[Json]:
    from core.tables import OutboxMessage

    return [
        json.loads(each) if isinstance(each, str) else each
        for each in OutboxMessage.objects.filter(topic=topic).order_by("pk").values_list("payload", flat=True)
    ]
