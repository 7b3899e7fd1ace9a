"""What comes in over HTTP before any view sees it: whose address it is, and whether it can be read at all."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _

from core.views import refusal

UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  (no address at all, as over a Unix socket; nothing is bound to it)
IPV6_NETWORK = 64


def client_ip(request: HttpRequest) -> str:
    """The client's address, as far as it can be believed.

    Each trusted proxy (settings.TRUSTED_PROXY_COUNT) appends the address it was called from to X-Forwarded-For, so the
    client stands that many places from the right; whatever stands left of it was written by the client and is ignored.
    Of an IPv6 address only the /64 counts: a household has one, and an attacker has no more than that for free.
    """
    peer = str(request.META.get("REMOTE_ADDR") or "")
    hops = [part.strip() for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    trusted = int(settings.TRUSTED_PROXY_COUNT)
    # With fewer hops than proxies somebody came round them: then the peer is all that is known.
    claimed = hops[-trusted] if 0 < trusted <= len(hops) else peer
    return _normal(claimed) or _normal(peer) or UNKNOWN_ADDRESS


def _normal(text: str) -> str | None:
    """One spelling per address; None for what is none."""
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, IPV6_NETWORK), strict=False).network_address)
    return str(address)


class BodyGuardMiddleware:
    """Refuses what no view could read: too large (413), a NUL in path, query or cookie (400), a broken upload (400).

    PostgreSQL takes no NUL in a text, so one that came this far would be a 500 wherever it is looked up.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._refused(request) or self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The client hung up, or its body is shorter than it said."""
        if isinstance(exception, UnreadablePostError):
            return refusal(request, HTTPStatus.BAD_REQUEST, "unreadable_body", _("The request ended before its end."))
        return None

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        limit = _limit(request)
        if limit is not None and _declared_length(request) > limit:
            detail = _("At most %(limit)d bytes are taken at once. Send it in parts.") % {"limit": limit}
            return refusal(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail)
        if _has_nul(request):
            return refusal(request, HTTPStatus.BAD_REQUEST, "nul_character", _("The address holds a NUL character."))
        return None


def _limit(request: HttpRequest) -> int | None:
    """Bytes that a body may have: more at the few addresses that stream files to the disk, for whoever shows a key or
    has a session; whether it is a good one is seen later.
    """
    usual: int | None = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    large: int | None = settings.LARGE_BODIES.get(request.path_info)
    if large is None and request.content_type == "multipart/form-data":
        uploads = settings.FILE_UPLOAD_LIMITS.items()
        large = next((most for prefix, most in uploads if request.path_info.startswith(prefix)), None)
    known = "HTTP_AUTHORIZATION" in request.META or settings.SESSION_COOKIE_NAME in request.COOKIES
    return usual if usual is None or large is None or not known else max(usual, large)


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _has_nul(request: HttpRequest) -> bool:
    query = str(request.META.get("QUERY_STRING", ""))
    return (
        "\x00" in request.path_info
        or "%00" in query
        or "\x00" in query
        or any("\x00" in name or "\x00" in value for name, value in request.COOKIES.items())
    )
