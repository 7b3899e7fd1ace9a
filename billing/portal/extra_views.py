"""Add-ons on the members' pages: which there are, and more or fewer of one with the exact amount before it is so."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.addons import AddOnChoice, add_on_preview, add_on_set
from billing.errors import PaymentNeeded, PreviewStale
from billing.models import Subscription
from billing.plans import definition_of
from billing.portal.doing import done, done_before, out_of_date, own_subscription
from billing.portal.extras import extra_or_none, extra_preview_page, extras_page
from billing.portal.forms import ChangeForm
from billing.portal.words import local, refusal_words
from core.errors import DomainError
from loyalty.access import actor_of
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
    if request.method != "POST":
        if quantity == found.quantity:
            return redirect("membership:extras", row.public_id)
        return _preview(request, enrollment, row, found, quantity)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _preview(request, enrollment, row, found, quantity, out_of_date(), 400)
    if done_before(request):
        return redirect("membership:extras", row.public_id)
    try:
        add_on_set(
            subscription=row, add_on=found.plan, quantity=quantity, shown_at=form.cleaned_data["shown_at"],
            due_minor=form.cleaned_data["due_minor"], actor=actor_of(enrollment.member),
        )  # fmt: skip
    except PaymentNeeded as error:
        page = {"enrollment": enrollment, "row": row, "url": error.context.get("url") or ""}
        return render(request, "billing/payment_needed.html", page, status=error.status)
    except PreviewStale as error:
        return _preview(request, enrollment, row, found, quantity, refusal_words(error), error.status)
    except DomainError as error:
        messages.error(request, refusal_words(error))
        return redirect("membership:extras", row.public_id)
    done(request)
    messages.success(request, _said(found, quantity))
    return redirect("membership:extras", row.public_id)


def _preview(
    request: HttpRequest, enrollment: Enrollment, row: Subscription, found: AddOnChoice, quantity: int,
    refusal: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    """refusal: why nothing was changed just now; what is shown with it is the amount as of now."""
    try:
        preview = add_on_preview(subscription=row, add_on=found.plan, quantity=quantity)
    except DomainError as error:
        messages.error(request, refusal_words(error))
        return redirect("membership:extras", row.public_id)
    page = {**extra_preview_page(enrollment, row, found, preview), "refusal": refusal}
    return render(request, "billing/extra.html", page, status=status)


def _said(found: AddOnChoice, quantity: int) -> str:
    name = local(definition_of(found.plan).name)
    if not quantity:
        return _("Done. %(name)s is taken off.") % {"name": name}
    return _("Done. You have %(n)d × %(name)s now.") % {"n": quantity, "name": name}
