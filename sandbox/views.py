"""/mailbox/: what the demo would have mailed. Only this host's mails; only where settings.SANDBOX is on."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sandbox.mailbox import Caught, mail_named, mails, styles_moved


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
