"""Asking over HTTP what a cart comes to: a program of 20 rules, with benefits, points that pay and rewards."""

from __future__ import annotations

from typing import Any

from bench.ground import Ground
from bench.report import Finding, Report
from bench.rounds import interleaved
from bench.seeding import BENCH, Shop
from bench.web import load_side, web
from loyalty.drafts import draft_document, draft_replace
from loyalty.models import Program
from loyalty.publishing import program_publish
from rewards.models import Reward
from tenants.context import brand_context, platform_context
from tenants.models import Brand

QUOTE = "quote"
# What a checkout of a shop asks at once of one server of two cores.
CONNECTIONS = 2
SECTIONS: dict[str, Any] = {
    "benefits": {
        "benefits": [
            {"code": "tenth", "name": "A tenth", "gives": {"kind": "discount", "percent": 10}},
            {"code": "shipping", "name": "Shipping", "gives": {"kind": "free_shipping", "at_least_minor": 5000}},
            {
                "code": "beans", "name": "Beans", "gives": {"kind": "discount", "amount_minor": 300},
                "given_to": [{"kind": "tier", "ladder": "main", "any_of": ["advocate", "vip"]}],
                "allowance": {"uses": 1, "period": "month"},
            },
        ]
    },
    "checkout": {"part_payments": [{"currency": "points", "most_percent": 50}]},
}  # fmt: skip


def run(ground: Ground) -> Report:
    report = Report("quote", "POST /api/v1/carts/quote of carts of three lines, two at a time")
    report.begin()
    shops = ground.shops()
    for shop in shops:
        _furnish(shop)
    work = {
        "kind": "quote",
        "targets": [{"host": each.host, "key": each.key, "members": len(each.members)} for each in shops],
    }
    with web(ground.stand) as server:
        side = load_side(server, work, seconds=ground.sizes.seconds, connections=CONNECTIONS)
        measured = interleaved({QUOTE: side}, max(3, ground.sizes.rounds))
    report.sides(measured)
    late = sorted(sample.p95 for sample in measured[QUOTE])
    report.found(
        Finding(
            "p95 of a quote, 20 rules (median of rounds)", 1000 * late[len(late) // 2], 60, at_least=False, unit=" ms"
        )
    )
    return report


def _furnish(shop: Shop) -> None:
    """Benefits, points that pay and ten rewards, published beside the rules."""
    with platform_context():
        brand = Brand.objects.get(slug=shop.slug)
    with brand_context(brand):
        program = Program.objects.get()
        if Reward.objects.exists():
            return
        for number in range(1, 11):
            Reward.objects.create(
                program=program, code=f"reward_{number}", name=f"Reward {number}", currency="points", price=100 * number
            )
        made = draft_document(program)
        document = type(made)(
            **{**{name: getattr(made, name) for name in made.__struct_fields__}, "sections": SECTIONS}
        )
        program = draft_replace(
            program=program, document=document, expected_revision=program.draft_revision, actor=BENCH
        )
        program_publish(program=program, actor=BENCH, expected_revision=program.draft_revision)
