"""The redemptions on a member's page in the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from members import panels
from members.models import Member
from rewards.models import Redemption

ROWS = 50


def _redemptions(request: HttpRequest, member: Member) -> dict[str, Any]:
    rows = Redemption.objects.filter(enrollment__member=member).select_related("reward").order_by("-redeemed_at")
    more = f"{reverse('admin:rewards_redemption_changelist')}?member={member.pk}&period=all"
    return {"redemptions": rows[:ROWS], "more_url": more}


panels.add_panel(
    panels.Panel(
        key="redemptions",
        title=gettext_lazy("Redemptions"),
        template="admin/rewards/member_redemptions.html",
        permission="rewards.view_redemption",
        context=_redemptions,
    )
)
