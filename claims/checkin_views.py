"""The members' pages for checking in: by position at a button, or by the code on a place's screen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from claims.checkins import Position, check_in_by_code, check_in_by_position, code_guess
from claims.forms import KEY
from claims.models import CheckIn, Place
from claims.pages import check_in_context, earned_words, outcome_words
from claims.rotating import Shown
from core import clock
from core.csp import HEADERS
from core.errors import DomainError
from core.http import client_ip
from loyalty.access import actor_of, member_page
from loyalty.models import Enrollment

SCANNED = "scanned_code"
# Whoever scans a code while logged out has so long to log in; the code itself was fresh when it was scanned.
SCANNED_SECONDS = 600
POLICY = HEADERS["Permissions-Policy"].replace("geolocation=()", "geolocation=(self)")


class PositionForm(forms.Form):
    key = forms.RegexField(KEY)
    latitude = forms.FloatField()
    longitude = forms.FloatField()
    accuracy = forms.FloatField()


class CodeForm(forms.Form):
    key = forms.RegexField(KEY)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def check_in_page(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """GET: a button that asks the device where it is. POST: check in at the nearest place."""
    if request.method == "POST":
        form = PositionForm(request.POST)
        if form.is_valid():
            given = form.cleaned_data
            position = Position(given["latitude"], given["longitude"], given["accuracy"])
            actor = actor_of(enrollment.member)
            _told(
                request,
                lambda: check_in_by_position(enrollment=enrollment, position=position, actor=actor, key=given["key"]),
            )
        else:
            messages.error(request, _("Your device didn’t say where you are. Please try again."))
        return redirect("claims:check_in")
    response = render(request, "claims/check_in.html", check_in_context(enrollment))
    response["Permissions-Policy"] = POLICY
    return response


@require_safe
@never_cache
def code_scanned(request: HttpRequest, token: str) -> HttpResponse:
    """What a phone's camera opens. Nothing happens yet: the code is noted, and a button asked for, after the log-in."""
    try:
        shown = code_guess(token, who=client_ip(request))
    except DomainError as error:
        messages.error(request, f"{error.said} {error.hint}")
        return redirect("claims:check_in")
    noted = {"place": shown.place.pk, "step": shown.step, "fresh": shown.fresh, "at": clock.now().timestamp()}
    request.session[SCANNED] = noted
    return redirect("claims:code")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def code_page(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """GET: the place and a button. POST: check in there, with the code that was scanned."""
    shown = _scanned(request)
    if shown is None:
        messages.error(request, _("Scan the code on the screen once more."))
        return redirect("claims:check_in")
    if request.method != "POST":
        return render(request, "claims/code.html", {"enrollment": enrollment, "place": shown.place})
    form = CodeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This page was out of date. Please try again."))
        return redirect("claims:code")
    actor, key = actor_of(enrollment.member), form.cleaned_data["key"]
    _told(request, lambda: check_in_by_code(enrollment=enrollment, shown=shown, actor=actor, key=key))
    request.session.pop(SCANNED, None)
    return redirect("claims:check_in")


def _scanned(request: HttpRequest) -> Shown | None:
    """The code that was scanned a moment ago, as it was judged then."""
    noted: dict[str, Any] = request.session.get(SCANNED) or {}
    if not noted or not 0 <= clock.now().timestamp() - noted["at"] <= SCANNED_SECONDS:
        return None
    place = Place.objects.filter(pk=noted["place"]).first()
    return Shown(place, noted["step"], noted["fresh"]) if place is not None else None


def _told(request: HttpRequest, act: Any) -> None:
    """Do it and say what came of it, at the top of the next page."""
    try:
        row: CheckIn = act()
    except DomainError as error:
        messages.error(request, " ".join(filter(None, (str(error.said), str(error.hint)))))
        return
    if row.state == CheckIn.State.ACCEPTED:
        earned = earned_words(row)
        gives = _("You get %(points)s.") % {"points": earned} if earned else ""
        messages.success(
            request, " ".join([_("You’re checked in at %(place)s.") % {"place": row.place}, gives]).strip()
        )
    elif row.state == CheckIn.State.HELD:
        messages.warning(request, _("Noted at %(place)s. We take a look at it first.") % {"place": row.place})
    else:
        reason = outcome_words(row)
        messages.error(request, _("Not checked in at %(place)s: %(reason)s.") % {"place": row.place, "reason": reason})
