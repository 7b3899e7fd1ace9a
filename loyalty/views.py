"""The members' pages about points: home and activity."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from loyalty.access import member_page
from loyalty.models import Enrollment
from loyalty.pages import activity_page, home_page, landing_page


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A visitor reads what the program offers; a member reads where they stand."""
    if not request.user.is_authenticated:
        return render(request, "loyalty/landing.html", landing_page())
    return member_home(request)


@member_page
def member_home(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(request, "loyalty/home.html", home_page(enrollment))


@require_safe
@member_page
def activity(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """Entries, newest first. ?before=<entry> goes on from there; htmx gets just the further months."""
    page = activity_page(enrollment, before=request.GET.get("before", ""))
    more = getattr(request, "htmx", False) and page["before"]
    return render(request, "loyalty/_months.html" if more else "loyalty/activity.html", page)
