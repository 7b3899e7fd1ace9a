"""URLs for test_middleware: a view that touches a brand's table."""

from __future__ import annotations

from django.urls import path

from tests.tenancy.test_middleware import users

urlpatterns = [path("users/", users)]
