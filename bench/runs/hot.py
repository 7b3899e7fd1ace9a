"""When everybody wants the same: one member's points, one limited reward. Nothing fails, nothing is oversold."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import connection

from bench.ground import Ground, targets, unique
from bench.report import Finding, Report
from bench.rounds import Sample, Side, errors, interleaved
from bench.seeding import BENCH, Shop
from bench.web import Web, load_side, web
from core import clock
from loyalty.ledger import entry_fields
from loyalty.models import Program
from rewards.models import Redemption, Reward
from rewards.stock import stock_left, stock_set
from tenants.context import brand_context, platform_context
from tenants.models import Brand

PLENTY, RICH = 1_000_000, 10_000_000
SCARCE = 150


def run(ground: Ground) -> Report:
    report = Report("hot", "everyone on one member ÷ spread; one limited reward ÷ an unlimited one")
    report.begin()
    shop, sizes = ground.shops()[0], ground.sizes
    brand = _brand(shop)
    with brand_context(brand):
        _prepare()
    with web(ground.stand) as server:
        earn = interleaved(
            {
                "earn, one member": _earn(server, {**targets([shop])[0], "members": 1}, sizes.seconds),
                "earn, spread": _earn(server, targets([shop])[0], sizes.seconds),
            },
            sizes.rounds,
        )
        redeem = interleaved(
            {
                "redeem, limited": _redeem(server, shop, "limited", sizes.seconds),
                "redeem, unlimited": _redeem(server, shop, "unlimited", sizes.seconds),
            },
            sizes.rounds,
        )
        scarce = _redeem(server, shop, "scarce", min(4.0, 2 * sizes.seconds), accept=[409])()
    for measured in (earn, redeem):
        report.sides(measured)
    report.ratio(earn, "earn, one member", "earn, spread", goal=0.4)
    report.ratio(redeem, "redeem, limited", "redeem, unlimited", goal=0.75)
    report.found(Finding("errors", errors(earn) + errors(redeem) + scarce.errors, 0, at_least=False))
    with brand_context(brand):
        report.found(Finding("oversold", _oversold(), 0, at_least=False))
        sold = Redemption.objects.filter(reward__code="scarce").count()
    report.note(f"the scarce reward: {sold} of {SCARCE} pieces sold over {scarce.operations} attempts")
    return report


def _brand(shop: Shop) -> Brand:
    with platform_context():
        return Brand.objects.get(slug=shop.slug)


def _prepare() -> None:
    """Rewards with much, little and unlimited stock, and members who can afford them for the whole run."""
    program = Program.objects.get()
    for code, stock in (("limited", PLENTY), ("unlimited", None), ("scarce", SCARCE)):
        reward = Reward.objects.create(program=program, code=code, name=code.title(), currency="points", price=1)
        if stock is not None:
            stock_set(reward=reward, total=stock, actor=BENCH)
    entry = entry_fields(kind="adjust", actor=BENCH, effect="adjust:bench", reason={"en": "Bench", "nl": "Bench"})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(points_give(id, %s, %s, %s::jsonb))"
            " FROM (SELECT id FROM loyalty_pointsaccount ORDER BY id) a",
            [RICH, clock.now(), msgspec.json.encode(entry).decode()],
        )


def _earn(server: Web, target: dict[str, Any], seconds: float) -> Side:
    def once() -> Sample:
        return load_side(server, {"kind": "earn", "targets": [target], "run": unique()}, seconds=seconds)()

    return once


def _redeem(server: Web, shop: Shop, reward: str, seconds: float, accept: list[int] | None = None) -> Side:
    def once() -> Sample:
        work = {"kind": "redeem", "targets": targets([shop]), "reward": reward, "run": unique(), "accept": accept or []}
        return load_side(server, work, seconds=seconds)()

    return once


def _oversold() -> int:
    """Pieces sold beyond the stock, or missing from it."""
    wrong = 0
    for reward in Reward.objects.filter(stock_total__isnull=False):
        sold = Redemption.objects.filter(reward=reward).exclude(state=Redemption.State.CANCELED).count()
        assert reward.stock_total is not None
        wrong += abs(reward.stock_total - sold - (stock_left(reward) or 0))
    return wrong
