"""What the suppliers register when the room gets ready."""

from __future__ import annotations

from core.outbox import handler
from core.resealing import sealed_place
from rewards.suppliers import telling
from rewards.suppliers.accounts import HOOK_PURPOSE
from rewards.suppliers.accounts import PURPOSE as KEY_PURPOSE
from rewards.suppliers.settling import PIN_PURPOSE
from rewards.suppliers.settling import PURPOSE as CODE_PURPOSE


def suppliers_register() -> None:
    handler("supplier.order_due")(telling.order_due)
    sealed_place("rewards_supplierconnection", "sealed_secret", KEY_PURPOSE)
    sealed_place("rewards_supplierconnection", "sealed_hook_secret", HOOK_PURPOSE)
    sealed_place("rewards_supplierorder", "sealed", CODE_PURPOSE, lookup="lookup")
    sealed_place("rewards_supplierorder", "sealed_pin", PIN_PURPOSE)
