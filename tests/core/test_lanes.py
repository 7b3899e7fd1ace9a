"""The API's requests pass by what only pages need, and are answered as ever."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from core.lanes import ApiLane
from tests.conftest import ClientFor


def seen(request: HttpRequest) -> HttpResponse:
    """Which marks of the middlewares the request carries."""
    marks = ("session", "user", "_messages", "htmx", "LANGUAGE_CODE", "brand")
    return HttpResponse(" ".join(mark for mark in marks if hasattr(request, mark)))


urlpatterns = [
    path("api/v1/seen", csrf_exempt(seen)),
    path("api/v1/form", seen),
    path("api/other", seen),
    path("page/", seen),
]
here = override_settings(ROOT_URLCONF=__name__, PUBLIC_SCHEMA_URLCONF=__name__)


@here
def test_the_api_of_a_brand_has_a_language_and_a_brand_and_nothing_of_a_page(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    assert client.get("/api/v1/seen").content == b"LANGUAGE_CODE brand"
    for address in ("/page/", "/api/other"):
        assert client.get(address).content == b"session user _messages htmx LANGUAGE_CODE brand"


@here
def test_the_platforms_host_has_no_such_lane(platform: None, client_for: ClientFor) -> None:
    assert b"session" in client_for(None).get("/api/v1/seen").content


@here
def test_a_campaign_in_an_address_of_the_api_opens_no_session(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    assert not client.get("/api/v1/seen?utm_source=flyer").cookies
    assert not Session.objects.exists()
    assert client.get("/page/?utm_source=flyer").cookies
    assert Session.objects.count() == 1


@here
def test_a_form_below_the_api_must_still_prove_where_it_comes_from(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand, enforce_csrf_checks=True)
    assert client.post("/api/v1/form").status_code == 403
    assert client.post("/api/v1/seen").status_code == 200


@here
@pytest.mark.parametrize("address", ["/page/", "/api/v1/seen"])
def test_both_kinds_of_answer_carry_the_security_headers_their_length_and_their_language(
    brand: Any, client_for: ClientFor, address: str
) -> None:
    client = client_for(brand)
    english, dutch = client.get(address), client.get(address, headers={"Accept-Language": "nl-BE,en;q=0.5"})
    for name in ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Permissions-Policy"):
        assert english[name]
    assert int(english["Content-Length"]) == len(english.content)
    assert "Accept-Language" in english["Vary"]
    assert (english["Content-Language"], dutch["Content-Language"]) == ("en", "nl")
    client.cookies["django_language"] = "nl"
    assert client.get(address, headers={"Accept-Language": "en"})["Content-Language"] == "nl"


def test_a_lane_without_an_end_is_refused_when_the_process_starts() -> None:
    with pytest.raises(ImproperlyConfigured, match="lane_end"):
        ApiLane(lambda request: HttpResponse())
