"""Guessing at passwords and second factors. See also the trial in tests/trials/test_guessing.py."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import LazySettings
from django.core.cache import caches
from django.test import Client, RequestFactory

from core.http import client_ip
from core.tables import AuditEntry
from members import lockout
from members.models import User
from tests.conftest import ClientFor

PASSWORD = "correct-horse-battery"


@pytest.fixture
def ann(brand: Any) -> User:
    user = User.objects.create_user("ann@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def log_in(client: Client, password: str = PASSWORD, email: str = "ann@example.com", **extra: Any) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password}, **extra)


def fail(client: Client, times: int, **extra: Any) -> list[int]:
    return [log_in(client, "wrong-guess", **extra).status_code for _ in range(times)]


def test_the_eleventh_try_from_one_address_is_refused_even_with_the_right_password(
    brand: Any, client_for: ClientFor, ann: User
) -> None:
    client = client_for(brand)
    statuses = fail(client, 10)
    assert statuses[:9] == [200] * 9
    assert log_in(client).status_code == 429
    assert "_auth_user_id" not in client.session


def test_the_victim_still_gets_in_from_elsewhere(brand: Any, client_for: ClientFor, ann: User) -> None:
    fail(client_for(brand), 15, REMOTE_ADDR="203.0.113.9")
    home = client_for(brand)
    assert log_in(home, REMOTE_ADDR="198.51.100.7").status_code == 302
    assert "_auth_user_id" in home.session


def test_a_spoofed_forwarded_header_changes_nothing(brand: Any, client_for: ClientFor, ann: User) -> None:
    client = client_for(brand)
    for number in range(10):
        log_in(client, "wrong-guess", headers={"X-Forwarded-For": f"198.51.100.{number}"})
    assert log_in(client, headers={"X-Forwarded-For": "198.51.100.200"}).status_code == 429


def test_another_spelling_of_the_address_is_the_same_person(brand: Any, client_for: ClientFor, ann: User) -> None:
    client = client_for(brand)
    for number in range(10):
        log_in(client, "wrong-guess", email="ANN@example.com" if number % 2 else " ann@Example.com")
    assert log_in(client).status_code == 429


def test_an_unknown_address_is_locked_just_the_same(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    statuses = [log_in(client, "wrong-guess", email="nobody@example.com").status_code for _ in range(11)]
    assert statuses[-1] == 429


def test_a_lock_at_one_brand_is_none_at_another(brand: Any, other_brand: Any, client_for: ClientFor, ann: User) -> None:
    fail(client_for(brand), 11)
    assert log_in(client_for(other_brand), "wrong-guess").status_code == 200


def test_guesses_at_a_second_factor_end_after_ten(brand: Any, client_for: ClientFor, ann: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ann, secret)
    client = client_for(brand)
    assert log_in(client)["Location"] == "/accounts/2fa/authenticate/"
    right = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(10):
        client.post("/accounts/2fa/authenticate/", {"code": wrong})
    refused = client.post("/accounts/2fa/authenticate/", {"code": right})
    assert refused.status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_second_factor_lets_in_once_per_code(brand: Any, client_for: ClientFor, ann: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ann, secret)
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    clients = [client_for(brand), client_for(brand)]
    for client in clients:
        log_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code})
    assert ["_auth_user_id" in client.session for client in clients] == [True, False]


def test_the_secret_of_a_second_factor_lies_sealed(brand: Any, ann: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ann, secret)
    stored = Authenticator.objects.get(user=ann).data["secret"]
    assert secret not in stored
    assert stored.startswith("s1.")


def test_guesses_are_counted_in_the_brands_own_table(brand: Any, client_for: ClientFor, ann: User) -> None:
    fail(client_for(brand), 1)
    shared: Any = caches["guesses"]
    assert shared.incr("x", timeout=60) == 1
    assert shared.incr("x", timeout=60) == 2
    assert shared.add("x", 5) is False
    assert shared.get("x") == 2
    shared.set("x", [1.5], -1)
    assert shared.get("x") is None
    assert shared.add("x", "y", 60) is True
    assert shared.delete("x") is True


def test_failures_spread_over_many_accounts_are_told(
    brand: Any, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lockout, "SPREAD_FAILURES", 10)
    monkeypatch.setattr(lockout, "SPREAD_ACCOUNTS", 5)
    for number in range(10):
        log_in(client_for(brand), "wrong-guess", email=f"user{number}@example.com", REMOTE_ADDR=f"203.0.113.{number}")
    told = AuditEntry.objects.get(action="login.failures_spread")
    assert told.changes == {"failures": 10, "accounts": 10, "addresses": 10}
    assert "spread" in caplog.text
    assert "user1@example.com" not in caplog.text


@pytest.mark.parametrize(
    ("proxies", "forwarded", "peer", "expected"),
    [
        (0, "1.2.3.4", "9.9.9.9", "9.9.9.9"),
        (1, "6.6.6.6, 1.2.3.4", "9.9.9.9", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 5.5.5.5", "9.9.9.9", "1.2.3.4"),
        (2, "1.2.3.4", "9.9.9.9", "9.9.9.9"),
        (1, "not-an-address", "9.9.9.9", "9.9.9.9"),
        (1, "", "9.9.9.9", "9.9.9.9"),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (0, "", "::ffff:1.2.3.4", "1.2.3.4"),
        (0, "", "", "0.0.0.0"),
    ],
)
def test_the_address_is_what_trusted_proxies_say(
    settings: LazySettings, proxies: int, forwarded: str, peer: str, expected: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_ip(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)) == expected
