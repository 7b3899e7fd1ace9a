"""The platform's own pages. Nobody logs in here: there is no session and no message, only pages and links."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.errors import DomainError
from core.http import client_ip
from tenants.forms import SignupForm
from tenants.links import brand_url
from tenants.models import Brand, BrandKind, BrandSignup, SignupState
from tenants.signup import signup_confirm, signup_id_of, signup_request, signup_retry


@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    """What Stamgast is. On one's own machine also which brands there are: elsewhere that is nobody's business."""
    brands = Brand.objects.live().filter(kind=BrandKind.BRAND) if settings.SANDBOX else Brand.objects.none()
    shown = [{"brand": brand, "url": brand_url(brand)} for brand in brands.order_by("created_at")[:24]]
    return render(request, "platform/landing.html", {"brands": shown})


@require_http_methods(["GET", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    form = SignupForm(request.POST or None, initial={"language": get_language()})
    if request.method == "POST" and form.is_valid():
        try:
            signup_request(client_address=client_ip(request), **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, f"{refusal.detail} {refusal.hint}")
            return render(request, "platform/signup.html", {"form": form}, status=refusal.status)
        return redirect("platform:signup_sent")
    return render(request, "platform/signup.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def signup_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "platform/signup_sent.html")


@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link asks for a click, so that a mail scanner that follows links makes no brand."""
    try:
        if request.method == "POST":
            return redirect("platform:progress", signup_id=signup_confirm(token=token).pk)
        wish = get_object_or_404(BrandSignup, pk=signup_id_of(token))
    except DomainError as refusal:
        return render(request, "platform/refused.html", {"refusal": refusal}, status=refusal.status)
    if wish.state != SignupState.REQUESTED:
        return redirect("platform:progress", signup_id=wish.pk)
    return render(request, "platform/confirm.html", {"signup": wish})


@never_cache
@require_GET
def progress(request: HttpRequest, signup_id: UUID) -> HttpResponse:
    """How far the set-up is. htmx asks for the middle of the page only; without it the page reloads itself."""
    wish = get_object_or_404(BrandSignup.objects.exclude(state=SignupState.REQUESTED), pk=signup_id)
    partial = request.headers.get("HX-Request") == "true"
    template = "platform/progress_card.html" if partial else "platform/progress.html"
    return render(request, template, progress_words(wish))


@require_POST
def retry(request: HttpRequest, signup_id: UUID) -> HttpResponse:
    try:
        signup_retry(signup_id=signup_id)
    except DomainError as refusal:
        return render(request, "platform/refused.html", {"refusal": refusal}, status=refusal.status)
    return redirect("platform:progress", signup_id=signup_id)


def progress_words(wish: BrandSignup) -> dict[str, object]:
    """What the progress page shows: percent, the step in words, and the brand's links once it is there."""
    steps = {
        "claim": _("Reserving the address"),
        "schema": _("Making room for your members, points and rewards"),
        "program": _("Setting up your program and your log-in"),
        "address": _("Opening the doors"),
    }
    running = wish.state in {SignupState.QUEUED, SignupState.RUNNING}
    return {
        "signup": wish,
        "running": running,
        "step": steps.get(wish.step, _("Waiting for its turn")),
        "site": brand_url(wish.brand) if wish.brand and wish.state == SignupState.DONE else "",
    }
