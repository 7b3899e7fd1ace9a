"""The members' pages about achievements and leaderboards."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import DomainError
from loyalty.access import actor_of, member_page
from loyalty.achievementpages import achievements_page, leaderboards_page
from loyalty.leaderboards import leaderboard_join, leaderboard_leave
from loyalty.models import Enrollment


@require_safe
@member_page
def achievements(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(request, "loyalty/achievements.html", achievements_page(enrollment))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def leaderboards(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """GET: the boards. POST: be seen on them under the name that was given, or change it."""
    if request.method != "POST":
        return render(request, "loyalty/leaderboards.html", leaderboards_page(enrollment))
    name = request.POST.get("name", "")[:200]
    try:
        leaderboard_join(enrollment=enrollment, name=name, actor=actor_of(enrollment.member))
    except DomainError as error:
        page = leaderboards_page(enrollment, name=name, refusal=str(error.detail))
        return render(request, "loyalty/leaderboards.html", page, status=error.status)
    messages.success(request, _("You’re on the leaderboards."))
    return redirect("loyalty:leaderboards")


@require_POST
@member_page
def leaderboards_leave(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    leaderboard_leave(enrollment=enrollment, actor=actor_of(enrollment.member))
    messages.success(request, _("You’re no longer on the leaderboards."))
    return redirect("loyalty:leaderboards")
