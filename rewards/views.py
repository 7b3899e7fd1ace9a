"""The members' pages about rewards: what there is, taking one, those taken, giving one back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import DomainError
from loyalty.access import actor_of, member_page
from loyalty.models import Enrollment
from rewards.forms import RedeemForm
from rewards.pages import list_page, mine_page, offer_page, redemption_or_404, redemption_page, reward_or_404
from rewards.services import redemption_cancel, reward_redeem


@require_safe
@member_page
def reward_list(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(request, "rewards/list.html", list_page(enrollment))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def reward_detail(request: HttpRequest, enrollment: Enrollment, code: str) -> HttpResponse:
    """GET: the reward and a button. POST: take it; the form's one-time key makes a double click take one."""
    reward = reward_or_404(enrollment, code)
    if request.method == "POST":
        return _redeem(request, enrollment, code)
    return render(request, "rewards/detail.html", offer_page(enrollment, reward))


def _redeem(request: HttpRequest, enrollment: Enrollment, code: str) -> HttpResponse:
    reward = reward_or_404(enrollment, code)
    form = RedeemForm(request.POST)
    if not form.is_valid():
        refusal = _("This page was out of date. Nothing was taken; please try again.")
        return render(request, "rewards/detail.html", offer_page(enrollment, reward, refusal), status=400)
    try:
        taken = reward_redeem(
            enrollment=enrollment, reward=reward, actor=actor_of(enrollment.member), key=form.cleaned_data["key"]
        )
    except DomainError as error:
        page = offer_page(enrollment, reward, str(error.detail))
        return render(request, "rewards/detail.html", page, status=error.status)
    messages.success(request, _("It’s yours. Enjoy!"))
    return redirect("rewards:one", taken.pk)


@require_safe
@member_page
def redemption_list(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(request, "rewards/mine.html", mine_page(enrollment))


@require_safe
@member_page
def redemption_detail(request: HttpRequest, enrollment: Enrollment, redemption_id: UUID) -> HttpResponse:
    redemption = redemption_or_404(enrollment, redemption_id)
    return render(request, "rewards/one.html", redemption_page(enrollment, redemption))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def redemption_cancel_page(request: HttpRequest, enrollment: Enrollment, redemption_id: UUID) -> HttpResponse:
    """GET asks whether they are sure; POST gives the reward back."""
    redemption = redemption_or_404(enrollment, redemption_id)
    if request.method != "POST":
        return render(request, "rewards/cancel.html", redemption_page(enrollment, redemption))
    try:
        redemption_cancel(redemption=redemption, actor=actor_of(enrollment.member), reason="member")
    except DomainError as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, _("Given back. Your points are on your balance again."))
    return redirect("rewards:one", redemption.pk)
