"""Examples for the OpenAPI document: answers that the product gives, with the names changed."""

from __future__ import annotations

from typing import Any

SUBSCRIPTION_ID = "0192f0c4-5a10-7b3c-8e11-4d9f2c6a7b01"
MEMBER_ID = "0192f0c4-7a40-7c2d-8b09-1a6c0e5d3f0f"
INVOICE_ID = "0192f0c4-6b21-7d4e-9f22-5eaf3d7b8c12"
PRICE: dict[str, Any] = {
    "code": "month-EUR",
    "amount_minor": 1000,
    "currency": "EUR",
    "every": "month",
    "countries": [],
}
YEAR: dict[str, Any] = {"code": "year-EUR", "amount_minor": 10000, "currency": "EUR", "every": "year", "countries": []}
METER: dict[str, Any] = {
    "meter": "extra_delivery",
    "name": "Deliveries",
    "name_nl": "Bezorgingen",
    "benefit": "delivery",
    "included": 2,
    "price": {**PRICE, "amount_minor": 150},
}
PLAN: dict[str, Any] = {
    "code": "plus",
    "program": "club",
    "name": "Plus",
    "name_nl": "Plus",
    "description": "Free delivery, all year.",
    "description_nl": "Gratis bezorging, het hele jaar.",
    "features": ["Free delivery"],
    "features_nl": ["Gratis bezorging"],
    "group": "membership",
    "level": 1,
    "kind": "recurring",
    "prices": [PRICE, YEAR],
    "trial": {"days": 14, "card": True, "at_end": "cancel"},
    "valid_months": None,
    "valid_days": None,
    "tier": {"ladder": "main", "tier": "silver"},
    "promotion_codes": False,
    "parts": [],
    "meters": [METER],
    "member": None,
}
PLANS: dict[str, Any] = {"results": [{**PLAN, "member": {"trial_days": 14, "mine": False, "can_join": True}}]}
SUBSCRIPTION: dict[str, Any] = {
    "id": SUBSCRIPTION_ID,
    "member_id": MEMBER_ID,
    "program": "club",
    "plan": "plus",
    "group": "membership",
    "state": "active",
    "billing": "active",
    "access": "held",
    "access_until": "2027-10-08T09:30:00Z",
    "price": PRICE,
    "quantity": 1,
    "started_at": "2027-09-01T09:30:00Z",
    "period_start": "2027-09-01T09:30:00Z",
    "period_end": "2027-10-01T09:30:00Z",
    "paid_until": "2027-10-01T09:30:00Z",
    "trial_end": None,
    "has_card": True,
    "cancel_at": None,
    "canceled_at": None,
    "ended_at": None,
    "resumes_at": None,
    "late_since": None,
    "disputed": False,
    "next_plan": None,
    "next_price": None,
    "next_charge": {"amount_minor": 1000, "currency": "EUR", "at": "2027-10-01T09:30:00Z"},
    "add_ons": [],
    "parts": [],
}
SUBSCRIPTIONS: dict[str, Any] = {"results": [SUBSCRIPTION], "next": None, "previous": None}
LEAVING: dict[str, Any] = {
    **SUBSCRIPTION,
    "access_until": "2027-10-01T09:30:00Z",
    "cancel_at": "2027-10-01T09:30:00Z",
    "canceled_at": "2027-09-12T16:05:00Z",
    "next_charge": None,
}
INVOICE: dict[str, Any] = {
    "id": INVOICE_ID,
    "number": "F00D-0001",
    "status": "paid",
    "reason": "subscription_create",
    "currency": "EUR",
    "subtotal_minor": 1000,
    "tax_minor": 0,
    "total_minor": 1000,
    "due_minor": 1000,
    "paid_minor": 1000,
    "refunded_minor": 0,
    "period_start": "2027-09-01T09:30:00Z",
    "period_end": "2027-10-01T09:30:00Z",
    "created_at": "2027-09-01T09:30:00Z",
    "paid_at": "2027-09-01T09:30:00Z",
    "next_attempt_at": None,
    "attempts": 1,
    "disputed": False,
    "hosted_url": "https://invoice.stripe.com/i/acct_1/test_1",
    "pdf_url": "https://pay.stripe.com/invoice/acct_1/test_1/pdf",
    "lines": [{"description": "1 × Plus (at €10.00 / month)", "amount_minor": 1000, "quantity": 1}],
}
DETAIL: dict[str, Any] = {
    "subscription": SUBSCRIPTION,
    "timeline": [
        {
            "at": "2027-09-01T09:30:00Z",
            "what": "started",
            "actor": "system:billing",
            "details": {"trial": False, "billing": "active"},
        }
    ],
    "invoices": [INVOICE],
}
CANCEL: dict[str, Any] = {"when": "period_end", "reason": "too_expensive"}
SKIPPING: dict[str, Any] = {
    **SUBSCRIPTION,
    "access_until": "2027-10-01T09:30:00Z",
    "resumes_at": "2027-10-02T09:30:00Z",
    "next_charge": {"amount_minor": 1000, "currency": "EUR", "at": "2027-11-01T09:30:00Z"},
}
JOINED: dict[str, Any] = {
    "subscription": None,
    "checkout_url": "https://checkout.stripe.com/c/pay/cs_test_1",
    "checkout_expires_at": "2027-09-01T10:30:00Z",
}
PREVIEW: dict[str, Any] = {
    "plan": "max",
    "price": "month-EUR",
    "at": "now",
    "due_minor": 750,
    "currency": "EUR",
    "credit_minor": 500,
    "shown_at": "2027-09-16T09:30:00Z",
    "begins_at": "2027-09-16T09:30:00Z",
    "lines": [
        {"description": "Unused time on Plus after 16 Sep 2027", "amount_minor": -500},
        {"description": "Remaining time on Max after 16 Sep 2027", "amount_minor": 1250},
    ],
}
CHANGE: dict[str, Any] = {
    "plan": "max",
    "price": "month-EUR",
    "shown_at": "2027-09-16T09:30:00Z",
    "due_minor": 750,
}
REFUND_IN: dict[str, Any] = {"invoice": INVOICE_ID, "amount_minor": 250, "reason": "The parcel came late"}
REFUND: dict[str, Any] = {
    "id": "re_1",
    "subscription": SUBSCRIPTION_ID,
    "invoice": INVOICE_ID,
    "amount_minor": 250,
    "currency": "EUR",
    "status": "succeeded",
    "reason": "The parcel came late",
    "created_at": "2027-09-16T09:30:00Z",
    "left_minor": 750,
}
TOP_PRICE: dict[str, Any] = {**PRICE, "amount_minor": 300}
ADD_ONS: dict[str, Any] = {
    "plan": "plus",
    "results": [
        {
            "add_on": "extra_box",
            "name": "Another box",
            "name_nl": "Nog een doos",
            "price": TOP_PRICE,
            "quantity": 0,
            "most": 3,
        }
    ],
}
ADD_ON_PREVIEW: dict[str, Any] = {
    "add_on": "extra_box",
    "quantity": 2,
    "price": TOP_PRICE,
    "due_minor": 300,
    "credit_minor": 0,
    "next_minor": 1600,
    "currency": "EUR",
    "shown_at": "2027-09-16T09:30:00Z",
    "lines": [{"description": "Remaining time on 2 × Another box after 16 Sep 2027", "amount_minor": 300}],
}
ADD_ON_IN: dict[str, Any] = {"quantity": 2, "shown_at": "2027-09-16T09:30:00Z", "due_minor": 300}
WITH_ADD_ON: dict[str, Any] = {
    **SUBSCRIPTION,
    "next_charge": {"amount_minor": 1600, "currency": "EUR", "at": "2027-10-01T09:30:00Z"},
    "add_ons": [{"add_on": "extra_box", "quantity": 2, "price": TOP_PRICE, "since": "2027-09-16T09:30:00Z"}],
}
USAGE: dict[str, Any] = {
    "meter": "extra_delivery",
    "benefit_uses": 5,
    "late_uses": 0,
    "included": 2,
    "unit_minor": 150,
    "currency": "EUR",
    "due_minor": 450,
    "cap_minor": None,
    "since": "2027-09-01T09:30:00Z",
    "until": "2027-10-01T09:30:00Z",
}
USAGES: dict[str, Any] = {"results": [USAGE]}
