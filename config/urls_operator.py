"""The operator brand's host: a brand like any other, and the platform's console beside it."""

from __future__ import annotations

from django.urls import path

from config.urls_brand import urlpatterns as brand_urlpatterns
from tenants.admin_site import site

urlpatterns = [path("platform/", site.urls), *brand_urlpatterns]

handler400 = "core.views.bad_request"
handler403 = "core.views.permission_denied"
handler404 = "core.views.page_not_found"
handler500 = "core.views.server_error"
