"""The pages about sweepstakes: the member's list, the page that anybody may read, and the file of a draw."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError
from draws.entering import entry_free
from draws.models import Sweepstake
from draws.pages import list_page, one_page, sweepstake_or_404
from draws.prizes import prize_accept
from draws.selectors import draw_file
from loyalty.access import actor_of, enrollment_chosen, enrollments_of, member_page
from loyalty.models import Enrollment


@require_safe
@member_page
def sweepstake_list(request: HttpRequest, enrollment: Enrollment) -> HttpResponse:
    return render(request, "draws/list.html", list_page(enrollment))


@require_safe
@never_cache
def sweepstake(request: HttpRequest, program: str, code: str) -> HttpResponse:
    """Public: what can be won, the commitment, and who was drawn by the ids of their entries."""
    row = sweepstake_or_404(program, code)
    own = next((each for each in enrollments_of(request) if each.program_id == row.program_id), None)
    enrollment_chosen(request)  # for the menu
    return render(request, "draws/one.html", one_page(row, own))


@require_POST
@member_page
def enter(request: HttpRequest, enrollment: Enrollment, program: str, code: str) -> HttpResponse:
    """An entry for nothing. Sent twice it is two, as far as the terms let one."""
    row = sweepstake_or_404(program, code)
    own = next((each for each in enrollments_of(request) if each.program_id == row.program_id), None)
    if own is None:
        raise Http404
    try:
        entry_free(sweepstake=row, enrollment=own, actor=actor_of(enrollment.member))
    except DomainError as error:
        messages.error(request, str(error.said))
    else:
        messages.success(request, _("You are in. Good luck!"))
    return redirect("draws:one", row.program.slug, row.code)


@require_POST
@member_page
def accept(request: HttpRequest, enrollment: Enrollment, program: str, code: str) -> HttpResponse:
    """Whoever won takes the prize."""
    row = sweepstake_or_404(program, code)
    own = next((each for each in enrollments_of(request) if each.program_id == row.program_id), None)
    if own is None:
        raise Http404
    try:
        prize_accept(sweepstake=row, enrollment=own, actor=actor_of(enrollment.member))
    except DomainError as error:
        messages.error(request, str(error.said))
    else:
        messages.success(request, _("The prize is yours. Congratulations!"))
    return redirect("draws:one", row.program.slug, row.code)


@require_safe
def file(request: HttpRequest, program: str, code: str) -> HttpResponse:
    """What the draw can be worked out from again: manage.py sweepstake_verify reads it."""
    row = sweepstake_or_404(program, code)
    if row.state != Sweepstake.State.DRAWN:
        raise Http404
    response = JsonResponse(draw_file(row))
    response["Content-Disposition"] = f'attachment; filename="{row.code}-draw.json"'
    return response
