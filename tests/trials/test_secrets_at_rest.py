"""Trial 17: no secret lies in the clear in a dump, a log or an error page; the master key changes while all goes on."""

from __future__ import annotations

import ast
import base64
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import LazySettings, settings
from django.core.management import call_command
from django.test import override_settings

from core import secrets
from core.actor import Actor
from core.embedded.binaries import tool
from core.mail import mail_open, mail_queue
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from members.models import User
from members.staff import password_link
from partners.services import api_key_create
from rewards.models import CodePool, PoolCode
from rewards.pools import pool_import
from tests.conftest import ClientFor

STAFF = Actor("staff", "user:1", "admin")
PASSWORD = "canary-password-Zx81"
pytestmark = pytest.mark.trial


def plant() -> list[str]:
    """Twenty or more secrets, each where the product keeps its kind. Returns them in the clear."""
    codes = [f"CANARY-CODE-{number:03d}" for number in range(8)]
    pool = CodePool.objects.create(name="canaries")
    pool_import(pool=pool, codes=codes, actor=STAFF)
    user = User.objects.create_user("ann@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    totp = "CANARYTOTPSECRETABCDEFGHIJKLMNOP"
    TOTP.activate(user, totp)
    recovery = RecoveryCodes.activate(user).generate_codes()[:5]
    _row, key = api_key_create(
        name="canary", scopes=["members:read"], expires_at=None, rate_per_minute=None, actor=STAFF
    )
    link = password_link(user)
    mail_queue(to=user.email, language="en", kind="test", subject="canary-subject-Q7", text=link, html=None)
    return [*codes, PASSWORD, totp, *recovery, key, key.rpartition("_")[2], link.rstrip("/"), "canary-subject-Q7"]


def dump(schema: str) -> str:
    """The whole schema as pg_dump writes it."""
    database = settings.DATABASES["default"]
    environment = {**os.environ, "PGPASSWORD": database["PASSWORD"]}
    address = ["-h", database["HOST"], "-p", database["PORT"], "-U", database["USER"], "-d", database["NAME"]]
    done = subprocess.run(
        [str(tool("pg_dump")), *address, "-n", schema, "--data-only"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def found(canaries: list[str], text: str) -> list[str]:
    forms = [(each, form) for each in canaries for form in (each, base64.b64encode(each.encode()).decode().rstrip("="))]
    return [each for each, form in forms if form in text]


def test_no_secret_lies_in_the_clear_in_a_dump(committed_brand: Any) -> None:
    canaries = plant()
    assert len(canaries) >= 19
    before = dump(committed_brand.schema_name)
    assert "ann@example.com" in before  # the dump holds the rows: it isn't empty for another reason
    assert found(canaries, before) == []
    outbox_drain()
    assert found(canaries, dump(committed_brand.schema_name)) == []
    assert "sealed" not in str(OutboxMessage.objects.filter(topic="mail.requested").values_list("payload", flat=True))


def test_no_secret_is_written_to_the_log_or_an_error_page(
    brand: Any, client_for: ClientFor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    canaries = plant()
    caplog.set_level("DEBUG")
    client = client_for(brand)
    client.raise_request_exception = False
    pages = [
        client.post("/accounts/login/", {"login": "ann@example.com", "password": PASSWORD}),
        client.post("/accounts/login/", {"login": "ann@example.com", "password": f"{PASSWORD}x"}),
        client.get("/api/v1/members", headers={"Authorization": f"Bearer {canaries[-3]}x"}),
    ]

    def broken(*arguments: object, **named: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("members.adapter.AccountAdapter.authenticate", broken)
    client = client_for(brand)
    client.raise_request_exception = False
    pages.append(client.post("/accounts/login/", {"login": "ann@example.com", "password": PASSWORD}))
    assert pages[-1].status_code == 500
    outbox_drain()
    # pytest's own log of SQL at DEBUG would hold parameters; the product logs at INFO.
    told = "\n".join(
        record.getMessage() + str(record.exc_text or "") for record in caplog.records if record.levelno >= 20
    )
    assert found(canaries, told) == []
    assert found(canaries, "\n".join(page.content.decode() for page in pages)) == []


def test_the_master_key_changes_while_the_product_runs(brand: Any, settings: LazySettings) -> None:
    old = list(settings.MASTER_KEYS)
    new = base64.b64encode(b"n" * 32).decode()
    codes = [f"CODE-{number:04d}" for number in range(40)]
    pool = CodePool.objects.create(name="rotated")
    pool_import(pool=pool, codes=codes, actor=STAFF)
    user = User.objects.create_user("ann@example.com", PASSWORD)
    TOTP.activate(user, "SECRETABCDEFGHIJ")
    recovery = RecoveryCodes.activate(user).generate_codes()
    mail_queue(to="ann@example.com", language="en", kind="test", subject="s", text="waiting", html=None)

    with override_settings(MASTER_KEYS=[new, *old]):
        outdated = PoolCode.objects.filter(pool=pool, sealed__startswith=secrets.current_prefix()).count()
        assert outdated == 0
        mail_queue(to="ann@example.com", language="en", kind="test", subject="s", text="meanwhile", html=None)
        between = pool_import(pool=pool, codes=[*codes, "CODE-NEW"], actor=STAFF)
        assert (between.added, between.duplicates) == (1, 40), "the old key's hashes are asked for too"
        codes.append("CODE-NEW")
        call_command("secrets_reseal", brand=[brand.slug])
        call_command("secrets_reseal", brand=[brand.slug])

    with override_settings(MASTER_KEYS=[new]):
        again = pool_import(pool=CodePool.objects.create(name="again"), codes=codes, actor=STAFF)
        assert (again.added, again.duplicates) == (0, 41), "the hashes are the new key's too"
        opened = [
            secrets.unseal(sealed, purpose="pool_code")
            for sealed in PoolCode.objects.filter(pool=pool).order_by("ordinal").values_list("sealed", flat=True)
        ]
        assert opened == codes
        sealed_secret = Authenticator.objects.get(user=user, type="totp").data["secret"]
        assert secrets.unseal(sealed_secret, purpose="second_factor") == "SECRETABCDEFGHIJ"
        assert RecoveryCodes(Authenticator.objects.get(user=user, type="recovery_codes")).generate_codes() == recovery
        waiting = OutboxMessage.objects.filter(topic="mail.requested", payload__kind="test").order_by("id")
        assert [mail_open(row.payload["sealed"]).text for row in waiting] == ["waiting", "meanwhile"]


def test_a_code_that_came_in_twice_between_two_keys_stops_no_rotation(brand: Any, settings: LazySettings) -> None:
    """A process that hadn't been restarted yet imported under the old key what another had under the new one."""
    old, new = list(settings.MASTER_KEYS), base64.b64encode(b"n" * 32).decode()
    first, second = CodePool.objects.create(name="first"), CodePool.objects.create(name="second")
    with override_settings(MASTER_KEYS=[new, *old]):
        pool_import(pool=first, codes=["TWIN"], actor=STAFF)
    assert pool_import(pool=second, codes=["TWIN", "OTHER"], actor=STAFF).added == 2
    with override_settings(MASTER_KEYS=[new, *old]):
        call_command("secrets_reseal", brand=[brand.slug])
    with override_settings(MASTER_KEYS=[new]):
        opened = [secrets.unseal(row.sealed, purpose="pool_code") for row in PoolCode.objects.order_by("id")]
        assert opened == ["TWIN", "TWIN", "OTHER"]
        assert pool_import(pool=second, codes=["TWIN", "OTHER"], actor=STAFF).added == 0


def test_a_value_changed_meanwhile_is_left_alone(
    brand: Any, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    from core import resealing

    pool = CodePool.objects.create(name="raced")
    pool_import(pool=pool, codes=["CODE-1"], actor=STAFF)
    row = PoolCode.objects.get(pool=pool)
    real = secrets.reseal

    def reseal(sealed: str, *, purpose: str) -> str:
        PoolCode.objects.filter(pk=row.pk).update(sealed="somebody else's")
        return real(sealed, purpose=purpose)

    monkeypatch.setattr(resealing, "reseal", reseal)
    place = next(each for each in resealing.sealed_places() if each.table == "rewards_poolcode")
    with override_settings(MASTER_KEYS=[base64.b64encode(b"n" * 32).decode(), *settings.MASTER_KEYS]):
        assert resealing.place_reseal(place) == 0
    assert PoolCode.objects.get(pk=row.pk).sealed == "somebody else's"


def test_every_column_that_holds_something_sealed_is_known_to_the_rotation() -> None:
    """Whoever calls seal() has registered where the result lies: as many purposes as are sealed in the code."""
    from pathlib import Path

    from core.resealing import sealed_places

    root = Path(__file__).resolve().parent.parent.parent
    rooms = (
        "core",
        "tenants",
        "members",
        "loyalty",
        "rewards",
        "draws",
        "referrals",
        "claims",
        "panels",
        "billing",
        "partners",
        "engagement",
        "analytics",
    )
    used: set[str] = set()
    for room in rooms:
        for module in (root / room).rglob("*.py"):
            text = module.read_text()
            names = set(re.findall(r"\bseal\(.*purpose=(\"[a-z_]+\"|[A-Z_]+)", text))
            used |= {_purpose(each, text) for each in names}
    known = {place.purpose for place in sealed_places()}
    # A file of codes that waits for its import lies on the disk, a week at most: it is uploaded again, not resealed.
    assert used == known | {"pool_upload"}


def _purpose(name: str, module: str) -> str:
    """What a purpose in the code says: itself, or the constant of its module."""
    if name.startswith('"'):
        return name.strip('"')
    for node in ast.parse(module).body:
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            pairs = zip(target.elts, value.elts, strict=True) if both else [(target, value)]  # type: ignore[attr-defined]  # both are tuples
            for one, said in pairs:
                if isinstance(one, ast.Name) and one.id == name and isinstance(said, ast.Constant):
                    return str(said.value)
        if isinstance(node, ast.ImportFrom) and node.module and name in {each.name for each in node.names}:
            return _purpose(name, (Path(settings.BASE_DIR) / f"{node.module.replace('.', '/')}.py").read_text())
    raise AssertionError(f"{name} is no constant of its module")
