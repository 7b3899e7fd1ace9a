"""The memberships on the admin's first page: how many stand where now, and what of the money waits for somebody."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.counting import subscriptions_counted
from billing.models import MembershipPlan, StripeConnection, StripeEvent
from billing.owing import invoices_owed
from core.backoffice.display import points

SEE = "billing.view_subscription"
SEE_INVOICES = "billing.view_invoice"
SEE_ACCOUNT = "billing.view_stripeconnection"


def membership_figures(request: HttpRequest) -> dict[str, Any] | None:
    """at, and a card for each figure with where its rows are; None for who may not see them or where no plan is."""
    if not request.user.has_perm(SEE) or not MembershipPlan.objects.exists():
        return None
    found = subscriptions_counted()
    url = reverse("admin:billing_subscription_changelist")
    cards = [
        (_("Active"), found["active"], "state=active", _("Paid up, and those that were just to renew.")),
        (_("In trial"), found["trialing"], "state=trialing", _("Nothing was paid yet; they count in no turnover.")),
        (
            _("Payment late"), found["past_due"], "state=past_due",
            _("A card was tried in vain, and what the plan gives still holds."),
        ),
        (
            _("Leaving"), found.leaving, "leaving=yes",
            _("They said that they leave and aren’t gone yet. Until then they stand among the others too."),
        ),
        (_("Paused"), found["paused"], "state=paused", _("Nothing is charged until a date.")),
        (
            _("Held back"), found["suspended"], "state=suspended",
            _("Unpaid after the days of grace, or disputed at the bank."),
        ),
    ]  # fmt: skip
    return {
        "at": found.at,
        "cards": [
            {"title": title, "value": points(number), "how": how, "url": f"{url}?{query}"}
            for title, number, query, how in cards
        ],
    }


def membership_attention(request: HttpRequest) -> list[dict[str, str]]:
    """What somebody should look at: a key that is refused, events given up on, and who owes."""
    found: list[dict[str, str]] = []
    if request.user.has_perm(SEE_ACCOUNT):
        found += _accounts()
    if request.user.has_perm(SEE_INVOICES) and (late := invoices_owed().count()):
        text = ngettext("%(n)s payment failed and is owed.", "%(n)s payments failed and are owed.", late)
        url = reverse("admin:billing_invoice_late")
        found.append({"icon": "credit_card_off", "text": text % {"n": points(late)}, "url": url})
    return found


def _accounts() -> list[dict[str, str]]:
    found = []
    for each in StripeConnection.objects.filter(health=StripeConnection.Health.KEY_REFUSED):
        text = _("Stripe refuses the key of %(account)s: nobody can join or pay.") % {"account": each}
        url = reverse("admin:billing_stripeconnection_change", args=[each.pk])
        found.append({"icon": "key_off", "text": text, "url": url})
    failed = StripeEvent.objects.filter(state=StripeEvent.State.FAILED).count()
    if failed:
        text = ngettext("%(n)s event of Stripe was given up on.", "%(n)s events of Stripe were given up on.", failed)
        url = f"{reverse('admin:billing_stripeevent_changelist')}?state__exact=failed&period=all"
        found.append({"icon": "webhook", "text": text % {"n": points(failed)}, "url": url})
    return found
