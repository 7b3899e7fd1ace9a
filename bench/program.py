"""A program of as many rules as wanted, most of which an order has to be held against, and an order to hold."""

from __future__ import annotations

from typing import Any


def document(rules: int) -> dict[str, Any]:
    """One point per euro, and bonuses under conditions and limits; a tenth of the rules has another trigger."""
    return {
        "schema": 2,
        "program": {"name": "Club", "time_zone": "Europe/Amsterdam", "money_currency": "EUR"},
        "currencies": [
            {
                "code": "points",
                "name_one": {"en": "point", "nl": "punt"},
                "name_many": {"en": "points", "nl": "punten"},
                "value_minor_per_point": 1,
                "expiry": {"kind": "after", "n": 12, "unit": "months"},
            }
        ],
        "ladders": [
            {
                "code": "main",
                "name": "Status",
                "qualify": {"kind": "points_earned", "currency": "points"},
                "tiers": [
                    {"code": "enthusiast", "name": "Enthusiast", "threshold": 0},
                    {"code": "advocate", "name": "Advocate", "threshold": 5000},
                    {"code": "vip", "name": "VIP", "threshold": 20000},
                ],
            }
        ],
        "rules": [_base(), *(_rule(number) for number in range(1, rules))],
    }


def _base() -> dict[str, Any]:
    return {
        "code": "per_euro",
        "name": "A point per euro",
        "description": {"en": "A point for every euro", "nl": "Een punt voor elke euro"},
        "trigger": "order.paid",
        "effects": [{"kind": "points_per_money", "currency": "points", "points": 1, "per_minor": 100}],
    }


def _rule(number: int) -> dict[str, Any]:
    """Two of twenty fire on the bench's order: a bonus for the channel, and one with a cap."""
    condition: dict[str, Any] = {
        "kind": "attribute",
        "path": "order.total_minor",
        "operator": "ge",
        "value": 900_000 + number,
    }
    limits: list[dict[str, Any]] = []
    if number == 1:
        condition = {"kind": "attribute", "path": "order.channel", "operator": "eq", "value": "web"}
    elif number % 10 == 5:
        condition = {"kind": "tier", "ladder": "main", "any_of": ["vip"]}
    elif number % 10 == 7:
        line = {"kind": "attribute", "path": "order.lines.category", "operator": "eq", "value": f"category-{number}"}
        condition = {"kind": "all", "of": [line, condition]}
    elif number % 10 == 3:
        condition = {"kind": "member", "attribute": "joined_days", "operator": "ge", "value": 3650}
    if number % 10 == 1:
        limits = [{"per": "member", "period": "day", "at_most": 1_000_000}]
    return {
        "code": f"rule_{number}",
        "name": f"Rule {number}",
        "trigger": "review.posted" if number % 10 == 9 else "order.paid",
        **({} if number % 10 == 9 else {"when": condition}),
        "effects": [{"kind": "points_fixed", "currency": "points", "points": 5}],
        "limits": limits,
    }


def order(number: str, member: Any, *, total_minor: int = 4250, occurred_at: str) -> dict[str, Any]:
    """`order.paid` as a shop sends it: two lines, tax, a channel."""
    tax = total_minor * 21 // 121
    first = (total_minor - tax) * 7 // 10
    return {
        "id": number,
        "type": "order.paid",
        "member": member,
        "occurred_at": occurred_at,
        "data": {
            "order": {
                "number": number,
                "currency": "EUR",
                "total_minor": total_minor,
                "tax_minor": tax,
                "channel": "web",
                "lines": [
                    {"sku": "A-100", "quantity": 2, "net_minor": first, "category": "beans"},
                    {"sku": "B-200", "quantity": 1, "net_minor": total_minor - tax - first, "category": "cups"},
                ],
            }
        },
    }
