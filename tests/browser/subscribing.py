"""Plans at the brand that the browser visits, its account at a local Stripe, and Anna's own membership."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.test import override_settings

from billing.connections import connection_add
from billing.joining import membership_join
from billing.models import Subscription
from billing.plans import plan_named
from billing.reconciling import events_reconcile
from billing.returning import checkout_return
from loyalty.drafts import section_put
from loyalty.publishing import program_publish
from members.models import Member
from sandbox.stripe import pages
from sandbox.stripe.server import LocalStripe
from tests.browser import cast
from tests.loyalty import shop

KEY = "rk_test_browsercafe"
MONTHLY = {"amount_minor": 1000, "money_currency": "EUR", "every": "month"}
SECTION: dict[str, Any] = {
    "stay_offer": {"percent": "50", "duration": "once"},
    "plans": [
        {"code": "friend", "name": {"en": "Friend of the house", "nl": "Vriend van het huis"}, "group": "friends",
         "description": {"en": "News now and then.", "nl": "Nieuws, nu en dan."}, "charge": {"kind": "free"}},
        {"code": "daily", "name": {"en": "Daily cup", "nl": "Dagkoffie"}, "level": 1,
         "description": {"en": "A filter coffee a day.", "nl": "Elke dag een filterkoffie."},
         "features": [{"en": "A filter coffee every day", "nl": "Elke dag een filterkoffie"},
                      {"en": "No queue at the counter", "nl": "Niet in de rij aan de bar"}],
         "charge": {"kind": "recurring", "prices": [
             MONTHLY, {"amount_minor": 10000, "money_currency": "EUR", "every": "year"}]}},
        {"code": "roaster", "name": {"en": "Roaster’s circle", "nl": "Kring van branders"}, "level": 2,
         "features": [{"en": "A bag of beans a month", "nl": "Elke maand een zak bonen"}],
         "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 2500}],
                    "intro": {"percent": "50", "duration": "once"}}},
        {"code": "cake", "name": {"en": "A piece of cake", "nl": "Een stuk taart"},
         "description": {"en": "With every coffee.", "nl": "Bij elke koffie."},
         "charge": {"kind": "add_on", "to": ["daily"], "most": 2, "prices": [{**MONTHLY, "amount_minor": 300}]}},
        {"code": "refills", "name": {"en": "Refills", "nl": "Bijvullen"},
         "charge": {"kind": "metered", "benefit": "refill", "included": 10, "to": ["daily"],
                    "prices": [{**MONTHLY, "amount_minor": 50}]}},
        {"code": "feast", "name": {"en": "Coffee and cake", "nl": "Koffie en taart"}, "level": 3,
         "parts": ["daily", "cake"], "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 1200}]}},
        {"code": "tasting", "name": {"en": "Tasting pass", "nl": "Proefpas"}, "group": "tasting",
         "charge": {"kind": "one_fee", "valid_months": 12,
                    "prices": [{"amount_minor": 4500, "money_currency": "EUR"}]}},
    ],
}  # fmt: skip


def at_stripe(server: LocalStripe) -> override_settings:
    """For what the test itself asks of the local Stripe; the web server has it from its environment."""
    return override_settings(
        STRIPE_API_BASE=server.url, EGRESS_STAND_INS=frozenset({server.url.removeprefix("http://")})
    )


def plans(anna: Member, server: LocalStripe) -> None:
    """Published and connected; Anna has one. What Stripe sends is kept back: it is read from the list, once."""
    with transaction.atomic():
        row = section_put(program=cast.program(), name="billing", plain=SECTION)
        program_publish(program=row, actor=shop.STAFF, expected_revision=row.draft_revision)
    with at_stripe(server):
        connection = connection_add(key=KEY, actor=shop.STAFF)
        with server.state.lock:
            server.state.by_key(KEY).webhooks["mode"] = "hold"
        joins(anna, "daily", server)
        events_reconcile(connection)


def joins(member: Member, plan: str, server: LocalStripe, card: str = "4242424242424242") -> Subscription:
    """Joined by the month, paid and read; in at_stripe()."""
    joined = membership_join(
        member=member, plan=plan_named(plan), price="month-EUR", success_url="https://cafe.example/",
        cancel_url="https://cafe.example/", actor=shop.STAFF,
    )  # fmt: skip
    page = pages.answer(server.state, "POST", joined.url.removeprefix(server.url), "", f"press=pay&card={card}")
    assert page.status == 303, page.html
    assert joined.checkout is not None
    checkout_return(member=member, session=joined.checkout.stripe_id)
    return Subscription.objects.get(member=member, group="membership")
