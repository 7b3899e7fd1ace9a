"""Claims, places and check-ins over REST: `api_urls` is collected by config/api.py."""

from __future__ import annotations

from django.urls import path

from claims.api.checkins import MemberCheckInsView, PlacesView
from claims.api.claims import (
    ApproveView,
    ClaimFileView,
    ClaimsView,
    ClaimView,
    MemberClaimsView,
    RefuseView,
    WithdrawView,
)

api_urls = [
    path("members/<str:member>/claims", MemberClaimsView.as_view(), name="member-claims"),
    path("members/<str:member>/checkins", MemberCheckInsView.as_view(), name="member-checkins"),
    path("claims", ClaimsView.as_view(), name="claims"),
    path("claims/<uuid:claim>", ClaimView.as_view(), name="claim"),
    path("claims/<uuid:claim>/files/<uuid:file>", ClaimFileView.as_view(), name="claim-file"),
    path("claims/<uuid:claim>/approve", ApproveView.as_view(), name="claim-approve"),
    path("claims/<uuid:claim>/refuse", RefuseView.as_view(), name="claim-refuse"),
    path("claims/<uuid:claim>/withdraw", WithdrawView.as_view(), name="claim-withdraw"),
    path("places", PlacesView.as_view(), name="places"),
]
