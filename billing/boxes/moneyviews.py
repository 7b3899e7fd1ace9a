"""What members do on their page about boxes that costs money: an extra, how many, the next one now, how often."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing.boxes.paying import box_add, box_extra_remove, box_quantity_set, box_send_now, send_now_preview
from billing.boxes.views import PAGE, box_or_404, done, number_of, refusal_words, subscription_or_404
from billing.changing import subscription_change, subscription_preview
from billing.portal.agreeing import Agreement, shown_then_charged
from core.errors import DomainError
from loyalty.access import actor_of, member_page
from loyalty.home import Context
from loyalty.models import Enrollment
from loyalty.moneywords import money_words


def _key_of(text: str) -> str:
    """The form's own key, of what a database can keep."""
    return "".join(each for each in text if each.isprintable())[:40]


@require_POST
@member_page
def add(request: HttpRequest, enrollment: Enrollment, box_id: UUID) -> HttpResponse:
    box, form = box_or_404(enrollment.member, box_id), request.POST
    return done(
        request,
        lambda: box_add(
            shipment=box, extra=form.get("extra", "")[:40], count=number_of(request, "count"),
            key=_key_of(form.get("key", "")), actor=actor_of(enrollment.member),
        ),
        _("Added. It’s on your next invoice."),
    )  # fmt: skip


@require_POST
@member_page
def take_out(request: HttpRequest, enrollment: Enrollment, box_id: UUID) -> HttpResponse:
    box, item = box_or_404(enrollment.member, box_id), request.POST.get("item", "")[:80]
    return done(
        request,
        lambda: box_extra_remove(shipment=box, item_id=item, actor=actor_of(enrollment.member)),
        _("Taken out. You aren’t charged for it."),
    )


@require_POST
@member_page
def quantity(request: HttpRequest, enrollment: Enrollment, subscription_id: UUID) -> HttpResponse:
    row, number = subscription_or_404(enrollment.member, subscription_id), number_of(request, "quantity")
    return done(
        request,
        lambda: box_quantity_set(subscription=row, quantity=number, actor=actor_of(enrollment.member)),
        _("Noted, from your next box on."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def send_now(request: HttpRequest, enrollment: Enrollment, box_id: UUID) -> HttpResponse:
    """GET: what it costs now, to the cent. POST: yes."""
    box, actor = box_or_404(enrollment.member, box_id), actor_of(enrollment.member)
    if request.method == "POST":
        shown = number_of(request, "due")
        return done(
            request,
            lambda: box_send_now(shipment=box, due_minor=shown, actor=actor),
            _("It’s being packed. Your next box follows from today."),
        )
    try:
        costs = send_now_preview(box)
    except DomainError as error:
        messages.error(request, refusal_words(error))
        return redirect(PAGE)
    context = {
        "enrollment": enrollment, "box": box, "due": costs.due_minor,
        "amount": money_words(costs.due_minor, costs.currency) if costs.due_minor else "",
    }  # fmt: skip
    return render(request, "billing/box_now.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def frequency(request: HttpRequest, enrollment: Enrollment, subscription_id: UUID) -> HttpResponse:
    """Another price of the same plan: a box a week instead of a month. GET: what that means. POST: yes."""
    row, actor = subscription_or_404(enrollment.member, subscription_id), actor_of(enrollment.member)
    price = (request.POST if request.method == "POST" else request.GET).get("price", "")[:20]

    def charge(shown_at: datetime, due_minor: int) -> str:
        subscription_change(
            subscription=row, plan=row.plan, price=price, shown_at=shown_at, due_minor=due_minor, actor=actor
        )
        return _("Changed.")

    def preview() -> Context:
        shown = subscription_preview(subscription=row, plan=row.plan, price=price)
        return {
            "enrollment": enrollment, "subscription": row, "shown": shown, "price": price,
            "shown_at": shown.shown_at.isoformat(),
            "amount": money_words(shown.due_minor, shown.currency) if shown.due_minor else "",
            "each": money_words(shown.price.amount_minor * row.quantity, shown.currency),
        }  # fmt: skip

    agreement = Agreement("billing/box_frequency.html", preview, charge, reverse(PAGE))
    return shown_then_charged(request, enrollment, row, agreement)
