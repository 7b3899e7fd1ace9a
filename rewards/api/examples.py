"""Examples for the OpenAPI document: answers that the product gives, with the names changed."""

from __future__ import annotations

from typing import Any

REDEMPTION_ID = "01932c1f-0b5d-7e44-b1a7-2c9d4e6f8a10"
MEMBER_ID = "01932c0e-7a2f-7c31-9f0e-3d6a8f1b2c4d"
REWARD: dict[str, Any] = {
    "code": "bag_of_beans",
    "program": "club",
    "name": "Bag of beans",
    "name_nl": "Zak bonen",
    "description": "250 g of the month's roast.",
    "description_nl": "250 g van de branding van de maand.",
    "terms": "",
    "emoji": "☕",
    "picture": "",
    "kind": "free_product",
    "currency": "points",
    "price": 100,
    "options": [{"key": "points", "points": 100, "currency": "points", "money_minor": 0, "money_currency": ""}],
    "tiers": [],
    "segments": [],
    "countries": [],
    "left": 42,
    "waiting": 0,
    "limit_per_member": None,
    "limit_per_order": None,
    "valid_days": 30,
    "starts_at": None,
    "ends_at": None,
    "member": {"affordable": True, "missing": 0, "reason": None},
}
REWARDS: dict[str, Any] = {"results": [REWARD]}
REDEMPTION_CREATE: dict[str, Any] = {"member": "ext:C-1007", "reward": "bag_of_beans"}
REDEMPTION: dict[str, Any] = {
    "id": REDEMPTION_ID,
    "member": MEMBER_ID,
    "program": "club",
    "reward": "bag_of_beans",
    "reward_name": "Bag of beans",
    "state": "redeemed",
    "currency": "points",
    "price": 100,
    "money_minor": 0,
    "money_currency": "",
    "money_state": "",
    "reserved_until": None,
    "order": "",
    "source": "api",
    "initiated_by": "partner",
    "redeemed_at": "2026-11-14T09:20:00Z",
    "use_until": "2026-12-14T09:20:00Z",
    "used_at": None,
    "canceled_at": None,
    "cancel_reason": "",
}
REDEMPTIONS: dict[str, Any] = {"results": [REDEMPTION], "next": None, "previous": None}
REDEMPTION_DETAIL: dict[str, Any] = {**REDEMPTION, "code": "BEAN-7QK2-M9XW"}
REDEMPTION_CANCEL: dict[str, Any] = {"reason": "Taken by mistake"}
REDEMPTION_CANCELED: dict[str, Any] = {
    **REDEMPTION,
    "state": "canceled",
    "canceled_at": "2026-11-14T09:25:00Z",
    "cancel_reason": "Taken by mistake",
}
REDEMPTION_USED: dict[str, Any] = {**REDEMPTION, "state": "used", "used_at": "2026-11-14T11:00:00Z"}
