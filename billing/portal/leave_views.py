"""Leaving by the brand's ladder. On every step leaving is one click away, and so is staying."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing.acting import reread
from billing.errors import NotPossibleNow
from billing.leaving import subscription_cancel, subscription_leave_refunded
from billing.models import Subscription
from billing.portal.doing import MINE, acted, own_subscription
from billing.portal.forms import ReasonForm
from billing.portal.leaving import WHEN_NOW, after_reason, leave_page, reasons_of
from billing.staying import offer_take, step_note
from loyalty.access import actor_of
from loyalty.models import Enrollment
from loyalty.templatetags.points import short_day

# In the session: what was said on the first step, by subscription.
SAID = "membership_leaving"


@require_http_methods(["GET", "HEAD", "POST"])
@own_subscription
def leave(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """GET: a step. POST press=on: to the next one; press=leave: leave; press=refund: leave at once, with the money."""
    if request.method != "POST":
        return _step(request, enrollment, row)
    form = ReasonForm(request.POST, reasons=reasons_of(row))
    if not form.is_valid():
        return _step(request, enrollment, row, form)
    said = _said(request, row, form)
    press = request.POST.get("press", "")
    if press == "on":
        return redirect(f"/membership/{row.public_id}/leave/?step={after_reason(row)}")
    if press not in ("leave", "refund"):
        return redirect(f"/membership/{row.public_id}/leave/")
    response = acted(request, lambda: _left(row, press, said, enrollment), lambda: _goodbye(row, press))
    request.session.pop(SAID, None)
    return response


def _step(
    request: HttpRequest, enrollment: Enrollment, row: Subscription, form: ReasonForm | None = None
) -> HttpResponse:
    page = leave_page(enrollment, row, request.GET.get("step", ""))
    if page is None:
        messages.info(request, _("There is nothing to leave: it has ended, or ends already."))
        return redirect(MINE)
    if request.method == "GET":
        step_note(subscription=row, step=page["step"], actor=actor_of(enrollment.member))
    page["form"] = form if form is not None else ReasonForm(initial=_kept(request, row), reasons=reasons_of(row))
    return render(request, "billing/leave.html", page, status=422 if form is not None else 200)


def _said(request: HttpRequest, row: Subscription, form: ReasonForm) -> dict[str, str]:
    """The reason: as just given, else as given on the first step."""
    said = {name: form.cleaned_data[name] for name in ("reason", "comment") if form.cleaned_data[name]}
    if said:
        request.session[SAID] = {"id": str(row.public_id), **said}
    return {"reason": "other", **_kept(request, row), **said}


def _kept(request: HttpRequest, row: Subscription) -> dict[str, str]:
    kept: dict[str, Any] = request.session.get(SAID) or {}
    return {name: kept[name] for name in ("reason", "comment") if name in kept and kept["id"] == str(row.public_id)}


def _left(row: Subscription, press: str, said: dict[str, str], enrollment: Enrollment) -> Subscription:
    actor = actor_of(enrollment.member)
    if press == "refund":
        return subscription_leave_refunded(subscription=row, actor=actor, **said)
    if row.plan.kind == "one_fee":
        raise NotPossibleNow(_("It was paid once and ends by itself."))
    when = "now" if row.billing in WHEN_NOW else "period_end"
    return subscription_cancel(subscription=row, when=when, actor=actor, **said)  # type: ignore[arg-type]  # one of the two


def _goodbye(row: Subscription, press: str) -> str:
    if press == "refund":
        return _("You’ve left, and your money is on its way back. It can take some days until your bank shows it.")
    now = reread(row)
    if now.cancel_at is not None and now.ended_at is None:
        return _("You’ve left. It’s yours until %(day)s, and nothing more is charged.") % {
            "day": short_day(now.cancel_at)
        }
    return _("You’ve left. Nothing more is charged.")


@require_POST
@own_subscription
def offer(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """They take the offer and stay."""
    actor = actor_of(enrollment.member)
    return acted(
        request,
        lambda: offer_take(subscription=row, actor=actor),
        lambda: _("Good to have you. The discount is on your next payment."),
    )
