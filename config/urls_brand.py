"""A brand's host: member pages, the admin, the API. The rooms bring their own URLs."""

from __future__ import annotations

from typing import Any

from django.urls import include, path

urlpatterns: list[Any] = [
    path("", include("loyalty.urls")),
    path("", include("rewards.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", include("config.api")),
]
