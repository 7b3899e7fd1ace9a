"""A brand signs up: form, mail, link, progress, open doors. Or is told why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail, signing
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from core.errors import DomainError
from tenants import hooks, tasks
from tenants.context import platform_context
from tenants.models import Brand, BrandSignup, SignupState
from tenants.provision import brand_drop
from tenants.signup import LINK_SALT, LinkExpired, LinkInvalid, SignupsTooMany, signup_confirm, signup_request
from tenants.slugs import RESERVED, SlugInvalid, SlugReserved, SlugTaken, slug_check
from tests.conftest import ClientFor

WISH: dict[str, Any] = {
    "name": "Café Noir",
    "slug": "cafe-noir",
    "email": "ada@noir.example",
    "template": "",
    "language": "nl",
    "client_address": "203.0.113.7",
}


def form(**changes: str) -> dict[str, str]:
    fields = {"name": "Café Noir", "slug": "cafe-noir", "email": "ada@noir.example", "language": "nl"}
    templates = hooks.program_templates()
    return {**fields, **({"template": templates[0].key} if templates else {}), **changes}


@pytest.fixture
def real(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Real commits: sign-ups and the brands made of them are removed afterwards."""
    with django_db_blocker.unblock():
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants'
        yield
        with platform_context():
            BrandSignup.objects.all().delete()
            for brand in Brand.objects.filter(slug__startswith="cafe"):
                brand_drop(slug=brand.slug)
        connection.close()


def link_in(message: Any) -> str:
    found = re.search(r"http://[^/]+(/signup/confirm/\S+)", message.body)
    assert found
    return found.group(1)


def test_from_the_form_to_the_open_brand(real: None, client_for: ClientFor) -> None:
    client = client_for(None)
    sent = client.post("/signup/", form())
    assert (sent.status_code, sent["Location"]) == (302, "/signup/sent/")
    (message,) = mail.outbox
    assert message.to == ["ada@noir.example"]
    assert "Bevestig" in message.subject
    link = link_in(message)
    assert "Café Noir" in client.get(link).content.decode()
    assert not Brand.objects.filter(slug="cafe-noir").exists(), "looking at the link makes nothing"
    confirmed = client.post(link, follow=True)
    assert confirmed.status_code == 200
    assert f"cafe-noir{settings.BRAND_HOST_SUFFIX}" in confirmed.content.decode()
    signup = BrandSignup.objects.get()
    assert (signup.state, signup.progress, signup.attempts) == (SignupState.DONE, 100, 1)
    assert signup.brand is not None
    assert client.post(link, follow=True).status_code == 200, "following the link again changes nothing"
    assert client_for(signup.brand).get("/accounts/login/").status_code == 200
    assert not client.cookies.get(settings.SESSION_COOKIE_NAME)


def test_a_set_up_that_fails_says_why_and_can_be_tried_again(
    real: None, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(brand: Brand, signup: BrandSignup) -> None:
        raise DomainError("the shelves are not up yet")

    monkeypatch.setattr(hooks, "_hooks", [(1, "refuse", refuse)])
    client = client_for(None)
    client.post("/signup/", form())
    page = client.post(link_in(mail.outbox[0]), follow=True)
    assert "the shelves are not up yet" in page.content.decode()
    signup = BrandSignup.objects.get()
    assert signup.state == SignupState.FAILED
    assert not Brand.objects.filter(slug="cafe-noir").exists()
    monkeypatch.undo()
    page = client.post(f"/signup/{signup.pk}/retry/", follow=True)
    assert f"cafe-noir{settings.BRAND_HOST_SUFFIX}" in page.content.decode()
    signup.refresh_from_db()
    assert (signup.state, signup.attempts) == (SignupState.DONE, 2)


def test_the_progress_page_polls_by_htmx_and_reloads_without_script(platform: None, client_for: ClientFor) -> None:
    signup = signup_request(**WISH)
    BrandSignup.objects.filter(pk=signup.pk).update(state=SignupState.RUNNING, step="schema", progress=15)
    whole = client_for(None).get(f"/signup/{signup.pk}/").content.decode()
    assert 'http-equiv="refresh"' in whole
    assert f'hx-get="/signup/{signup.pk}/"' in whole
    part = client_for(None).get(f"/signup/{signup.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "15 %" in part
    assert "<html" not in part


def test_an_unconfirmed_wish_has_no_progress_page(platform: None, client_for: ClientFor) -> None:
    signup = signup_request(**WISH)
    assert client_for(None).get(f"/signup/{signup.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"slug": "Ba d"}, 422, "address"),
        ({"slug": "admin"}, 422, "address"),
        ({"slug": "gem"}, 409, "taken"),
        ({"email": "nobody"}, 422, "e-mail"),
        ({"name": ""}, 422, "required"),
        ({"name": "a\x00b"}, 422, "ull characters"),
        ({"language": "fr"}, 422, "valid choice"),
        ({"template": "none-such"}, 422, "valid choice"),
    ],
)
def test_a_form_that_cannot_be_taken_is_given_back_with_the_reason(
    platform: None, client_for: ClientFor, changes: dict[str, str], status: int, words: str
) -> None:
    if "template" in changes and not hooks.program_templates():
        pytest.skip("no room provides program templates")
    page = client_for(None).post("/signup/", form(**changes), headers={"accept-language": "en"})
    assert page.status_code == status
    assert words in page.content.decode()
    assert not BrandSignup.objects.exists()


def test_an_empty_address_is_made_from_the_name(platform: None, client_for: ClientFor) -> None:
    assert client_for(None).post("/signup/", form(slug="", name="Bakkerij De Zon!")).status_code == 302
    assert BrandSignup.objects.get().slug == "bakkerij-de-zon"


@pytest.mark.parametrize(
    "slug", ["ab", "a" * 41, "1st", "-gem", "gem-", "ge--m", "Gem", "gém", "ge.m", "ge_m", "xn--gem", "gem\n"]
)
def test_an_address_that_is_no_host_name_is_refused(slug: str) -> None:
    with pytest.raises(SlugInvalid):
        slug_check(slug)


@pytest.mark.parametrize("slug", sorted(name for name in RESERVED if len(name) > 2)[:8])
def test_the_platforms_own_names_are_kept(slug: str) -> None:
    with pytest.raises((SlugReserved, SlugInvalid)):
        slug_check(slug)


def test_of_two_who_want_the_same_address_the_first_to_confirm_gets_it(platform: None) -> None:
    from tenants.signup import signup_link_token

    first = signup_request(**WISH)
    second = signup_request(**{**WISH, "email": "bob@noir.example"})
    signup_confirm(token=signup_link_token(second))
    with pytest.raises(SlugTaken):
        signup_confirm(token=signup_link_token(first))
    with pytest.raises(SlugTaken):
        signup_request(**{**WISH, "email": "eve@noir.example"})


def test_sign_ups_from_one_address_and_for_one_person_are_limited(platform: None) -> None:
    for number in range(5):
        signup_request(**{**WISH, "slug": f"cafe{number}", "email": f"person{number}@noir.example"})
    with pytest.raises(SignupsTooMany):
        signup_request(**{**WISH, "slug": "cafe9", "email": "person9@noir.example"})
    for number in range(2):
        elsewhere = f"203.0.113.{number + 50}"
        signup_request(
            **{**WISH, "slug": f"caff{number}", "email": "PERSON1@noir.example", "client_address": elsewhere}
        )
    with pytest.raises(SignupsTooMany):
        signup_request(**{**WISH, "slug": "caff7", "email": "person1@noir.example", "client_address": "203.0.113.99"})
    BrandSignup.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    signup_request(**{**WISH, "slug": "caff8", "email": "person1@noir.example"})


def test_the_clients_address_is_not_kept_in_the_clear(platform: None) -> None:
    signup = signup_request(**WISH)
    assert "203.0.113.7" not in " ".join(str(value) for value in vars(signup).values())


def test_a_link_that_is_altered_or_old_is_refused_in_words(platform: None, client_for: ClientFor) -> None:
    token = signing.dumps("0190c2a0-0000-7000-8000-000000000000", salt=LINK_SALT)
    with pytest.raises(LinkInvalid):
        signup_confirm(token=token + "x")
    with pytest.raises(LinkInvalid):
        signup_confirm(token=signing.dumps("x", salt="another purpose"))
    with override_settings(SECRET_KEY="another key"), pytest.raises(LinkInvalid):
        signup_confirm(token=token)
    from unittest import mock

    with mock.patch("tenants.signup.LINK_LIFETIME", timedelta(seconds=-1)), pytest.raises(LinkExpired):
        signup_confirm(token=token)
    assert client_for(None).get("/signup/confirm/nonsense/").status_code == 404


def test_the_sweeper_mails_what_was_not_mailed_and_starts_what_was_not_started(
    platform: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(tasks, "wake", lambda task, pk: woken.append(f"{task.rsplit('.', 1)[1]} {pk}"))
    signup = signup_request(**WISH)
    assert tasks.signups_sweep() == 0
    BrandSignup.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert tasks.signups_sweep() == 1
    tasks.signup_mail_send(str(signup.pk))
    tasks.signup_mail_send(str(signup.pk))
    assert len(mail.outbox) == 1, "sent once however often it is asked for"
    BrandSignup.objects.update(state=SignupState.RUNNING, started_at=timezone.now() - timedelta(minutes=10))
    tasks.signups_sweep()
    assert woken == [f"signup_mail_send {signup.pk}", f"provision_signup {signup.pk}"]


def test_a_mail_server_that_is_away_costs_delay_not_the_sign_up(platform: None) -> None:
    signup = signup_request(**WISH)
    with override_settings(EMAIL_BACKEND="no.such.Backend"):
        tasks.signup_mail_send(str(signup.pk))
    signup.refresh_from_db()
    assert (signup.mailed_at, signup.mail_attempts) == (None, 1)
    tasks.signup_mail_send(str(signup.pk))
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("path", ["/", "/signup/", "/signup/sent/"])
def test_the_platforms_pages_are_there_in_both_languages_under_a_strict_policy(
    platform: None, client_for: ClientFor, path: str, language: str
) -> None:
    page = client_for(None).get(path, headers={"accept-language": language})
    assert page.status_code == 200
    text = page.content.decode()
    assert f'<html lang="{language}">' in text
    assert " style=" not in text
    assert "unsafe" not in page["Content-Security-Policy"]
    assert not page.cookies.get(settings.SESSION_COOKIE_NAME)


def test_the_language_is_switched_by_a_cookie(platform: None) -> None:
    client = Client(SERVER_NAME=settings.PLATFORM_HOST)
    assert client.post("/language/", {"language": "nl", "next": "/signup/"})["Location"] == "/signup/"
    assert '<html lang="nl">' in client.get("/signup/").content.decode()


def test_brands_are_listed_on_ones_own_machine_only(platform: None, client_for: ClientFor) -> None:
    assert "gem.localhost" in client_for(None).get("/").content.decode()
    with override_settings(SANDBOX=False):
        assert "gem.localhost" not in client_for(None).get("/").content.decode()


def test_the_platform_has_no_admin_no_log_in_and_no_api(platform: None, client_for: ClientFor) -> None:
    for path in ("/admin/", "/platform/", "/accounts/login/", "/api/v1/members/"):
        assert client_for(None).get(path).status_code == 404
