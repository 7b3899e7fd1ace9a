"""The member's answer to an invitation into a tier; the home page asks for it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import DomainError
from loyalty.access import actor_of, member_page
from loyalty.inviting import invitation_answer
from loyalty.models import Enrollment, TierInvitation


@require_POST
@member_page
def invitation(request: HttpRequest, enrollment: Enrollment, invitation_id: UUID) -> HttpResponse:
    """answer=accept or answer=decline; anything else is asked again."""
    get_object_or_404(TierInvitation, pk=invitation_id, enrollment=enrollment)
    answer = request.POST.get("answer", "")
    if answer not in ("accept", "decline"):
        messages.error(request, _("Choose whether you accept."))
        return redirect("loyalty:home")
    accept = answer == "accept"
    try:
        invitation_answer(
            enrollment=enrollment, invitation_id=invitation_id, accept=accept, actor=actor_of(enrollment.member)
        )
    except DomainError as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, _("Welcome! The tier is yours.") if accept else _("You said no. Nothing changes."))
    return redirect("loyalty:home")
