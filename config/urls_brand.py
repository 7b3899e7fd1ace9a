"""A brand's host: member pages, the admin, the API. The rooms bring their own URLs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import include, path

from config.admin import site

urlpatterns: list[Any] = [
    # First, since Django tries one after the other: partner systems ask most often.
    path("api/", include("config.api")),
    path("", include("loyalty.urls")),
    path("", include("members.urls")),
    path("", include("rewards.urls")),
    path("", include("referrals.urls")),
    path("", include("draws.urls")),
    path("", include("panels.urls")),
    path("", include("claims.urls")),
    path("", include("billing.urls")),
    path("", include("billing.boxes.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", site.urls),
]
if settings.SANDBOX:
    urlpatterns.append(path("", include("sandbox.urls")))

handler400 = "core.views.bad_request"
handler403 = "core.views.permission_denied"
handler404 = "core.views.page_not_found"
handler429 = "core.views.too_many_requests"  # allauth's limits look for it here
handler500 = "core.views.server_error"
