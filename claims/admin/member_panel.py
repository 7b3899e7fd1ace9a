"""What a member sent in and where they were, on their page in the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from claims.models import CheckIn, Claim
from members import panels
from members.models import Member

ROWS = 50


def _claims(request: HttpRequest, member: Member) -> dict[str, Any]:
    claims = Claim.objects.filter(enrollment__member=member).order_by("-submitted_at", "-pk")[:ROWS]
    visits = CheckIn.objects.filter(enrollment__member=member).select_related("place").order_by("-at", "-pk")[:ROWS]
    more = f"{reverse('admin:claims_claim_changelist')}?member={member.pk}&state=all"
    return {"claims": claims, "visits": visits, "more_url": more}


panels.add_panel(
    panels.Panel(
        key="claims",
        title=gettext_lazy("Claims and visits"),
        template="admin/claims/member_claims.html",
        permission="claims.view_claim",
        context=_claims,
    )
)
