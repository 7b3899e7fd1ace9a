"""The members' pages about product panels: applying, saying yes, answering, keeping or sending back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from msgspec.structs import asdict

from claims.errors import FileRefused
from claims.pictures import upload_read
from core.backoffice.base import refusal_text
from core.errors import DomainError
from loyalty.access import actor_of, member_page
from loyalty.models import Enrollment
from panels.applying import application_make, application_withdraw
from panels.forms import AnswersForm
from panels.lending import (
    address_of,
    answers_keep,
    answers_send,
    invitation_accept,
    invitation_decline,
    photo_put,
    product_keep,
    product_receive,
)
from panels.models import AnswerPhoto, Participation
from panels.pages import list_page, mine_or_404, one_page, panel_or_404, picture_of, testing_or_404
from panels.selectors import spec_of
from rewards.forms import AddressForm, address_guessed


@require_safe
@member_page
def panel_list(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(request, "panels/list.html", list_page(enrollment))


@require_safe
@member_page
def panel(request: HttpRequest, enrollment: Enrollment, code: str) -> HttpResponse:
    return render(request, "panels/one.html", one_page(enrollment, panel_or_404(enrollment, code)))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def apply(request: HttpRequest, enrollment: Enrollment, code: str) -> HttpResponse:
    """GET: the questions. POST: apply with the answers; once more changes them."""
    row = panel_or_404(enrollment, code)
    page = one_page(enrollment, row)
    if request.method != "POST" and not page["may_apply"] and not page["may_change"]:
        return redirect("panels:one", code)
    known = page["mine"].answers if page["mine"] is not None else {}
    form = AnswersForm(spec_of(row).asks, known, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            application_make(panel=row, enrollment=enrollment, answers=form.given(), actor=actor_of(enrollment.member))
        except DomainError as error:
            form.place(error)
        else:
            messages.success(request, _("You have applied. We’ll write to you once it’s decided."))
            return redirect("panels:one", code)
    return render(request, "panels/apply.html", {**page, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def accept(request: HttpRequest, enrollment: Enrollment, code: str) -> HttpResponse:
    """Say yes to the invitation, and where the product goes."""
    testing = testing_or_404(enrollment, code)
    page = one_page(enrollment, testing.application.panel)
    if testing.state not in (Participation.State.INVITED, Participation.State.ACCEPTED):
        return redirect("panels:one", code)
    ships, known = page["spec"].ships, address_of(testing)
    initial = asdict(known) if known is not None else address_guessed(enrollment.member)
    sent = request.POST if request.method == "POST" else None
    form: Any = forms.Form(sent)
    if ships:
        form = AddressForm(sent, initial=initial, countries=page["spec"].countries)
    if form.is_valid():
        try:
            invitation_accept(
                participation=testing, address=form.address() if ships else None, actor=actor_of(enrollment.member)
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, refusal_text(error))
        else:
            messages.success(request, _("You’re in!"))
            return redirect("panels:one", code)
    return render(request, "panels/accept.html", {**page, "form": form}, status=422 if form.errors else 200)


@require_POST
@member_page
def received(request: HttpRequest, enrollment: Enrollment, code: str) -> HttpResponse:
    testing = testing_or_404(enrollment, code)
    said = _("Good. Enjoy testing it!")
    return _done(request, code, said, lambda: product_receive(participation=testing, actor=actor_of(enrollment.member)))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def answers(request: HttpRequest, enrollment: Enrollment, code: str) -> HttpResponse:
    """The questionnaire: kept for later as it is, or sent."""
    testing = testing_or_404(enrollment, code)
    if testing.state != Participation.State.RECEIVED:
        return redirect("panels:one", code)
    page = one_page(enrollment, testing.application.panel)
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = AnswersForm(page["spec"].questions, testing.draft, *posted)
    if form.is_valid():
        try:
            _photos_keep(testing, form)
            later = "later" in request.POST
            (answers_keep if later else answers_send)(
                participation=testing, answers=form.given(), actor=actor_of(enrollment.member)
            )
        except DomainError as error:
            form.place(error)
        else:
            messages.success(request, _("Kept. Go on whenever you like.") if later else _("Thank you for telling us!"))
            return redirect("panels:one", code)
    return render(request, "panels/answers.html", {**page, "form": form}, status=422 if form.errors else 200)


def _photos_keep(testing: Participation, form: AnswersForm) -> None:
    for question, file in form.photos().items():
        try:
            made = upload_read(file.read(), kind="photo")
        except FileRefused as error:
            error.field = f"answers.{question}"
            raise
        photo_put(participation=testing, question=question, content=made.content, media_type=made.media_type)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def sure(request: HttpRequest, enrollment: Enrollment, code: str, what: str) -> HttpResponse:
    """GET asks whether they are sure; POST withdraws, declines, or keeps the product for points."""
    actor = actor_of(enrollment.member)
    if what == "withdraw":
        mine = mine_or_404(enrollment, code)
        act: Callable[[], object] = lambda: application_withdraw(application=mine, actor=actor)  # noqa: E731  (one of several acts)
    else:
        testing = testing_or_404(enrollment, code)
        steps: dict[str, Any] = {"decline": invitation_decline, "keep": product_keep}
        if what not in steps:
            raise Http404
        act = lambda: steps[what](participation=testing, actor=actor)  # noqa: E731  (one of several acts)
    if request.method == "POST":
        return _done(request, code, _("Done."), act)
    return render(request, "panels/sure.html", {**one_page(enrollment, panel_or_404(enrollment, code)), "what": what})


def _done(request: HttpRequest, code: str, said: str, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except DomainError as error:
        messages.error(request, refusal_text(error))
    else:
        messages.success(request, said)
    return redirect("panels:one", code)


@require_safe
@member_page
def photo(request: HttpRequest, enrollment: Enrollment, photo_id: UUID) -> HttpResponse:
    """A picture that the member answered with; another member's isn't there."""
    found = AnswerPhoto.objects.filter(participation__application__enrollment=enrollment, pk=photo_id).first()
    return photo_response(found)


def photo_response(found: AnswerPhoto | None) -> HttpResponse:
    if found is None:
        raise Http404
    answer = HttpResponse(bytes(found.content), content_type=found.media_type)
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_safe
def picture(request: HttpRequest, digest: str) -> HttpResponse:
    """A panel's picture: anybody's, and the same for ever, since its address is its content."""
    found = picture_of(digest)
    answer = HttpResponse(bytes(found.content), content_type=found.media_type)
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
