"""Where a thing stands in Stripe's dashboard, for who has a log-in there."""

from __future__ import annotations

from billing.models import StripeConnection

DASHBOARD = "https://dashboard.stripe.com"
PAGES = {"sub_": "subscriptions", "in_": "invoices", "pi_": "payments", "cus_": "customers", "evt_": "events"}


def stripe_url(connection: StripeConnection | None, named: str) -> str:
    """The address of the object with this id; empty where there is none."""
    page = next((page for start, page in PAGES.items() if named.startswith(start)), None)
    if connection is None or page is None:
        return ""
    mode = "" if connection.livemode else "/test"
    return f"{DASHBOARD}/{connection.account_id}{mode}/{page}/{named}"
