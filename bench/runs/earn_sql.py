"""The product's booking call by itself, against the reference's: what the richer ledger costs in the database."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import msgspec

from bench.bare import bare_install, bare_side
from bench.ground import Ground, unique
from bench.program import order
from bench.report import Report
from bench.rounds import Sample, Side, interleaved
from bench.seeding import BENCH, Shop
from bench.stand import ROOT, Stand, environment
from core import clock
from loyalty import ledger
from loyalty.ingest import event_ingest_raw
from loyalty.models import Enrollment
from tenants.context import brand_context, platform_context
from tenants.models import Brand

BOOKING, REFERENCE, BARE = "loyalty_book()", "reference booking", "bare storing of one event"
CLIENTS = 4


class Caught(Exception):
    """The plan was caught on its way to the database."""


def run(ground: Ground) -> Report:
    report = Report(
        "earn-sql", "loyalty_book() with one order's plan ÷ the reference booking, prepared, CPU of the server"
    )
    report.begin()
    shop = ground.shops()[0]
    plan = one_plan(shop)
    report.note(f"plan of {len(json.dumps(plan)):,} bytes: {', '.join(f'{len(plan[name])} {name}' for name in plan)}")
    bare_install(ground.stand, shop)
    seconds = ground.sizes.seconds
    sides = {
        BOOKING: _side(ground.stand, shop, plan, seconds),
        BARE: bare_side(ground.stand, shop, rows=1, seconds=seconds),
        REFERENCE: ground.reference(clients=CLIENTS),
    }
    measured = interleaved(sides, ground.sizes.rounds)
    report.sides(measured)
    report.cpu(measured, BOOKING, REFERENCE, goal=1.3)
    report.ratio(measured, BOOKING, REFERENCE)
    report.cpu(measured, BARE, REFERENCE)
    report.ratio(measured, BARE, REFERENCE)
    report.cpu(measured, BOOKING, BARE)
    return report


def one_plan(shop: Shop) -> dict[str, Any]:
    """The plan that the engine makes of an order of the first member, caught before it is booked."""
    caught: list[Any] = []

    def catch(**given: Any) -> list[int]:
        caught.append(json.loads(msgspec.json.encode(given["plan"])))
        raise Caught

    with platform_context():
        brand = Brand.objects.get(slug=shop.slug)
    with brand_context(brand), patch.object(ledger, "batch_book", catch):
        row = order("SENTINEL", {"external_id": "c-1"}, occurred_at=clock.now().isoformat())
        with suppress(Caught):
            event_ingest_raw([row], actor=BENCH)
    plan: dict[str, Any] = caught[0]
    return plan


def _side(stand: Stand, shop: Shop, plan: dict[str, Any], seconds: float) -> Side:
    """`bench.booker` processes, each with members of its own whose versions it knows."""
    with platform_context():
        brand = Brand.objects.get(slug=shop.slug)
    with brand_context(brand):
        first = Enrollment.objects.order_by("id").values_list("id", flat=True)[0]

    def once() -> Sample:
        before = stand.server_cpu()
        running = []
        for number in range(CLIENTS):
            told = {"url": stand.app_url, "schema": shop.schema, "plan": plan, "seconds": seconds, "run": unique()}
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.booker"],
                cwd=ROOT,
                env=environment(stand),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdin is not None
            process.stdin.write(json.dumps({**told, "part": number, "parts": CLIENTS, "sentinel": first}))
            process.stdin.close()
            running.append(process)
        found = []
        for process in running:
            assert process.stdout is not None
            found.append(json.loads(process.stdout.read()))
            process.wait(timeout=seconds + 30)
        spent = stand.server_cpu() - before
        done = sum(each["done"] for each in found)
        return Sample(done, max(each["seconds"] for each in found), spent, errors=sum(each["stale"] for each in found))

    return once
