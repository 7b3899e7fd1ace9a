"""/mailbox/: what the demo would have mailed, only this host's mails. /clock/: a brand's time, moved on by hand.

Only where settings.SANDBOX is on.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from sandbox.clockwork import MOST_DAYS, journey_begin, journey_of, moving
from sandbox.mailbox import Caught, mail_named, mails, styles_moved
from sandbox.tasks import clock_move
from tenants.context import current_brand


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    shown = [(mail, datetime.fromtimestamp(mail.at, UTC)) for mail in mails()]
    return render(request, "mailbox/list.html", {"mails": shown})


@never_cache
@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    caught = _mail(name)
    return render(request, "mailbox/one.html", {"mail": caught, "at": datetime.fromtimestamp(caught.at, UTC)})


@never_cache
@require_safe
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The mail's own page, for the frame that shows it: no script, no form, links open outside the frame."""
    html, sheet = styles_moved(_mail(name).html)
    head = f'<base target="_blank"><style nonce="{request.csp_nonce}">{sheet}</style>'  # type: ignore[attr-defined]  # django-csp's
    response = HttpResponse(html.replace("</head>", f"{head}</head>", 1))
    response["X-Frame-Options"] = "SAMEORIGIN"
    response._csp_update = {"sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"]}  # type: ignore[attr-defined]  # django-csp's
    response._csp_replace = {"frame-ancestors": ["'self'"], "script-src": ["'none'"]}  # type: ignore[attr-defined]  # django-csp's
    return response


def _mail(name: str) -> Caught:
    found = mail_named(name)
    if found is None:
        raise Http404
    return found


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def clock_page(request: HttpRequest) -> HttpResponse:
    """The brand's day, and buttons that move it on; the platform's own host has no clock."""
    if current_brand() is None or not settings.CLOCK_MOVABLE:
        raise Http404
    problem = ""
    if request.method == "POST":
        problem = _moved_on(request.POST.get("days", ""))
        if not problem:
            return redirect("sandbox:clock")
    journey = journey_of()
    gone = journey.days - journey.left if journey else 0
    share = round(100 * gone / journey.days) if journey and journey.days else 0
    told = {"now": clock.now(), "journey": journey, "moving": moving(journey), "gone": gone, "share": share}
    template = "clock/_clock.html" if "HX-Request" in request.headers else "clock/page.html"
    return render(request, template, {**told, "problem": problem, "most": MOST_DAYS, "leaps": (1, 7, 31)})


def _moved_on(given: str) -> str:
    """What is wrong with it, in words; empty when the clock has been sent on."""
    # ASCII digits only: int() takes others too.
    days = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 0
    if not 1 <= days <= MOST_DAYS:
        return _("Choose a number of days from 1 to %(most)d.") % {"most": MOST_DAYS}
    if not journey_begin(days):
        return _("The clock is moving already. Wait until it stands.")
    clock_move.delay(days)
    return ""
