"""Member pages are for someone who logged in and is enrolled; whoever isn't gets a page that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from core.actor import Actor
from loyalty.models import Enrollment
from members.models import Member

P = ParamSpec("P")
MemberView = Callable[Concatenate[HttpRequest, Enrollment, P], HttpResponse]
PROGRAM_KEY = "program"


def enrollments_of(request: HttpRequest) -> list[Enrollment]:
    """The programs that the person who is logged in takes part in, first joined first."""
    if not request.user.is_authenticated:
        return []
    return list(
        Enrollment.objects.filter(member__user_id=request.user.pk, program__archived_at__isnull=True)
        .exclude(member__status=Member.Status.ERASED)
        .select_related("member", "program")
        .order_by("enrolled_at", "pk")
    )


def enrollment_chosen(request: HttpRequest) -> Enrollment | None:
    """The enrollment that the pages are about: the one asked for by ?program=, the one chosen before, or the first."""
    enrollments = enrollments_of(request)
    by_slug = {each.program.slug: each for each in enrollments}
    asked = request.GET.get(PROGRAM_KEY, "")
    if asked in by_slug and request.session.get(PROGRAM_KEY) != asked:
        request.session[PROGRAM_KEY] = asked
    chosen = by_slug.get(request.session.get(PROGRAM_KEY, ""), enrollments[0] if enrollments else None)
    request.enrollment = chosen  # type: ignore[attr-defined]  # loyalty/menu.py goes by it
    request.enrollments = enrollments  # type: ignore[attr-defined]  # components/programs.html offers the others
    return chosen


def actor_of(member: Member) -> Actor:
    """The member, on these pages."""
    return Actor("member", f"member:{member.public_id}", "web")


def member_page(view: MemberView[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Wraps view(request, enrollment, …): log-in first, then the enrollment, else loyalty/no_member.html."""

    @wraps(view)
    @never_cache
    @login_required
    def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        enrollment = enrollment_chosen(request)
        if enrollment is None:
            return render(request, "loyalty/no_member.html", status=200 if request.method == "GET" else 403)
        return view(request, enrollment, *args, **kwargs)

    return cast(Callable[Concatenate[HttpRequest, P], HttpResponse], page)
