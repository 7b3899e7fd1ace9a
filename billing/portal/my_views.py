"""A member's own membership: how it stands, invoices, who they are for, another card, what is open, staying."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.cards import card_change, open_pay
from billing.customers import profile_of, profile_save
from billing.errors import CardDeclined
from billing.leaving import subscription_keep
from billing.models import Subscription
from billing.portal.doing import MINE, acted, go_to, out_of_date, own_subscription, urls_of
from billing.portal.forms import DetailsForm, KeyForm, details_known
from billing.portal.mine import invoices_page, mine_page
from billing.portal.words import refusal_words
from billing.selectors import next_charge
from billing.upcoming import next_invoice
from core.errors import DomainError
from loyalty.access import actor_of, member_page
from loyalty.models import Enrollment
from loyalty.moneywords import money_words


@require_safe
@member_page
def mine(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """What they have; whoever never had anything is shown the plans."""
    page = mine_page(enrollment)
    if not page["held"] and not page["former"] and not page["invoices"]:
        return redirect("membership:plans")
    return render(request, "billing/mine.html", page)


@require_safe
@own_subscription
def next_payment(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """A part of the membership's page, asked for once that is there: the next payment to the cent. Nothing where
    Stripe doesn't answer: what our own rows say goes on standing there."""
    try:
        upcoming = next_invoice(row)
    except DomainError:
        upcoming = None
    charge = next_charge(row)
    if upcoming is None or charge is None:
        return HttpResponse(status=204)
    page = {
        "amount": money_words(upcoming.due_minor, upcoming.currency),
        "instead": money_words(upcoming.price_minor, upcoming.currency)
        if upcoming.due_minor != upcoming.price_minor
        else "",
        "at": charge.at,
    }
    return render(request, "billing/_next.html", page)


@require_safe
@member_page
def invoices(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(request, "billing/invoices.html", invoices_page(enrollment))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def details(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """Name, address and VAT number for invoices."""
    member = enrollment.member
    form = DetailsForm(request.POST or None, initial=details_known(profile_of(member), member.name))
    if form.is_valid():
        given = form.cleaned_data
        try:
            profile_save(
                member=member, name=given["name"], address=form.address(), vat_id=given["vat_id"],
                actor=actor_of(member),
            )  # fmt: skip
        except DomainError as error:
            form.refuse(error, refusal_words(error))
        else:
            messages.success(request, _("Saved. It stands on your invoices from now on."))
            return redirect("membership:mine")
    page = {"enrollment": enrollment, "form": form}
    return render(request, "billing/details.html", page, status=422 if form.errors else 200)


@require_POST
@own_subscription
def keep(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """They stay after all."""
    actor = actor_of(enrollment.member)
    return acted(
        request,
        lambda: subscription_keep(subscription=row, actor=actor),
        lambda: _("Good to have you. It just goes on."),
    )


@require_POST
@own_subscription
def card(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """To the page on which another card is given."""
    if not KeyForm(request.POST).is_valid():
        messages.error(request, out_of_date())
        return redirect("membership:mine")
    try:
        page = card_change(subscription=row, actor=actor_of(enrollment.member), **urls_of(request, MINE))
    except DomainError as error:
        messages.error(request, refusal_words(error))
        return redirect("membership:mine")
    return go_to(request, page)


@require_POST
@own_subscription
def pay_open(request: HttpRequest, enrollment: Enrollment, row: Subscription) -> HttpResponse:
    """What is open is tried once more with the card that is known."""

    def tried() -> None:
        if not open_pay(row, actor_of(enrollment.member)):
            raise CardDeclined(hint=_("Give another card: what is open is paid with it at once."))

    return acted(request, tried, lambda: _("Paid. Thank you!"))
