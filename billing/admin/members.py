"""The plans on a member's page in the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from billing.admin.filters import STATES
from billing.admin.subscriptions import next_words, price_words
from billing.counting import with_state
from billing.models import Subscription
from members import panels
from members.models import Member

ROWS = 50


def _plans(request: HttpRequest, member: Member) -> dict[str, Any]:
    rows = with_state(Subscription.objects.filter(member=member)).order_by("-pk")
    rows = rows.select_related("plan__program", "price", "next_price__plan", "member")
    shown = [(each, STATES[each.state], price_words(each), next_words(each)) for each in rows[:ROWS]]
    return {
        "plans": shown,
        "invoices_url": f"{reverse('admin:billing_invoice_changelist')}?member={member.pk}&period=all",
    }


panels.add_panel(
    panels.Panel(
        key="plans",
        title=gettext_lazy("Plans"),
        template="admin/billing/member_plans.html",
        permission="billing.view_subscription",
        context=_plans,
    )
)
