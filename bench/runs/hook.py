"""A webhook of Stripe's: verified, kept and answered, against a constant view of DRF's and against the wall."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from bench.ground import Ground, targets, unique
from bench.messages import messages
from bench.report import Finding, Report
from bench.rounds import Rounds, Side, interleaved
from bench.seeding import Shop
from bench.web import Web, load_side, web
from billing.gateway import API_VERSION, SECRET_PURPOSE
from billing.models import StripeConnection
from core import clock
from core.secrets import seal
from tenants.context import brand_context, platform_context
from tenants.models import Brand

HOOK, CONSTANT = "webhook", "constant DRF view"
# Stripe's promise is of seconds; ours is the specification's.
GOAL_MS = 50.0
FEW, MANY = 2, 8


def run(ground: Ground) -> Report:
    report = Report("hook", "POST /hooks/stripe/…/, new events of 3 kB, signed ÷ a constant DRF view")
    report.begin()
    shop, secret = ground.shops()[0], f"whsec_{secrets.token_hex(24)}"
    path = account_made(shop, secret)
    hooks = {"kind": "hook", "targets": targets([shop], paths=[path]), "secret": secret, "event": event()}
    constant = {"kind": "get", "targets": targets([shop], paths=["/bench/constant"])}
    with web(ground.stand) as server:
        for lines in (FEW, MANY):
            sides: dict[str, Side] = {
                HOOK: fresh_side(server, hooks, ground.sizes.seconds, lines),
                CONSTANT: load_side(server, constant, seconds=ground.sizes.seconds, connections=lines),
            }
            _tell(report, interleaved(sides, ground.sizes.rounds), lines)
    trips = messages(targets([shop])[0], "POST", path, _bodies(), partial(signed, secret))
    report.found(Finding("messages to PostgreSQL per webhook", trips, 1, at_least=False))
    return report


def _bodies() -> Iterator[bytes]:
    while True:
        yield json.dumps({**event(), "id": f"evt_{unique()}"}).encode()


def signed(secret: str, body: bytes) -> dict[str, str]:
    at = int(time.time())
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={digest}"}


def _tell(report: Report, measured: Rounds, lines: int) -> None:
    report.note(f"{lines} requests at once")
    report.sides(measured)
    late = {name: median(each.p95 for each in samples) * 1000 for name, samples in measured.items()}
    report.found(Finding(f"p95 of a webhook, {lines} at once", late[HOOK], GOAL_MS, at_least=False, unit=" ms"))
    report.found(Finding(f"p95 of the constant view, {lines} at once", late[CONSTANT], unit=" ms"))
    report.ratio(measured, HOOK, CONSTANT)
    report.cpu(measured, HOOK, CONSTANT)


def fresh_side(server: Web, work: dict[str, Any], seconds: float, lines: int) -> Side:
    """Each round sends events of its own: a known one would be answered another way."""

    def run() -> Any:
        return load_side(server, {**work, "run": unique()}, seconds=seconds, connections=lines)()

    return run


def account_made(shop: Shop, secret: str) -> str:
    """A connected account whose webhooks are signed with the secret; where they go to."""
    with platform_context():
        brand = Brand.objects.get(schema_name=shop.schema)
    with brand_context(brand):
        now = clock.now()
        row = StripeConnection.objects.create(
            livemode=False, account_id="acct_bench", sealed_secret=seal(secret, purpose=SECRET_PURPOSE),
            api_version=API_VERSION, created_at=now, verified_at=now,
        )  # fmt: skip
    return f"/hooks/stripe/{row.public_id}/"


def event() -> dict[str, Any]:
    """As large as one of a subscription's."""
    thing: dict[str, Any] = {"id": "sub_bench", "object": "subscription", "customer": "cus_bench", "status": "active"}
    thing["metadata"] = {f"key_{number}": "x" * 60 for number in range(42)}
    made = {
        "object": "event", "type": "customer.subscription.updated", "api_version": API_VERSION, "livemode": False,
        "created": 1_790_000_000, "pending_webhooks": 1, "data": {"object": thing},
    }  # fmt: skip
    assert len(json.dumps(made)) > 2500
    return made
