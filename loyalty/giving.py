"""Members' pages: the statement, and giving points to another member in two steps."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import DomainError, InvalidInput
from loyalty.access import actor_of, member_page
from loyalty.forms import GiveForm, PeriodForm
from loyalty.models import Enrollment
from loyalty.pages import statement_page
from loyalty.selectors import balances_of, document_now
from loyalty.showcase import currencies_of
from loyalty.statements import period_of, statement_file
from loyalty.transferring import points_transfer, recipient_find, transfer_rules

# Whoever tries addresses one after the other to learn who is a member is stopped for a day.
TRIES, A_DAY = 20, 86_400


@require_safe
@member_page
def statement(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """?since=&until= days; ?format=csv gives the file."""
    form = PeriodForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    try:
        period = period_of(enrollment, asked.get("since"), asked.get("until"))
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error.said))
        period = period_of(enrollment, None, None)
    if request.GET.get("format") == "csv" and form.is_valid():
        return cast(HttpResponse, statement_file(enrollment, period))
    status = 200 if form.is_valid() else 422
    if not request.GET:
        form = PeriodForm(initial={"since": period.first, "until": period.last})
    return render(request, "loyalty/statement.html", statement_page(enrollment, period, form), status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def give(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    """Fill in, look at it once more, give. Nothing is given before the second step."""
    rules = {each.code: each for each in transfer_rules(enrollment)}
    names = _names(enrollment, rules)
    form = GiveForm(names, request.POST or None, initial={"key": get_random_string(32)})
    page: dict[str, Any] = {"form": form, "rules": rules, "balances": _balances(enrollment, rules)}
    if not rules or request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "loyalty/give.html", page, status=status)
    try:
        return _step(request, enrollment, form, page)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, f"{error.said} {error.hint}".strip())
        return render(request, "loyalty/give.html", page, status=error.status)


def _step(request: HttpRequest, enrollment: Enrollment, form: GiveForm, page: dict[str, Any]) -> HttpResponse:
    asked = form.cleaned_data
    counters: Any = caches["guesses"]
    if counters.incr(f"give:{enrollment.pk}", timeout=A_DAY) > TRIES * 2:
        raise InvalidInput(_("Too many tries today. Please try again tomorrow."))
    recipient = recipient_find(enrollment, asked["to"])
    if "sure" not in request.POST:
        currency = next(each for each in page["balances"] if each.currency == asked["currency"])
        return render(request, "loyalty/give_sure.html", {**page, "asked": asked, "currency": currency})
    points_transfer(
        sender=enrollment,
        recipient=recipient,
        currency=asked["currency"],
        points=asked["minor"],
        actor=actor_of(enrollment.member),
        key=asked["key"],
        note=asked["note"],
    )
    messages.success(request, _("Given. It shows in the activity of both of you."))
    return redirect("loyalty:activity")


def _names(enrollment: Enrollment, rules: dict[str, Any]) -> dict[str, tuple[str, int]]:
    names = currencies_of(document_now(enrollment.program_id))
    return {code: (names[code].name_many, names[code].scale) for code in rules}


def _balances(enrollment: Enrollment, rules: dict[str, Any]) -> list[Any]:
    return [each for each in balances_of(enrollment) if each.currency in rules]
