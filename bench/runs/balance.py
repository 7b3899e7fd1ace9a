"""Reading a member's balances and tiers over HTTP, against a view of DRF's that answers a constant."""

from __future__ import annotations

from itertools import repeat
from typing import Any

from bench.ground import Ground, targets
from bench.messages import messages
from bench.report import Finding, Report
from bench.rounds import interleaved
from bench.seeding import Shop
from bench.web import load_side, web

BALANCE, TIERS, CONSTANT = "balances", "tiers", "constant DRF view"


def run(ground: Ground) -> Report:
    report = Report("balance", "GET /api/v1/members/…/balances and …/tiers ÷ a constant DRF view on the same server")
    report.begin()
    shops, sizes = ground.shops(), ground.sizes
    work = {
        BALANCE: balance_work(shops),
        TIERS: _work(shops, "tiers"),
        CONSTANT: {"kind": "get", "targets": targets(shops, paths=["/bench/constant"])},
    }
    with web(ground.stand) as server:
        sides = {name: load_side(server, each, seconds=sizes.seconds) for name, each in work.items()}
        measured = interleaved(sides, sizes.rounds)
    report.sides(measured)
    report.ratio(measured, BALANCE, CONSTANT, goal=0.5)
    report.cpu(measured, BALANCE, CONSTANT)
    report.ratio(measured, TIERS, CONSTANT, goal=0.5)
    [asked] = balance_work(shops[:1])["targets"]
    trips = messages(asked, "GET", asked["paths"][0], repeat(b""))
    report.found(Finding("messages to PostgreSQL per read of balances", trips, 1, at_least=False))
    return report


def balance_work(shops: list[Shop]) -> dict[str, Any]:
    return _work(shops, "balances")


def _work(shops: list[Shop], what: str) -> dict[str, Any]:
    found = []
    for shop in shops:
        paths = [f"/api/v1/members/{member}/{what}" for member in shop.members[:500]]
        found.append({"host": shop.host, "key": shop.key, "paths": paths})
    return {"kind": "get", "targets": found}
