"""What the members' pages about benefits show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.access import member_page
from loyalty.definition.translation import text_in
from loyalty.home import Link
from loyalty.models import Enrollment
from loyalty.selectors import program_of
from loyalty.showcase import teller_for
from rewards.benefits.dates import calendar_file, member_dates, months_of
from rewards.benefits.definition import Content, EarlyAccess
from rewards.benefits.holding import Held, benefits_held
from rewards.benefits.plan import benefit_plan

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
    return {
        "enrollment": enrollment,
        "held": [(each, each.benefit.gives.words(teller), _link(each)) for each in held],
        "months": months_of(member_dates(enrollment)),
    }


def home_part(enrollment: Enrollment) -> Context:
    """A few of what they hold."""
    return {"held": benefits_held(enrollment)[:TEASERS]}


def _link(held: Held) -> str:
    gives = held.benefit.gives
    return gives.link if isinstance(gives, EarlyAccess | Content) else ""


@require_safe
@member_page
def benefits_view(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(request, "rewards/benefits.html", benefits_page(enrollment))


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
