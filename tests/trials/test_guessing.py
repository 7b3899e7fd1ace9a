"""Trial 15: guessing at log-ins and codes. Nothing is hit, the eleventh try is refused, timing tells nothing."""

from __future__ import annotations

import statistics
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import LazySettings

from members.models import User
from partners.services import api_key_create
from rewards.guessing import MOST, MOST_OF_A_KEY
from tests.conftest import ClientFor
from tests.loyalty import shop
from tests.trials.scale import size

PASSWORD = "correct-horse-battery"
pytestmark = pytest.mark.trial


@pytest.fixture
def ann(brand: Any) -> User:
    user = User.objects.create_user("ann@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def tried(client: Any, email: str, password: str, address: str, **headers: str) -> int:
    answer = client.post(
        "/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=address, headers=headers or None
    )
    return int(answer.status_code)


def test_many_log_ins_from_one_address_are_refused_from_the_eleventh_on(
    brand: Any, client_for: ClientFor, ann: User
) -> None:
    client = client_for(brand)
    statuses = [
        tried(
            client, "ann@example.com", f"guess-{number}", "203.0.113.5", **{"X-Forwarded-For": f"10.0.{number % 256}.1"}
        )
        for number in range(size(60, 10_000))
    ]
    assert set(statuses[10:]) == {429}
    assert 302 not in statuses
    # The right password doesn't help from there; the victim, at home, gets in.
    assert tried(client, "ann@example.com", PASSWORD, "203.0.113.5") == 429
    assert tried(client_for(brand), "ann@example.com", PASSWORD, "198.51.100.7") == 302


def test_guesses_at_a_one_time_code_are_refused_after_ten(brand: Any, client_for: ClientFor, ann: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ann, secret)
    client = client_for(brand)
    tried(client, "ann@example.com", PASSWORD, "203.0.113.5")
    for number in range(size(40, 10_000)):
        now = int(time.time()) // 30
        near = {format_hotp_value(hotp_value(secret, now + step)) for step in (-1, 0, 1, 2)}
        guess = f"{number:06d}"
        client.post("/accounts/2fa/authenticate/", {"code": guess if guess not in near else "999999"})
    right = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    client.post("/accounts/2fa/authenticate/", {"code": right})
    assert "_auth_user_id" not in client.session


def test_guesses_at_a_password_link_never_hit(brand: Any, client_for: ClientFor, ann: User) -> None:
    client = client_for(brand)
    hits = 0
    for number in range(size(40, 10_000)):
        page = client.get(f"/accounts/password/reset/key/{ann.pk}-c{number:05x}-{number:032x}/")
        hits += page.status_code == 302
    assert hits == 0


def test_a_link_of_one_brand_opens_nothing_at_another(
    brand: Any, other_brand: Any, client_for: ClientFor, ann: User
) -> None:
    """Both brands' users share primary keys, and all brands sign with one key."""
    from allauth.account.models import EmailConfirmationHMAC

    from members.staff import password_link
    from tenants.context import brand_context

    address = EmailAddress.objects.get(user=ann)
    EmailAddress.objects.filter(pk=address.pk).update(verified=False)
    key = EmailConfirmationHMAC(address).key
    link = password_link(ann)
    with brand_context(other_brand):
        twin = User(pk=ann.pk, email=ann.email, password=ann.password, last_login=ann.last_login)
        User.objects.filter(pk=ann.pk).delete()
        twin.save(force_insert=True)
        EmailAddress.objects.filter(pk=address.pk).delete()
        EmailAddress(pk=address.pk, user=twin, email=twin.email, verified=False, primary=True).save(force_insert=True)
    assert client_for(brand).get(link).status_code == 302
    assert client_for(other_brand).get(link).status_code == 200
    assert client_for(brand).post(f"/accounts/confirm-email/{key}/").status_code == 302
    client_for(other_brand).post(f"/accounts/confirm-email/{key}/")
    with brand_context(other_brand):
        assert EmailAddress.objects.get(pk=address.pk).verified is False


def test_guesses_at_a_voucher_are_refused_after_ten_and_after_a_hundred_whatever_they_name(
    brand: Any, client_for: ClientFor
) -> None:
    client, (_row, key) = client_for(brand), api_key_create(
        name="till", scopes=["vouchers:write"], expires_at=None, rate_per_minute=100_000, actor=shop.STAFF
    )  # fmt: skip

    def guess(number: int, source: str) -> int:
        body = {"code": f"{number:016d}", "source": source}
        headers = {"Authorization": f"Bearer {key}"}
        answer = client.post("/api/v1/vouchers/validate", body, content_type="application/json", headers=headers)
        return int(answer.status_code)

    assert [guess(number, "one") for number in range(size(20, 200))][:11] == [404] * 10 + [429]
    statuses = [guess(number, f"place {number}") for number in range(size(150, 10_000))]
    assert set(statuses[: MOST_OF_A_KEY - MOST]) == {404}
    assert set(statuses[MOST_OF_A_KEY - MOST :]) == {429}


@pytest.mark.slow
def test_the_clock_does_not_tell_who_has_an_account(brand: Any, client_for: ClientFor, settings: LazySettings) -> None:
    """With the real hasher. Interleaved, each try from an address of its own; medians within a fifth of each other.

    Processor time, threads of the hasher included: what the wall clock shows where nothing else runs.
    """
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    user = User.objects.create_user("ann@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client = client_for(brand)
    spent: dict[str, list[float]] = {"ann@example.com": [], "nobody@example.com": []}
    for number in range(size(12, 1_000)):
        for email, times in spent.items():
            begun = time.process_time()
            tried(client, email, "wrong-guess", f"10.{number // 200}.{number % 200}.9")
            times.append(time.process_time() - begun)
    known, unknown = (statistics.median(times) for times in spent.values())
    assert abs(known - unknown) < 0.2 * max(known, unknown), f"known {known:.4f} s, unknown {unknown:.4f} s"
