"""Friends over REST: `api_urls` is collected by config/api.py."""

from __future__ import annotations

from django.urls import path

from referrals.api.codes import CodeView, MemberCodeView
from referrals.api.referrals import (
    ApproveView,
    BlockView,
    MemberReferralView,
    MemberTracesView,
    ReferralsView,
    ReferralView,
)

api_urls = [
    path("members/<str:member>/referral-code", MemberCodeView.as_view(), name="member-referral-code"),
    path("members/<str:member>/referral", MemberReferralView.as_view(), name="member-referral"),
    path("members/<str:member>/traces", MemberTracesView.as_view(), name="member-traces"),
    path("referral-codes/<str:code>", CodeView.as_view(), name="referral-code"),
    path("referrals", ReferralsView.as_view(), name="referrals"),
    path("referrals/<uuid:referral>", ReferralView.as_view(), name="referral"),
    path("referrals/<uuid:referral>/approve", ApproveView.as_view(), name="referral-approve"),
    path("referrals/<uuid:referral>/block", BlockView.as_view(), name="referral-block"),
]
