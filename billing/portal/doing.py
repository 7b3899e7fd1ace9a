"""What the pages' buttons share: one-time keys, a refusal in words, and the way to Stripe's page and back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from billing.errors import SubscriptionNotFound
from billing.joining import Joined
from billing.models import Subscription
from billing.portal.forms import KeyForm
from billing.portal.words import refusal_words
from billing.selectors import subscription_named
from core.errors import DomainError
from loyalty.access import member_page
from loyalty.models import Enrollment

P = ParamSpec("P")
OwnView = Callable[Concatenate[HttpRequest, Enrollment, Subscription, P], HttpResponse]
# In the session: forms that were carried out, newest last; and the page of Stripe's that was opened last.
DONE, GOING = "membership_done", "membership_going"
KEPT = 30
MINE = "/membership/"


def own_subscription(view: OwnView[P]) -> Callable[..., HttpResponse]:
    """Wraps view(request, enrollment, subscription, …): the member's own; another's isn't there."""

    @wraps(view)
    @member_page
    def page(request: HttpRequest, enrollment: Enrollment, public_id: UUID, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            row = subscription_named(public_id, member=enrollment.member)
        except SubscriptionNotFound as error:
            raise Http404 from error
        return view(request, enrollment, row, *args, **kwargs)

    return page


def acted(request: HttpRequest, act: Callable[[], object], said: Callable[[], str], back: str = MINE) -> HttpResponse:
    """Carry a form out, once for its key, and go back to a page that shows how it stands now. said(): what to tell,
    asked for afterwards."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        messages.error(request, out_of_date())
    elif not done_before(request):
        try:
            act()
        except DomainError as error:
            messages.error(request, refusal_words(error))
        else:
            done(request)
            messages.success(request, said())
    return redirect(back)


def done_before(request: HttpRequest) -> bool:
    """Whether this very form was carried out: the same page's key with other choices is another wish."""
    return _wish(request) in request.session.get(DONE, [])


def done(request: HttpRequest) -> None:
    request.session[DONE] = [*request.session.get(DONE, []), _wish(request)][-KEPT:]


def _wish(request: HttpRequest) -> str:
    sent = sorted((name, value) for name, value in request.POST.items() if name != "csrfmiddlewaretoken")
    return hashlib.sha256(msgspec.json.encode([request.path, sent])).hexdigest()[:32]


def out_of_date() -> str:
    return _("This page was out of date, so nothing was changed. Please try again.")


# --- Stripe's page ---------------------------------------------------------------------------------------------------
def urls_of(request: HttpRequest, cancel: str) -> dict[str, str]:
    """Where Stripe's page leads back to."""
    back = request.build_absolute_uri("/membership/back/")
    return {
        # Stripe puts the session's id in the place of the braces.
        "success_url": back + "?session={CHECKOUT_SESSION_ID}",
        "cancel_url": request.build_absolute_uri(cancel),
    }


def go_to(request: HttpRequest, joined: Joined) -> HttpResponse:
    """To a page of ours that leads on: a form of ours may lead nowhere else, says the policy of our pages."""
    request.session[GOING] = joined.url
    return redirect("membership:pay")
