"""Another plan with its exact amount before it is confirmed; leaving payments out, and going on."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.changing import subscription_change, subscription_change_withdraw, subscription_preview
from billing.errors import PaymentNeeded, PreviewStale
from billing.models import MembershipPlan, Subscription
from billing.pausing import subscription_pause, subscription_resume, subscription_skip
from billing.portal.changing import change_page, pause_page, preview_page, resume_page
from billing.portal.doing import acted, done, done_before, out_of_date, own_subscription
from billing.portal.forms import ChangeForm, PauseForm
from billing.portal.plans import plan_or_404
from billing.portal.words import refusal_words
from billing.selectors import held
from core.errors import DomainError
from loyalty.access import actor_of
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
    if request.method != "POST":
        return _preview(request, enrollment, row, plan, price)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _preview(request, enrollment, row, plan, price, out_of_date(), 400)
    if done_before(request):
        return redirect("membership:mine")
    try:
        after = subscription_change(
            subscription=row, plan=plan, price=price, shown_at=form.cleaned_data["shown_at"],
            due_minor=form.cleaned_data["due_minor"], actor=actor_of(enrollment.member),
        )  # fmt: skip
    except PaymentNeeded as error:
        page = {"enrollment": enrollment, "row": row, "url": error.context.get("url") or ""}
        return render(request, "billing/payment_needed.html", page, status=error.status)
    except PreviewStale as error:
        return _preview(request, enrollment, row, plan, price, refusal_words(error), error.status)
    except DomainError as error:
        messages.error(request, refusal_words(error))
        return redirect("membership:mine")
    done(request)
    messages.success(request, _changed(after))
    return redirect("membership:mine")


def _preview(
    request: HttpRequest, enrollment: Enrollment, row: Subscription, plan: MembershipPlan, price: str,
    refusal: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    """refusal: why it wasn't changed just now; what is shown with it is the amount as of now."""
    try:
        preview = subscription_preview(subscription=row, plan=plan, price=price)
    except DomainError as error:
        messages.error(request, refusal_words(error))
        return redirect("membership:mine")
    page = {**preview_page(enrollment, row, plan, preview), "refusal": refusal}
    return render(request, "billing/change_to.html", page, status=status)


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
