"""A club with benefits: by tier, by plan, by segment, for everybody; with dates and with an allowance."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from core.outbox import outbox_drain
from loyalty.models import Enrollment, Program
from tests.loyalty import shop

BENEFITS: list[dict[str, Any]] = [
    {
        "code": "coffee",
        "name": {"en": "A coffee a month", "nl": "Een koffie per maand"},
        "gives": {"kind": "bonus"},
        "given_to": [{"kind": "tier", "ladder": "main", "any_of": ["advocate", "vip"]}],
        "allowance": {"uses": 2, "period": "month"},
    },
    {
        "code": "lounge",
        "name": {"en": "The lounge", "nl": "De lounge"},
        "gives": {"kind": "content", "link": "https://example.com/lounge"},
        "given_to": [{"kind": "plan"}, {"kind": "tier", "ladder": "main", "any_of": ["vip"]}],
    },
    {
        "code": "members_price",
        "name": {"en": "Members’ price", "nl": "Ledenprijs"},
        "gives": {"kind": "discount", "percent": 10, "where": [{"path": "category", "operator": "eq", "value": "tea"}]},
    },
    {
        "code": "new_search",
        "name": {"en": "The new search", "nl": "De nieuwe zoekfunctie"},
        "gives": {"kind": "beta", "flag": "search_v2"},
        "given_to": [{"kind": "segment", "any_of": ["testers"]}],
    },
]


def document(*benefits: dict[str, Any], **section: Any) -> dict[str, Any]:
    """The club of tests/loyalty/shop.py with these benefits, or those above."""
    made = deepcopy(shop.DOCUMENT)
    made["sections"] = {"benefits": {"benefits": deepcopy(list(benefits) or BENEFITS), **section}}
    return made


def club(*benefits: dict[str, Any], **section: Any) -> Program:
    return shop.program(document(*benefits, **section))


def somebody(program: Program, points: int = 0, name: str = "Anna", **fields: Any) -> Enrollment:
    """A member with so many points, everything that was told delivered."""
    who = shop.member(name, **fields)
    place = shop.place(who, program)
    if points:
        [answer] = shop.send(shop.order(who, points))
        assert answer.error is None, answer
    drained()
    return place


def drained() -> None:
    while outbox_drain():
        pass
