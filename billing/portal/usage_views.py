"""What was used of what is paid for afterwards, and the member's own limit for it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billing.metering import usage_cap_set
from billing.models import Subscription
from billing.portal.doing import done, done_before, out_of_date, own_subscription
from billing.portal.forms import KeyForm
from billing.portal.usage import cap_refusal, cap_saved, meter_held, money_typed, page_of, usage_page
from billing.portal.words import refusal_words
from core.errors import DomainError
from loyalty.access import actor_of
from loyalty.models import Enrollment


@require_safe
@own_subscription
def usage(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """Of each meter of the plan: used, included, what it comes to, and the limit."""
    return render(request, "billing/usage.html", usage_page(enrollment, row))


@require_POST
@own_subscription
def usage_cap(request: HttpRequest, enrollment: Enrollment, row: Subscription, meter: str) -> HttpResponse:
    """Set the limit, or take it away by leaving the field empty."""
    there = meter_held(row, meter)
    if there is None:
        raise Http404
    given = request.POST.get("cap", "")[:40]
    if not KeyForm(request.POST).is_valid():
        return _refused(request, enrollment, row, meter, given, out_of_date(), 400)
    cap = money_typed(given, there.currency) if given.strip() else None
    if cap is None and given.strip():
        return _refused(request, enrollment, row, meter, given, cap_refusal(there.currency), 422)
    if done_before(request):
        return redirect(page_of(row))
    try:
        after = usage_cap_set(subscription=row, meter=meter, cap_minor=cap, actor=actor_of(enrollment.member))
    except DomainError as error:
        return _refused(request, enrollment, row, meter, given, refusal_words(error), error.status)
    done(request)
    messages.success(request, cap_saved(after))
    return redirect(page_of(row))


def _refused(
    request: HttpRequest, enrollment: Enrollment, row: Subscription, meter: str, given: str, refusal: str, status: int
) -> HttpResponse:
    page = {**usage_page(enrollment, row), "refused": meter, "given": given, "refusal": refusal}
    return render(request, "billing/usage.html", page, status=status)
