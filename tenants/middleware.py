"""Which brand a request is for, by its host name and by nothing else.

BrandMiddleware goes before everything that touches a table. The connection is parked after the response has been sent
(tenants.guards), so a query that comes too late fails instead of landing at a brand.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.utils import timezone
from django.utils.translation import get_language_from_request, override
from django.utils.translation import gettext as _
from psycopg.errors import UndefinedTable

from core.views import refusal
from tenants import registry
from tenants.context import park
from tenants.models import Brand, BrandKind, BrandStatus
from tenants.sessions import NoSession

GetResponse = Callable[[HttpRequest], HttpResponse]
RETRY_AFTER_SECONDS = 30


class BrandMiddleware:
    """Sets request.brand (None on the platform's host), request.tenant, request.urlconf and the search path.

    Answers 404 for a host that is no brand's, 503 with Retry-After for a brand that is suspended, being set up, or
    without its schema. X-Forwarded-Host is never looked at.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            host = host_of(request)
        except DisallowedHost:
            return refusal(request, 400, "bad_host", _("The Host header is not a host name."))
        if registry.is_platform_host(host):
            return self._platform(request)
        try:
            entry = registry.entry_for_host(host)
        except DatabaseError:
            return unavailable(request)
        if entry.brand is None or entry.brand.kind == BrandKind.TEMPLATE:
            park()
            return unknown_host(request)
        if entry.brand.status != BrandStatus.ACTIVE or not entry.schema_exists:
            park()
            return unavailable(request)
        return self._brand(request, entry.brand)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A table that isn't there: was the schema dropped since the registry last looked? Then this is a 503 too."""
        brand = getattr(request, "brand", None)
        if brand is None or not isinstance(exception.__cause__, UndefinedTable):
            return None
        registry.forget_all()
        entry = registry.entry_for_host(host_of(request))
        return None if entry.schema_exists else unavailable(request)

    def _platform(self, request: HttpRequest) -> HttpResponse:
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants'
        request.brand = None  # type: ignore[attr-defined]  # BrandMiddleware's
        request.tenant = connection.tenant  # type: ignore[attr-defined]  # django-tenants'
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        timezone.deactivate()
        return self.get_response(request)

    def _brand(self, request: HttpRequest, brand: Brand) -> HttpResponse:
        if connection.tenant is not brand:  # type: ignore[attr-defined]  # django-tenants'
            connection.set_tenant(brand)  # type: ignore[attr-defined]  # django-tenants'
        request.brand = request.tenant = brand  # type: ignore[attr-defined]  # BrandMiddleware's
        request.urlconf = settings.OPERATOR_URLCONF if brand.is_operator else settings.ROOT_URLCONF
        timezone.activate(zone(brand.time_zone))
        return self.get_response(request)


class BrandSessionMiddleware(SessionMiddleware):
    """Sessions on brands' hosts only; the platform's host gets one that is always empty, and sets no cookie."""

    def process_request(self, request: HttpRequest) -> None:
        if request.brand is None:  # type: ignore[attr-defined]  # BrandMiddleware's
            request.session = NoSession()
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if isinstance(getattr(request, "session", None), NoSession):
            return response
        return super().process_response(request, response)


def host_of(request: HttpRequest) -> str:
    """The host name: lower case, without port and final dot. Raises DisallowedHost for a malformed one."""
    domain, _port = split_domain_port(request.get_host())
    return domain.rstrip(".")


@lru_cache(maxsize=600)
def zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def unknown_host(request: HttpRequest) -> HttpResponse:
    with override(get_language_from_request(request)):
        return refusal(request, 404, "unknown_host", _("There is no brand at this address."))


def unavailable(request: HttpRequest) -> HttpResponse:
    """Suspended, being set up, or without a schema: which of them is nobody's business."""
    with override(get_language_from_request(request)):
        words = _("This brand's pages are closed for a moment. Please try again a little later.")
        return refusal(request, 503, "brand_unavailable", words, retry_after=RETRY_AFTER_SECONDS)
