"""What can't be read is refused with words, never a 500; every answer carries the security headers."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from config import urls_brand
from core import views
from core.csp import HEADERS
from tests.conftest import ClientFor


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("canary-in-an-exception")


def takes(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.POST) + len(request.FILES)))


urlpatterns = [path("breaks/", breaks), path("api/breaks/", breaks), path("takes/", takes), *urls_brand.urlpatterns]
handler400, handler404, handler500 = urls_brand.handler400, urls_brand.handler404, urls_brand.handler500


@pytest.fixture
def client(brand: Any, client_for: ClientFor) -> Client:
    made = client_for(brand)
    made.raise_request_exception = False
    return made


def test_a_body_over_the_limit_is_413_by_its_length_alone(client: Client, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    page = client.post("/accounts/login/", b"x" * 101, content_type="text/plain")
    assert page.status_code == 413
    assert b"te veel" in page.content
    problem = client.post("/api/v1/events", b"x" * 101, content_type="application/json")
    assert problem.status_code == 413
    assert problem["Content-Type"].startswith("application/problem+json")
    assert problem.json()["code"] == "body_too_large"


@pytest.mark.parametrize("address", ["/%00", "/accounts/login/?next=%00", "/terms/?utm_source=a%00b", "/profile/%00/"])
def test_a_nul_in_the_address_is_400(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert b"Dat kunnen we niet lezen" in answer.content


def test_a_nul_in_a_cookie_is_400(client: Client) -> None:
    answer = client.get("/terms/", headers={"Cookie": 'sessionid="abcdefghij\\000"'})
    assert answer.status_code == 400


def test_a_nul_in_a_form_is_a_word_at_the_field(client: Client) -> None:
    answer = client.post("/accounts/login/", {"login": "a\x00@example.com", "password": "x"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--x\r\nno headers", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"\xff\xfe=\xff", "application/x-www-form-urlencoded"),
        (b"a=b", "application/x-www-form-urlencoded; charset=klingon"),
        (b"a=b", "application/x-www-form-urlencoded; charset=utf-16"),
        (
            b'--x\r\nContent-Disposition: form-data; name=a; filename="\xff"\r\n\r\nq\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (b"&".join(b"a%d=1" % number for number in range(2000)), "application/x-www-form-urlencoded"),
    ],
)
@override_settings(ROOT_URLCONF="tests.core.test_refusals")
def test_a_malformed_form_is_never_a_500(client: Client, body: bytes, kind: str) -> None:
    assert client.generic("POST", "/takes/", body, content_type=kind).status_code in {200, 400}


@override_settings(ROOT_URLCONF="tests.core.test_refusals")
def test_a_failure_tells_the_visitor_nothing_of_its_cause(client: Client) -> None:
    page = client.get("/breaks/")
    assert page.status_code == 500
    assert b"canary" not in page.content
    assert b"Er ging iets mis bij ons" in page.content
    problem = client.get("/api/breaks/")
    assert problem.json()["code"] == "internal_error"
    assert b"canary" not in problem.content


def test_an_error_page_that_fails_becomes_a_bare_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.views.loader.render_to_string", breaks)
    answer = views.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert b"Internal Server Error" in answer.content


@pytest.mark.parametrize(
    "address", ["/", "/nowhere/", "/accounts/login/", "/api/v1/nowhere", "/%00", "/admin/", "/static/x"]
)
def test_every_answer_carries_the_headers(client: Client, address: str) -> None:
    answer = client.get(address)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy or address.startswith("/admin/")
    for name in HEADERS:
        assert name in answer


def test_an_unknown_host_gets_the_headers_too(brand: Any) -> None:
    answer = Client(SERVER_NAME="nobody.localhost").get("/")
    assert answer.status_code == 404
    assert "Content-Security-Policy" in answer


def test_the_admin_and_the_api_viewer_have_their_exceptions_and_no_more(client: Client) -> None:
    admin = client.get("/admin/")["Content-Security-Policy"]
    assert "'unsafe-eval'" in admin.partition("script-src")[2].partition(";")[0]
    assert "'unsafe-inline'" not in admin.partition("script-src")[2].partition(";")[0]
    viewer = client.get("/api/docs/")["Content-Security-Policy"]
    assert "unsafe" not in viewer.partition("script-src")[2].partition(";")[0]


def test_the_nonce_of_the_page_is_that_of_the_header(client: Client) -> None:
    answer = client.get("/accounts/login/")
    nonce = answer.content.decode().partition('nonce="')[2].partition('"')[0]
    assert len(nonce) >= 22
    assert f"'nonce-{nonce}'" in answer["Content-Security-Policy"]
    assert nonce not in client.get("/accounts/login/")["Content-Security-Policy"]


def test_a_refused_address_is_told_as_an_address_may_be_written(client: Client) -> None:
    told = client.get("/api/v1/members/ext:a%20%E2%80%B0%00").json()
    assert (told["code"], told["instance"]) == ("nul_character", "/api/v1/members/ext:a%20%E2%80%B0%00")
