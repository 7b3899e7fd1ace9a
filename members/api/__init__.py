"""Members over REST: `api_urls` is collected by config/api.py."""

from __future__ import annotations

from django.urls import path

from members.api.views import ConsentsView, MembersView, MemberView

api_urls = [
    path("members", MembersView.as_view(), name="members"),
    path("members/<str:member>", MemberView.as_view(), name="member"),
    path("members/<str:member>/consents", ConsentsView.as_view(), name="member-consents"),
]
