"""The pages of the mail catcher and of the clock; empty outside the sandbox: in production they don't exist."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, path

from sandbox import views

app_name = "sandbox"
urlpatterns: list[URLPattern] = (
    [
        path("clock/", views.clock_page, name="clock"),
        path("mailbox/", views.mailbox, name="mailbox"),
        path("mailbox/<str:name>/", views.mail, name="mail"),
        path("mailbox/<str:name>/html/", views.mail_html, name="mail_html"),
    ]
    if settings.SANDBOX
    else []
)
