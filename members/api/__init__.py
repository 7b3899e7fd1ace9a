"""Members over REST: `api_urls` is collected by config/api.py."""

from __future__ import annotations

from django.urls import path

from members.api.segments import SegmentMemberView, SegmentsView
from members.api.views import ConsentsView, MembersView, MemberView

api_urls = [
    path("members", MembersView.as_view(), name="members"),
    path("members/<str:member>", MemberView.as_view(), name="member"),
    path("members/<str:member>/consents", ConsentsView.as_view(), name="member-consents"),
    path("segments", SegmentsView.as_view(), name="segments"),
    path("segments/<str:segment>/members/<str:member>", SegmentMemberView.as_view(), name="segment-member"),
]
