"""Billing in the admin: each module registers its pages, or the words that others show it with."""

from __future__ import annotations

from billing.admin import (  # noqa: F401  (they register)
    boxes,
    connections,
    disputes,
    events,
    invoices,
    members,
    plans,
    promotions,
    quarantine,
    reports,
    subscriptions,
    winback,
    words,
)
