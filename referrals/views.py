"""The member's page for sharing, and the page that a friend's link leads to."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core.errors import DomainError
from core.http import client_ip
from loyalty.access import actor_of, enrollment_chosen, enrollments_of, member_page
from loyalty.models import Enrollment
from members.acquisition import friend_remember
from referrals.binding import referral_bind
from referrals.codes import code_choose, code_ensure, code_find, display_name_set
from referrals.errors import CodeUnknown
from referrals.forms import ShareForm
from referrals.models import ReferralCode, ReferralTrace
from referrals.pages import landing_page, share_page
from referrals.selectors import section_now
from referrals.signals import trace_digest


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def share(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """GET: the link, how far they are, their friends. POST: the name that friends read, and the code."""
    section = section_now(enrollment.program_id)
    if section is None:
        raise Http404
    code = code_ensure(enrollment=enrollment)
    initial = {"display_name": code.display_name, "code": code.code}
    form = ShareForm(request.POST or None, initial=initial, own_codes=section.own_codes)
    if request.method == "POST" and form.is_valid() and _saved(enrollment, form):
        messages.success(request, _("Saved."))
        return redirect("referrals:share")
    page = {**share_page(request, enrollment, section), "form": form}
    return render(request, "referrals/share.html", page, status=422 if form.errors else 200)


def _saved(enrollment: Enrollment, form: ShareForm) -> bool:
    try:
        if "code" in form.fields:
            code_choose(enrollment=enrollment, code=form.cleaned_data["code"], actor=actor_of(enrollment.member))
        display_name_set(enrollment=enrollment, name=form.cleaned_data["display_name"])
    except DomainError as error:
        form.refuse(error)
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def landing(request: HttpRequest, code: str) -> HttpResponse:
    """GET: who joins is brought by this member. POST: somebody who is in already, and new, says so."""
    try:
        found = code_find(code, asked_by=client_ip(request))
    except CodeUnknown as error:
        raise Http404(str(error.detail)) from error
    except DomainError as error:
        return render(request, "referrals/landing.html", {"refused": error.said}, status=error.status)
    own = next((each for each in enrollments_of(request) if each.program_id == found.enrollment.program_id), None)
    if request.method == "POST":
        return _bound(request, found, own)
    page = landing_page(found)
    if page["open"] and not request.user.is_authenticated:
        digest = trace_digest(ReferralTrace.Kind.IP, client_ip(request))
        friend_remember(request, referral=found.code, trace=digest.hex())
    enrollment_chosen(request)  # for the menu
    page["own"] = own is not None and own.pk == found.enrollment_id
    page["member"] = own is not None
    response = render(request, "referrals/landing.html", page)
    response["X-Robots-Tag"] = "noindex"
    return response


def _bound(request: HttpRequest, code: ReferralCode, own: Enrollment | None) -> HttpResponse:
    if own is None:
        return redirect("/accounts/signup/")
    try:
        referral_bind(code=code, friend=own, actor=actor_of(own.member))
    except DomainError as error:
        messages.error(request, str(error.said))
    else:
        messages.success(request, _("Thank you! Your friend hears of it when you take the first step."))
    return redirect("/")
