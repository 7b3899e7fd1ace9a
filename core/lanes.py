"""The API's way past the middlewares that only pages need: sessions, forms, log-ins and what belongs to them.

Between ApiLane and LaneEnd in settings.MIDDLEWARE stands what a request of the API at a brand's host doesn't go
through: it is who its key says, has no session, and its views are exempt from the proof of a form (what isn't is still
refused, since Django calls the hooks of a middleware before a view whether the request came through it or not).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]
PREFIX = "/api/v1/"
# Django puts middlewares together from the last to the first, so the end is known before the beginning asks for it.
_loading = threading.local()


def lane_end(get_response: GetResponse) -> GetResponse:
    """The last of settings.MIDDLEWARE: where requests of both kinds go on to the view."""
    _loading.end = get_response
    return get_response


class ApiLane:
    """Sends the API's requests straight to lane_end; all others go on to the next middleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        end: GetResponse | None = _loading.__dict__.pop("end", None)
        if end is None:
            raise ImproperlyConfigured("core.lanes.ApiLane needs core.lanes.lane_end behind it in MIDDLEWARE.")
        self.end = end

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # On the platform's host there is no API.
        if request.path_info.startswith(PREFIX) and getattr(request, "brand", None) is not None:
            return self.end(request)
        return self.get_response(request)
