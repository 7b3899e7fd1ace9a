"""Signing up, proving the address, and becoming a member; with no word to strangers about who has an account."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import caches
from django.test import Client

from core.actor import Actor
from core.outbox import outbox_drain
from members.models import Consent, JoinIntent, Member, User
from members.services import member_create
from tests.conftest import ClientFor

PASSWORD = "correct-horse-battery"
TILL = Actor("partner", "api:till", "api")


def form(email: str = "ann@example.com", **changes: Any) -> dict[str, Any]:
    return {"email": email, "password1": PASSWORD, "name": "Ann", "language": "en", "terms": "on", **changes}


def link_in(body: str) -> str:
    found = re.search(r"https?://[^/\s]+(/accounts/\S+)", body)
    assert found, body
    return found[1]


def sent() -> list[Any]:
    """Deliver what is queued and return everything sent so far."""
    outbox_drain()
    return mail.outbox


def confirm(client: Client) -> Any:
    link = link_in(sent()[-1].body)
    assert client.get(link).status_code == 200
    return client.post(link)


def test_somebody_who_signs_up_becomes_a_member_when_the_address_is_proven(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    answer = client.post("/accounts/signup/", form(marketing="on"))
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/confirm-email/"
    assert not Member.objects.exists()
    assert JoinIntent.objects.get().marketing is True

    assert confirm(client).status_code == 302
    member = Member.objects.get()
    assert (member.email, member.name, member.user and member.user.email) == (
        "ann@example.com",
        "Ann",
        "ann@example.com",
    )
    assert set(Consent.objects.values_list("purpose", "granted")) == {("terms", True), ("marketing_email", True)}
    assert not JoinIntent.objects.exists()


def test_no_one_joins_without_agreeing_to_the_terms(brand: Any, client_for: ClientFor) -> None:
    answer = client_for(brand).post("/accounts/signup/", form(terms=""))
    assert answer.status_code == 200
    assert "agree to the terms" in answer.content.decode()
    assert not User.objects.filter(email="ann@example.com").exists()


def test_nobody_logs_in_before_the_address_is_proven(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    client.post("/accounts/signup/", form())
    fresh = client_for(brand)
    answer = fresh.post("/accounts/login/", {"login": "ann@example.com", "password": PASSWORD})
    assert answer["Location"] == "/accounts/confirm-email/"
    assert "_auth_user_id" not in fresh.session


def test_a_member_made_by_a_till_is_linked_only_when_the_address_is_proven(brand: Any, client_for: ClientFor) -> None:
    known = member_create(email="Ann@Example.com", external_id="T-1", actor=TILL)
    client = client_for(brand)
    client.post("/accounts/signup/", form())
    known.refresh_from_db()
    assert known.user is None
    confirm(client)
    linked = Member.objects.get()
    assert linked.pk == known.pk
    assert linked.user is not None
    assert linked.user.email == "ann@example.com"


def test_a_member_who_has_a_log_in_is_never_taken_over(brand: Any, client_for: ClientFor) -> None:
    other = User.objects.create_user("other@example.com", PASSWORD)
    taken = member_create(email="ann@example.com", user=other, actor=TILL)
    client = client_for(brand)
    client.post("/accounts/signup/", form())
    confirm(client)
    taken.refresh_from_db()
    assert taken.user == other


def test_signing_up_with_a_known_address_looks_the_same_and_mails_its_owner(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    first = client.post("/accounts/signup/", form())
    confirm(client)
    caches["guesses"].clear()  # or the second mail to one address within three minutes would be left out
    again = client_for(brand).post("/accounts/signup/", form(name="Somebody else", password1="another-long-one"))
    assert (again.status_code, again["Location"]) == (first.status_code, first["Location"])
    assert User.objects.filter(email="ann@example.com").count() == 1
    assert "already" in sent()[-1].subject


def test_a_reset_for_an_unknown_address_answers_the_same_and_mails_nobody(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    client.post("/accounts/signup/", form())
    confirm(client)
    before = len(sent())
    known = client_for(brand).post("/accounts/password/reset/", {"email": "ann@example.com"})
    unknown = client_for(brand).post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [each.to for each in sent()[before:]] == [["ann@example.com"]]


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    client.post("/accounts/signup/", form())
    confirm(client)
    client.post("/accounts/password/reset/", {"email": "ann@example.com"})
    link = link_in(sent()[-1].body)
    page = client.get(link, follow=True)
    done = client.post(page.request["PATH_INFO"], {"password1": "quite-new-indeed", "password2": "quite-new-indeed"})
    assert done.status_code == 302
    fresh = client_for(brand)
    assert (
        fresh.post("/accounts/login/", {"login": "ann@example.com", "password": "quite-new-indeed"}).status_code == 302
    )
    assert "_auth_user_id" in fresh.session
    assert "invalid" in client_for(brand).get(link, follow=True).content.decode().lower()


def test_the_first_campaign_is_kept_until_joining(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    client.get(
        "/terms/?utm_source=flyer&utm_medium=print&utm_campaign=spring",
        headers={"Referer": "https://blog.example/x?y=z"},
    )
    client.get("/terms/?utm_source=later&ref=friend")
    client.post("/accounts/signup/", form())
    confirm(client)
    member = Member.objects.get()
    assert (member.utm_source, member.utm_medium, member.utm_campaign) == ("flyer", "print", "spring")
    assert (member.acquisition_channel, member.referrer) == ("print", "blog.example")


def test_visitors_without_a_campaign_get_no_session(brand: Any, client_for: ClientFor) -> None:
    answer = client_for(brand).get("/terms/")
    assert "sessionid" not in answer.cookies


def test_a_new_address_moves_along_to_the_member_once_proven(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    client.post("/accounts/signup/", form())
    confirm(client)
    client.post("/accounts/login/", {"login": "ann@example.com", "password": PASSWORD})
    client.post("/accounts/email/", {"action_add": "", "email": "new@example.com"}, follow=True)
    assert Member.objects.get().email == "ann@example.com"
    to_new = [each for each in sent() if each.to == ["new@example.com"]]
    client.post(link_in(to_new[-1].body))
    member = Member.objects.get()
    assert (member.email, member.user and member.user.email) == ("new@example.com", "new@example.com")
    assert list(EmailAddress.objects.values_list("email", flat=True).filter(user=member.user)) == ["new@example.com"]


def test_nobody_signs_up_at_the_operator(operator_brand: Any, client_for: ClientFor) -> None:
    page = client_for(operator_brand).post("/accounts/signup/", form())
    assert "invite you" in page.content.decode()


def test_links_name_our_host_and_port_whatever_the_visitor_sent(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand, SERVER_PORT="6666")
    client.post("/accounts/signup/", form(), headers={"X-Forwarded-Host": "evil.example"})
    body = sent()[-1].body
    assert "6666" not in body
    assert "evil" not in body
