"""Another plan with its exact amount before it is confirmed; leaving payments out, and going on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.changing import subscription_change, subscription_change_withdraw, subscription_preview
from billing.models import Subscription
from billing.pausing import subscription_pause, subscription_resume, subscription_skip
from billing.portal.agreeing import Agreement, shown_then_charged
from billing.portal.changing import change_page, pause_page, preview_page, resume_page
from billing.portal.doing import MINE, acted, out_of_date, own_subscription
from billing.portal.forms import PauseForm
from billing.portal.plans import plan_or_404
from billing.selectors import held
from loyalty.access import actor_of
from loyalty.home import Context
from loyalty.models import Enrollment
from loyalty.templatetags.points import short_day


@require_safe
@own_subscription
def change(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """The plans that they can change to."""
    if row.plan.kind != "recurring" or row.price is None:
        return redirect("membership:plans")
    return render(request, "billing/change.html", change_page(enrollment, row))


@require_http_methods(["GET", "HEAD", "POST"])
@own_subscription
def change_to(
    request: HttpRequest, enrollment: Enrollment, row: Subscription, plan_code: str, price: str
) -> HttpResponse:
    """GET: what it costs, to the cent, as Stripe says. POST: change, if that is still so."""
    plan = plan_or_404(plan_code)

    def charge(shown_at: datetime, due_minor: int) -> str:
        after = subscription_change(
            subscription=row, plan=plan, price=price, shown_at=shown_at, due_minor=due_minor,
            actor=actor_of(enrollment.member),
        )  # fmt: skip
        return _changed(after)

    def preview() -> Context:
        return preview_page(enrollment, row, plan, subscription_preview(subscription=row, plan=plan, price=price))

    return shown_then_charged(request, enrollment, row, Agreement("billing/change_to.html", preview, charge, MINE))


def _changed(row: Subscription) -> str:
    if row.next_price is not None:
        return _("Done. It changes on %(day)s; until then all stays as it is.") % {"day": short_day(row.period_end)}
    return _("Done. You have %(plan)s now.") % {"plan": row.plan}


@require_POST
@own_subscription
def change_withdraw(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """What was to follow doesn't."""
    actor = actor_of(enrollment.member)
    return acted(
        request,
        lambda: subscription_change_withdraw(subscription=row, actor=actor),
        lambda: _("Fine. It stays as it is."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@own_subscription
def pause(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """GET: what can be left out. POST: leave it out; without months it is the next payment alone."""
    if request.method != "POST":
        return render(request, "billing/pause.html", pause_page(enrollment, row))
    form = PauseForm(request.POST)
    if not form.is_valid():
        choose = _("Choose for how long. Nothing was changed.")
        messages.error(request, choose if "months" in form.errors else out_of_date())
        return redirect("membership:pause", row.public_id)
    actor, months = actor_of(enrollment.member), form.cleaned_data["months"]
    act: Callable[[], object]
    if months is None:
        act = lambda: subscription_skip(subscription=row, actor=actor)  # noqa: E731  (one of two, beside each other)
    else:
        act = lambda: subscription_pause(subscription=row, months=months, actor=actor)  # noqa: E731  (as above)
    return acted(request, act, lambda: _left_out(row))


def _left_out(row: Subscription) -> str:
    row.refresh_from_db()
    charge = held(row).next_charge
    return _("Done. You’re charged again on %(day)s.") % {"day": short_day(charge.at if charge else row.resumes_at)}


@require_http_methods(["GET", "HEAD", "POST"])
@own_subscription
def resume(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """GET: what going on costs. POST: go on."""
    if request.method != "POST":
        return render(request, "billing/resume.html", resume_page(enrollment, row))
    actor = actor_of(enrollment.member)
    return acted(
        request, lambda: subscription_resume(subscription=row, actor=actor), lambda: _("Good to have you. It goes on.")
    )
