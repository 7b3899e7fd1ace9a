"""Examples about carts for the OpenAPI document: answers that the product gives, with the names changed."""

from __future__ import annotations

from typing import Any

from rewards.api.examples import MEMBER_ID

PAYMENT_ID = "01932c30-11b2-7a41-9d0c-5e8f7a6b2c13"
LINE: dict[str, Any] = {"sku": "TEA-250", "quantity": 2, "net_minor": 1653, "tax_minor": 347, "category": "tea"}
QUOTE_IN: dict[str, Any] = {
    "member": "ext:C-1007",
    "cart": {"currency": "EUR", "lines": [LINE], "shipping_minor": 495},
    "pay_with": {"currency": "points", "points": 200},
}
QUOTE: dict[str, Any] = {
    "member": MEMBER_ID,
    "program": "club",
    "currency": "EUR",
    "total_minor": 2495,
    "discounts": [
        {
            "benefit": "members_price",
            "name": "Members’ price",
            "name_nl": "Ledenprijs",
            "reason": {"en": "Members’ price: 10% off", "nl": "Ledenprijs: 10% korting"},
            "amount_minor": 200,
            "shipping_minor": 0,
            "lines": [{"line": 0, "amount_minor": 200}],
        }
    ],
    "after_minor": 2295,
    "to_pay_minor": 2095,
    "order": {
        "currency": "EUR",
        "total_minor": 2295,
        "net_minor": 1488,
        "tax_minor": 312,
        "shipping_minor": 495,
        "discount_minor": 165,
        "paid_in_points_minor": 200,
        "lines": [{**LINE, "net_minor": 1488, "tax_minor": 312, "discount_minor": 165}],
    },
    "earns": [
        {
            "rule": "per_euro",
            "currency": "points",
            "points": 16,
            "reason": {"en": "A point for every euro", "nl": "Een punt voor elke euro"},
            "active": True,
        }
    ],
    "by_joining": [],
    "points_as_money": [
        {
            "currency": "points",
            "balance": 640,
            "points": 640,
            "amount_minor": 640,
            "at_least": 100,
            "step": 1,
            "value_minor": 1.0,
            "reason": None,
        }
    ],
    "rewards": [
        {
            "code": "bag_of_beans",
            "name": "Bag of beans",
            "name_nl": "Zak bonen",
            "currency": "points",
            "price": 100,
            "missing": 0,
        }
    ],
    "next_reward": {
        "code": "teapot",
        "name": "Teapot",
        "name_nl": "Theepot",
        "currency": "points",
        "price": 900,
        "missing": 260,
    },
    "refused": None,
}
PAYMENT_CREATE: dict[str, Any] = {
    "member": "ext:C-1007",
    "currency": "points",
    "points": 200,
    "money": "EUR",
    "total_minor": 2295,
    "lines": [{**LINE, "net_minor": 1488, "tax_minor": 312}],
}
PAYMENT: dict[str, Any] = {
    "id": PAYMENT_ID,
    "member": MEMBER_ID,
    "program": "club",
    "state": "held",
    "currency": "points",
    "points": 200,
    "money": "EUR",
    "amount_minor": 200,
    "order": "",
    "hold": "01932c30-11b2-7a40-8b7e-2f1d0c9e4a55",
    "held_until": "2026-11-14T09:50:00Z",
    "entry": None,
    "refunded_points": 0,
    "lines": [{"sku": "TEA-250", "quantity": 2, "points": 200, "amount_minor": 200, "refunded": 0}],
    "refunds": [],
    "made_at": "2026-11-14T09:20:00Z",
}
PAYMENT_CAPTURE: dict[str, Any] = {"order": "W-20261114-0042"}
PAYMENT_CAPTURED: dict[str, Any] = {**PAYMENT, "state": "captured", "order": "W-20261114-0042", "entry": 48121}
PAYMENT_RELEASED: dict[str, Any] = {**PAYMENT, "state": "released"}
REFUND_CREATE: dict[str, Any] = {"lines": [{"sku": "TEA-250", "quantity": 1}], "reason": "Broken"}
REFUND: dict[str, Any] = {
    "id": "01932c41-7f20-7c02-a3b1-9d4e5f6a7b88",
    "points": 100,
    "amount_minor": 100,
    "lines": [{"sku": "TEA-250", "quantity": 1}],
    "reason": "Broken",
    "entry": 48155,
    "made_at": "2026-11-16T10:00:00Z",
}
