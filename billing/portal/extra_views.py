"""Add-ons on the members' pages: which there are, and more or fewer of one with the exact amount before it is so."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.addons import AddOnChoice, add_on_preview, add_on_set
from billing.models import Subscription
from billing.plans import definition_of
from billing.portal.agreeing import Agreement, shown_then_charged
from billing.portal.doing import own_subscription
from billing.portal.extras import extra_or_none, extra_preview_page, extras_page
from billing.portal.words import local
from loyalty.access import actor_of
from loyalty.home import Context
from loyalty.models import Enrollment


@require_safe
@own_subscription
def extras(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """What can be added to the plan, and what was."""
    return render(request, "billing/extras.html", extras_page(enrollment, row))


@require_http_methods(["GET", "HEAD", "POST"])
@own_subscription
def extra(request: HttpRequest, enrollment: Enrollment, row: Subscription, add_on: str, quantity: int) -> HttpResponse:
    """GET: what so many cost, to the cent, as Stripe says. POST: have so many, if that is still so; 0: none."""
    found = extra_or_none(add_on, row)
    if found is None or quantity > found.most:
        raise Http404
    back = reverse("membership:extras", args=[row.public_id])
    if request.method != "POST" and quantity == found.quantity:
        return redirect(back)

    def charge(shown_at: datetime, due_minor: int) -> str:
        add_on_set(
            subscription=row, add_on=found.plan, quantity=quantity, shown_at=shown_at, due_minor=due_minor,
            actor=actor_of(enrollment.member),
        )  # fmt: skip
        return _said(found, quantity)

    def preview() -> Context:
        shown = add_on_preview(subscription=row, add_on=found.plan, quantity=quantity)
        return extra_preview_page(enrollment, row, found, shown)

    return shown_then_charged(request, enrollment, row, Agreement("billing/extra.html", preview, charge, back))


def _said(found: AddOnChoice, quantity: int) -> str:
    name = local(definition_of(found.plan).name)
    if not quantity:
        return _("Done. %(name)s is taken off.") % {"name": name}
    return _("Done. You have %(n)d × %(name)s now.") % {"n": quantity, "name": name}
