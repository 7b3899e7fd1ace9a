"""Choosing a plan and joining it: the plans, one plan, the way to the payment page, the way back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from billing.errors import PromotionCodeRefused
from billing.joining import live_of, membership_join
from billing.models import Checkout, MembershipPlan
from billing.portal.doing import GOING, done, done_before, go_to, out_of_date, urls_of
from billing.portal.forms import JoinForm
from billing.portal.plans import plan_or_404, plan_page, plans_page
from billing.portal.words import refusal_words
from billing.returning import checkout_return, trial_refused
from core.errors import DomainError, NotFound
from loyalty.access import actor_of, enrollment_chosen, member_page
from loyalty.models import Enrollment


@require_safe
@never_cache
def plan_list(request: HttpRequest) -> HttpResponse:
    """Public: what there is, what it costs and gives; a member sees what is theirs."""
    return render(request, "billing/plans.html", plans_page(enrollment_chosen(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def plan_detail(request: HttpRequest, code: str) -> HttpResponse:
    """GET, public: the plan, and a button for members. POST: join it; a second click joins once."""
    plan = plan_or_404(code)
    if request.method == "POST":
        return _join(request, plan)
    page = plan_page(plan, enrollment_chosen(request))
    page["left"] = "left" in request.GET
    return render(request, "billing/plan.html", page, status=410 if page["gone"] else 200)


@member_page
def _join(request: HttpRequest, enrollment: Enrollment, plan: MembershipPlan) -> HttpResponse:
    form = JoinForm(request.POST)
    if not form.is_valid():
        return _refused(request, enrollment, plan, out_of_date(), 400)
    if done_before(request):
        return redirect("membership:pay" if request.session.get(GOING) else "membership:mine")
    try:
        joined = membership_join(
            member=enrollment.member,
            plan=plan,
            price=form.cleaned_data["price"],
            promotion_code=form.cleaned_data["promotion_code"],
            actor=actor_of(enrollment.member),
            **urls_of(request, f"/plans/{plan.code}/?left=1"),
        )
    except PromotionCodeRefused as error:
        typed = form.cleaned_data["promotion_code"]
        return _refused(request, enrollment, plan, "", error.status, code=typed, code_refused=refusal_words(error))
    except DomainError as error:
        return _refused(request, enrollment, plan, refusal_words(error), error.status)
    done(request)
    if joined.url:
        return go_to(request, joined)
    messages.success(request, _("Welcome! You’re in."))
    return redirect("membership:mine")


def _refused(
    request: HttpRequest, enrollment: Enrollment, plan: MembershipPlan, refusal: str, status: int, **typed: str
) -> HttpResponse:
    page = {**plan_page(plan, enrollment), "refusal": refusal, **typed}
    return render(request, "billing/plan.html", page, status=status)


@require_safe
@member_page
def pay(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """On to the payment page that was opened last."""
    url = request.session.get(GOING, "")
    if not url:
        return redirect("membership:mine")
    return render(request, "billing/pay.html", {"enrollment": enrollment, "url": url})


@require_safe
@member_page
def back(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """From the payment page: what it brought is read, and shown on the membership's page."""
    request.session.pop(GOING, None)
    try:
        page = checkout_return(member=enrollment.member, session=request.GET.get("session", ""))
    except NotFound:
        return redirect("membership:mine")
    except DomainError:
        messages.info(request, _("Thank you. We’re waiting for word of your payment; it shows here in a moment."))
        return redirect("membership:mine")
    if page.state != Checkout.State.COMPLETE:
        messages.warning(request, _("The payment page wasn’t finished, so nothing was charged."))
    elif page.purpose == Checkout.Purpose.CARD:
        messages.success(request, _("Thank you. From now on this card pays."))
    elif live_of(enrollment.member, page.group) is not None:
        messages.success(request, _("Welcome! You’re in."))
    elif trial_refused(page):
        messages.warning(request, _("You had your free trial already, so this one didn’t begin. Nothing was charged."))
    else:
        messages.info(request, _("Thank you. We’re waiting for word of your payment; it shows here in a moment."))
    return redirect("membership:mine")
