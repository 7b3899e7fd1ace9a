"""In which language a request is answered: Django's rule, without its search for a language in the address.

No address of ours begins with a language; Django's LocaleMiddleware looks for one four times in every request.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import activate, get_language, get_language_from_request

HEADER = ("Accept-Language",)


class LanguageMiddleware:
    """By the cookie, else by Accept-Language, else the default. Says in the answer which it was."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        activate(get_language_from_request(request))
        request.LANGUAGE_CODE = get_language()
        response = self.get_response(request)
        patch_vary_headers(response, HEADER)
        response.headers.setdefault("Content-Language", get_language())
        return response
