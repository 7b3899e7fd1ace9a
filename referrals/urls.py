"""The pages of this room, at the root of a brand's host."""

from __future__ import annotations

from django.urls import path

from referrals import views

app_name = "referrals"
urlpatterns = [
    path("friends/", views.share, name="share"),
    path("r/<str:code>/", views.landing, name="landing"),
]
