"""The platform's host: what Stamgast is, and signing a brand up. No log-in, no admin, no API."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path
from django.views.i18n import set_language

from billing.platformhooks import platform_hook
from tenants import views

platform = (
    [
        path("", views.landing, name="landing"),
        path("signup/", views.signup, name="signup"),
        path("signup/sent/", views.signup_sent, name="signup_sent"),
        path("signup/confirm/<str:token>/", views.confirm, name="confirm"),
        path("signup/<uuid:signup_id>/", views.progress, name="progress"),
        path("signup/<uuid:signup_id>/retry/", views.retry, name="retry"),
    ],
    "platform",
)

urlpatterns = [
    path("", include(platform)),
    path("language/", set_language, name="language"),
    path("hooks/stripe/", platform_hook, name="billing_platform_hook"),
]
if settings.SANDBOX:
    urlpatterns.append(path("", include("sandbox.urls")))

handler400 = "core.views.bad_request"
handler403 = "core.views.permission_denied"
handler404 = "core.views.page_not_found"
handler500 = "core.views.server_error"
