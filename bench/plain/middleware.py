"""What stands in BrandMiddleware's place: always the same brand, looked up nowhere."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tenants.middleware import zone
from tenants.models import Brand


class OneBrandMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        schema = settings.SINGLE_SCHEMA  # type: ignore[misc]  # of these settings alone
        self.brand = Brand(pk=1, slug="single", schema_name=schema, name="Single")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.brand = request.tenant = self.brand  # type: ignore[attr-defined]  # BrandMiddleware's
        timezone.activate(zone(self.brand.time_zone))
        return self.get_response(request)
