"""Absolute addresses of the platform and of brands, for mails, pages and commands."""

from __future__ import annotations

from django.conf import settings

from tenants.models import Brand


def platform_url(path: str = "/") -> str:
    return _url(settings.PLATFORM_HOST, path)


def brand_url(brand: Brand, path: str = "/") -> str:
    """An address at the brand's own host under the platform's suffix."""
    return _url(f"{brand.slug}{settings.BRAND_HOST_SUFFIX}", path)


def _url(host: str, path: str) -> str:
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{host}{port}{path}"
