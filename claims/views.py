"""The members' pages about what they send in: what there is, sending it, what became of it, taking it back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from claims.forms import ClaimForm, local, refusal_place
from claims.pages import claim_or_404, claim_page, claim_type_or_404, file_of, list_page, money_of
from claims.pictures import upload_read
from claims.served import file_response
from claims.services import Sent, claim_submit, claim_withdraw
from core.errors import DomainError
from core.templatetags.look import one_time_key
from loyalty.access import actor_of, member_page
from loyalty.definition.claims import ClaimType
from loyalty.models import Enrollment


@require_safe
@member_page
def claim_list(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(request, "claims/list.html", list_page(enrollment))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def claim_new(request: HttpRequest, enrollment: Enrollment, code: str) -> HttpResponse:
    """GET: the form that the document asks for. POST: keep it; the one-time key makes a double click one claim."""
    claim_type = claim_type_or_404(enrollment, code)
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = ClaimForm(claim_type, money_of(enrollment), *posted, initial={"key": one_time_key()})
    if form.is_valid() and _sent(request, enrollment, claim_type, form):
        messages.success(request, _("Thank you! We look at it as soon as we can."))
        return redirect("claims:list")
    page = {"enrollment": enrollment, "form": form, "name": local(claim_type.name)}
    page["description"] = local(claim_type.description)
    return render(request, "claims/new.html", page, status=422 if form.is_bound else 200)


def _sent(request: HttpRequest, enrollment: Enrollment, claim_type: ClaimType, form: ClaimForm) -> bool:
    try:
        given = form.cleaned_data
        kinds = [kind for kind in ("photo", "receipt") if given.get(kind) is not None]
        files = tuple(upload_read(given[kind].read(), kind=kind) for kind in kinds)
        sent = Sent(claim_type.code, form.values(), given.get("link", ""), given.get("text", ""), files)
        claim_submit(enrollment=enrollment, sent=sent, actor=actor_of(enrollment.member), key=given["key"])
    except DomainError as error:
        refusal_place(form, error)
        return False
    return True


@require_safe
@member_page
def claim_detail(request: HttpRequest, enrollment: Enrollment, claim_id: UUID) -> HttpResponse:
    return render(request, "claims/one.html", claim_page(enrollment, claim_or_404(enrollment, claim_id)))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def claim_withdraw_page(request: HttpRequest, enrollment: Enrollment, claim_id: UUID) -> HttpResponse:
    """GET asks whether they are sure; POST takes it back."""
    claim = claim_or_404(enrollment, claim_id)
    if request.method != "POST":
        return render(request, "claims/withdraw.html", claim_page(enrollment, claim))
    try:
        claim_withdraw(claim=claim, actor=actor_of(enrollment.member))
    except DomainError as error:
        messages.error(request, str(error.said))
    else:
        messages.success(request, _("Taken back."))
    return redirect("claims:one", claim.pk)


@require_safe
@member_page
def claim_file(request: HttpRequest, enrollment: Enrollment, claim_id: UUID, file_id: UUID) -> HttpResponse:
    """A file that the member sent; another member's isn't there."""
    return file_response(file_of(enrollment, claim_id, file_id))
