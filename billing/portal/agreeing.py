"""An amount that is shown and agreed to, then charged: another plan, another rhythm of boxes, more of an add-on.

Nothing is charged that wasn't on the page: what was shown is told again with the consent, and should it be another
amount by then, the page comes back with the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from billing.errors import PaymentNeeded, PreviewStale
from billing.models import Subscription
from billing.portal.doing import done, done_before, out_of_date
from billing.portal.forms import ChangeForm
from billing.portal.words import refusal_words
from core.errors import DomainError
from loyalty.home import Context
from loyalty.models import Enrollment


class Agreement(NamedTuple):
    """preview: what the page `template` shows, with the amount as Stripe says it now. charge: does it, given when the
    amount was shown and how much it was in minor units; gives what to tell. back: the page to go to afterwards."""

    template: str
    preview: Callable[[], Context]
    charge: Callable[[datetime, int], str]
    back: str


def shown_then_charged(
    request: HttpRequest, enrollment: Enrollment, row: Subscription, agreement: Agreement
) -> HttpResponse:
    """GET: what it costs, to the cent. POST: do it, once, if that is still so."""
    if request.method != "POST":
        return _shown(request, agreement)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _shown(request, agreement, out_of_date(), 400)
    if done_before(request):
        return redirect(agreement.back)
    try:
        said = agreement.charge(form.cleaned_data["shown_at"], form.cleaned_data["due_minor"])
    except PaymentNeeded as error:
        page = {"enrollment": enrollment, "row": row, "url": error.context.get("url") or ""}
        return render(request, "billing/payment_needed.html", page, status=error.status)
    except PreviewStale as error:
        return _shown(request, agreement, refusal_words(error), error.status)
    except DomainError as error:
        messages.error(request, refusal_words(error))
        return redirect(agreement.back)
    done(request)
    messages.success(request, said)
    return redirect(agreement.back)


def _shown(request: HttpRequest, agreement: Agreement, refusal: str = "", status: int = 200) -> HttpResponse:
    """refusal: why nothing was changed just now; what is shown with it is the amount as of now."""
    try:
        page = agreement.preview()
    except DomainError as error:
        messages.error(request, refusal_words(error))
        return redirect(agreement.back)
    return render(request, agreement.template, {**page, "refusal": refusal}, status=status)
