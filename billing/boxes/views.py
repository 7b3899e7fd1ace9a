"""The members' page about their boxes, and what they do there."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from msgspec.structs import asdict

from billing.boxes.addressing import address_of
from billing.boxes.choosing import box_address_set, box_delay, box_swap
from billing.boxes.noticing import box_reminders_set
from billing.boxes.selectors import box_named, boxes_shown
from billing.errors import ShipmentNotFound, SubscriptionNotFound
from billing.models import Shipment, Subscription
from billing.pausing import subscription_resume, subscription_skip
from billing.plans import definition_of
from billing.selectors import subscription_named
from core.addressforms import AddressForm
from core.countries import COUNTRIES
from core.errors import DomainError
from loyalty.access import actor_of, member_page
from loyalty.models import Enrollment
from members.models import Member

PAGE = "boxes:mine"


def box_or_404(member: Member, public_id: UUID) -> Shipment:
    try:
        return box_named(public_id, member=member)
    except ShipmentNotFound as error:
        raise Http404 from error


def subscription_or_404(member: Member, public_id: UUID) -> Subscription:
    try:
        return subscription_named(public_id, member=member)
    except SubscriptionNotFound as error:
        raise Http404 from error


def done(request: HttpRequest, act: Callable[[], object], said: str) -> HttpResponse:
    """Back to the page, with what came of it."""
    try:
        act()
    except DomainError as error:
        messages.error(request, refusal_words(error))
    else:
        messages.success(request, said)
    return redirect(PAGE)


def refusal_words(error: DomainError) -> str:
    """What was refused, and what to do about it."""
    return " ".join(filter(None, [str(error.detail), str(error.hint)]))


def number_of(request: HttpRequest, name: str) -> int:
    """A number of the form; -1, which no service takes, for anything else."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1


@require_safe
@member_page
def boxes(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    shown = boxes_shown(enrollment.member)
    return render(request, "billing/boxes.html", {"enrollment": enrollment, "all": shown})


@require_POST
@member_page
def swap(request: HttpRequest, enrollment: Enrollment, box_id: UUID) -> HttpResponse:
    box, form = box_or_404(enrollment.member, box_id), request.POST
    return done(
        request,
        lambda: box_swap(
            shipment=box, item=form.get("item", "")[:40], choice=form.get("choice", "")[:40],
            keep=form.get("keep") == "1", actor=actor_of(enrollment.member),
        ),
        _("Swapped."),
    )  # fmt: skip


@require_POST
@member_page
def delay(request: HttpRequest, enrollment: Enrollment, box_id: UUID) -> HttpResponse:
    box, days = box_or_404(enrollment.member, box_id), number_of(request, "days")
    return done(
        request,
        lambda: box_delay(shipment=box, days=days, actor=actor_of(enrollment.member)),
        _("Noted. We’ll send it then."),
    )


@require_POST
@member_page
def skip(request: HttpRequest, enrollment: Enrollment, subscription_id: UUID) -> HttpResponse:
    row, cycles = subscription_or_404(enrollment.member, subscription_id), number_of(request, "cycles")
    return done(
        request,
        lambda: subscription_skip(subscription=row, cycles=cycles, actor=actor_of(enrollment.member)),
        _("Skipped. You aren’t charged for it."),
    )


@require_POST
@member_page
def unskip(request: HttpRequest, enrollment: Enrollment, subscription_id: UUID) -> HttpResponse:
    row = subscription_or_404(enrollment.member, subscription_id)
    return done(
        request,
        lambda: subscription_resume(subscription=row, actor=actor_of(enrollment.member)),
        _("Your boxes come again."),
    )


@require_POST
@member_page
def reminders(request: HttpRequest, enrollment: Enrollment, subscription_id: UUID) -> HttpResponse:
    row, wanted = subscription_or_404(enrollment.member, subscription_id), request.POST.get("wanted") == "1"
    return done(
        request,
        lambda: box_reminders_set(subscription=row, wanted=wanted, actor=actor_of(enrollment.member)),
        _("We’ll tell you before a box closes.") if wanted else _("We won’t remind you of your boxes any more."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def address(request: HttpRequest, enrollment: Enrollment, box_id: UUID) -> HttpResponse:
    """Where a box goes, and those after it."""
    row = box_or_404(enrollment.member, box_id)
    known, box = address_of(row), definition_of(row.subscription.plan).box
    initial = asdict(known) if known is not None else _guessed(enrollment.member)
    form = AddressForm(request.POST or None, initial=initial, countries=box.countries if box is not None else ())
    if form.is_valid():
        try:
            box_address_set(shipment=row, address=form.address(), actor=actor_of(enrollment.member))
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.detail))
        else:
            messages.success(request, _("Thank you. We’ll send it there."))
            return redirect(PAGE)
    context = {"enrollment": enrollment, "form": form, "plan": row.subscription.plan}
    return render(request, "billing/box_address.html", context, status=422 if form.errors else 200)


def _guessed(member: Member) -> dict[str, str]:
    """What is known of where a member lives, to begin with."""
    country = str(member.attributes.get("country") or "").upper()
    return {"name": member.name, "country": country if country in COUNTRIES else ""}
