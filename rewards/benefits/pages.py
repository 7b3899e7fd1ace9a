"""What the members' pages about benefits show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError
from loyalty.access import actor_of, member_page
from loyalty.definition.translation import text_in
from loyalty.home import Link
from loyalty.models import Enrollment
from loyalty.selectors import program_of
from loyalty.showcase import teller_for
from rewards.benefits.codes import codes_taken, codes_there, partner_code_take
from rewards.benefits.dates import calendar_file, member_dates, months_of
from rewards.benefits.definition import Content, EarlyAccess, PartnerCode
from rewards.benefits.holding import Held, benefits_held
from rewards.benefits.plan import benefit_plan
from rewards.forms import RedeemForm

Context = dict[str, Any]
TEASERS = 3


def menu_links(enrollment: Enrollment) -> Iterator[Link]:
    """Where the program gives benefits."""
    if benefit_plan(program_of(enrollment)).benefits:
        yield Link("/benefits/", _("Benefits"), "star", "rewards:benefits")


def benefits_page(enrollment: Enrollment) -> Context:
    """What they hold, and their calendar."""
    teller = teller_for(program_of(enrollment).document)
    held = benefits_held(enrollment)
    there = codes_there(enrollment)
    return {
        "enrollment": enrollment,
        "held": [
            (each, each.benefit.gives.words(teller), _link(each), there.get(each.benefit.code, False)) for each in held
        ],
        "codes": codes_taken(enrollment),
        "months": months_of(member_dates(enrollment)),
    }


def home_part(enrollment: Enrollment) -> Context:
    """A few of what they hold."""
    return {"held": benefits_held(enrollment)[:TEASERS]}


def _link(held: Held) -> str:
    gives = held.benefit.gives
    return gives.link if isinstance(gives, EarlyAccess | Content | PartnerCode) else ""


@require_safe
@member_page
def benefits_view(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(request, "rewards/benefits.html", benefits_page(enrollment))


@require_POST
@member_page
def code_view(request: HttpRequest, enrollment: Enrollment, code: str) -> HttpResponse:
    """Take a partner's code; the form's one-time key makes a double click take one."""
    planned = benefit_plan(program_of(enrollment)).benefits.get(code)
    if planned is None or not isinstance(planned.benefit.gives, PartnerCode):
        raise Http404
    form = RedeemForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This page was out of date. Nothing was taken; please try again."))
        return redirect("rewards:benefits")
    try:
        partner_code_take(
            enrollment=enrollment, code=code, key=form.cleaned_data["key"], actor=actor_of(enrollment.member)
        )
    except DomainError as error:
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())
        return redirect("rewards:benefits")
    messages.success(request, _("It’s yours: your code stands below."))
    return redirect(f"{reverse('rewards:benefits')}#codes")


@require_safe
@member_page
def calendar_view(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """The member's dates as a file."""
    language = (get_language() or "en")[:2]
    name = text_in(program_of(enrollment).document.program.name, language)
    text = calendar_file(member_dates(enrollment), name=name, host=request.get_host(), language=language)
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="benefits.ics"'
    return response
