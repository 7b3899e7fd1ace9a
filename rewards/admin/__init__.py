"""Rewards in the admin: each module registers its pages, or what others show and offer of rewards."""

from __future__ import annotations

from rewards.admin import (
    catalogue,
    choices,
    codes,
    panel,
    parcels,
    pools,
    redemptions,
    supplierorders,
    supplierproducts,
    suppliers,
)
from rewards.benefits import admin as benefits
from rewards.carts import admin as carts

__all__ = [
    "benefits",
    "carts",
    "catalogue",
    "choices",
    "codes",
    "panel",
    "parcels",
    "pools",
    "redemptions",
    "supplierorders",
    "supplierproducts",
    "suppliers",
]
