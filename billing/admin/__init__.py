"""Billing in the admin: each module registers its pages, or the words that others show it with."""

from __future__ import annotations

from billing.admin import boxes, words  # noqa: F401  (each registers)
