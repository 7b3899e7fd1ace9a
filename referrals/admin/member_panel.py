"""Whom a member brought and who brought them, on their page in the admin."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from members import panels
from members.models import Member
from members.naming import attach_members, member_link
from referrals.models import ReferralCode
from referrals.selectors import referrals_rows

ROWS = 50


def _friends(request: HttpRequest, member: Member) -> dict[str, Any]:
    both = Q(referrer__member=member) | Q(friend__member=member)
    rows = list(referrals_rows().filter(both).order_by("-bound_at", "-pk")[:ROWS])
    attach_members(
        request, rows, lambda row: row.friend.member if row.referrer.member_id == member.pk else row.referrer.member
    )
    more = f"{reverse('admin:referrals_referral_changelist')}?member={member.pk}&state=all"
    shown = [(row, member_link(row), row.referrer.member_id == member.pk) for row in rows]
    codes = ReferralCode.objects.filter(enrollment__member=member).order_by("-current", "-pk")[:ROWS]
    return {"rows": shown, "codes": codes, "more_url": more}


panels.add_panel(
    panels.Panel(
        key="friends",
        title=gettext_lazy("Friends"),
        template="admin/referrals/member_friends.html",
        permission="referrals.view_referral",
        context=_friends,
    )
)
