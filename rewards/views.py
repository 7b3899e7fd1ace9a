"""The members' pages about rewards: what there is, taking one, those taken, giving one back."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from msgspec.structs import asdict

from core.errors import DomainError
from loyalty.access import actor_of, member_page
from loyalty.models import Enrollment
from rewards.forms import AddressForm, RedeemForm, address_guessed
from rewards.fulfilment import address_set
from rewards.models import Redemption
from rewards.opening import content_file, picture_file
from rewards.pages import (
    list_page,
    mine_page,
    offer_page,
    redemption_or_404,
    redemption_page,
    reward_or_404,
)
from rewards.pieces import piece_of
from rewards.services import redemption_cancel, reward_redeem
from rewards.waiting import seat_confirm, waiting_join, waiting_leave


@require_safe
@member_page
def reward_list(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(
        request,
        "rewards/list.html",
        list_page(enrollment, request.GET.get("kind", ""), request.GET.get("reach") == "1"),
    )


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
    page = offer_page(enrollment, reward)
    if form.cleaned_data["priced"] not in ("", page["priced"]):
        refusal = _("The price has changed meanwhile. Nothing was taken: have another look.")
        return render(request, "rewards/detail.html", {**page, "refusal": refusal}, status=409)
    try:
        taken = reward_redeem(
            enrollment=enrollment,
            reward=reward,
            actor=actor_of(enrollment.member),
            key=form.cleaned_data["key"],
            pay_with=form.cleaned_data["pay_with"],
        )
    except DomainError as error:
        page = offer_page(enrollment, reward, str(error.said))
        return render(request, "rewards/detail.html", page, status=error.status)
    if taken.state == Redemption.State.RESERVED:
        messages.success(request, _("It’s set aside for you until the money part is paid."))
    else:
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
        messages.error(request, str(error.said))
    else:
        messages.success(request, _("Given back. Your points are on your balance again."))
    return redirect("rewards:one", redemption.pk)


@require_http_methods(["POST"])
@member_page
def redemption_confirm(request: HttpRequest, enrollment: Enrollment, redemption_id: UUID) -> HttpResponse:
    """A seat that was held for its next owner is theirs."""
    redemption = redemption_or_404(enrollment, redemption_id)
    try:
        seat_confirm(redemption=redemption, actor=actor_of(enrollment.member))
    except DomainError as error:
        messages.error(request, str(error.said))
    else:
        messages.success(request, _("It’s yours. Enjoy!"))
    return redirect("rewards:one", redemption.pk)


@require_http_methods(["POST"])
@member_page
def waiting_list(request: HttpRequest, enrollment: Enrollment, code: str) -> HttpResponse:
    """Join the line for a seat, or leave it."""
    reward = reward_or_404(enrollment, code)
    actor = actor_of(enrollment.member)
    try:
        if request.POST.get("leave"):
            waiting_leave(enrollment=enrollment, reward=reward, actor=actor)
            messages.success(request, _("You’re off the waiting list."))
        else:
            waiting_join(enrollment=enrollment, reward=reward, actor=actor)
            messages.success(request, _("You’re on the waiting list. A seat that is freed goes to the first in line."))
    except DomainError as error:
        messages.error(request, str(error.said))
    return redirect("rewards:detail", code)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def parcel_address(request: HttpRequest, enrollment: Enrollment, redemption_id: UUID) -> HttpResponse:
    """Where a parcel goes, until it is packed."""
    redemption = redemption_or_404(enrollment, redemption_id)
    page = redemption_page(enrollment, redemption)
    if page["parcel"] is None:
        raise Http404
    known = page["address"]
    initial = asdict(known) if known is not None else address_guessed(enrollment.member)
    form = AddressForm(request.POST or None, initial=initial, countries=piece_of(redemption.reward).countries)
    if form.is_valid():
        try:
            address_set(redemption=redemption, address=form.address(), actor=actor_of(enrollment.member))
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.said))
        else:
            messages.success(request, _("Thank you. We’ll send it there."))
            return redirect("rewards:one", redemption.pk)
    return render(request, "rewards/address.html", {**page, "form": form}, status=422 if form.errors else 200)


@require_safe
@member_page
def reward_file(request: HttpRequest, enrollment: Enrollment, redemption_id: UUID) -> HttpResponse:
    """The file of a reward, for its owner alone."""
    found = content_file(redemption_or_404(enrollment, redemption_id))
    answer = HttpResponse(bytes(found.content), content_type=found.media_type)
    name = quote(found.name.replace("/", "_"))
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_safe
def reward_picture(request: HttpRequest, digest: str) -> HttpResponse:
    """A picture of the catalogue: anybody's, and the same for ever, since its address is its content."""
    found = picture_file(digest)
    answer = HttpResponse(bytes(found.content), content_type=found.media_type)
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
