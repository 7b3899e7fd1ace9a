"""The image without Docker: its scripts are run here, and the files that name them are read."""

from __future__ import annotations

import base64
import http.client
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml

from core.embedded.postgres import Cluster, ensure_running, pg_tool, stop

ROOT = Path(__file__).resolve().parent.parent.parent
ROLES = ("web", "worker", "provisioner", "beat", "migrate")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A throw-away server, as the container's would be."""
    with tempfile.TemporaryDirectory(prefix="stamgast-image-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        made = ensure_running(Path(name) / "pg", fsync=False)
        yield made
        stop(made)


@pytest.fixture
def production(cluster: Cluster, tmp_path: Path) -> dict[str, str]:
    """The environment of a container, with a broker and files of its own."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHON": sys.executable,
        "HOME": str(tmp_path),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "MASTER_KEYS": base64.b64encode(os.urandom(32)).decode(),
        "DATABASE_URL": cluster.app_url,
        "DATABASE_OWNER_URL": cluster.owner_url,
        "VAR_DIR": str(tmp_path / "var"),
        "HOST": "127.0.0.1",
    }


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def entrypoint(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    script = str(ROOT / "docker/entrypoint.sh")
    return subprocess.run([script, *arguments], env=environment, capture_output=True, text=True, timeout=180)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(port: int, path: str, host: str = "stamgast.example") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": "https"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def wait_for_health(port: int, server: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            return get(port, "/healthz", host="10.0.0.1")
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the web role never answered")


def test_the_web_role_serves_health_with_production_settings_and_stops_when_told(
    production: dict[str, str], tmp_path: Path
) -> None:
    migrated = entrypoint(production, "migrate")
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    port = free_port()
    with (tmp_path / "web.log").open("wb") as log:
        server = subprocess.Popen(
            [ROOT / "docker/entrypoint.sh", "web"],
            env={**production, "PORT": str(port), "WEB_WORKERS": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        status, body = wait_for_health(port, server)
        assert (status, body) == (200, b'{"status": "ok", "database": "ok"}')
        check = [sys.executable, str(ROOT / "docker/healthcheck.py")]
        assert subprocess.run(check, env={**production, "PORT": str(port)}).returncode == 0
        assert get(port, "/", host="nobody.example")[0] == 404
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) in (0, 143, -signal.SIGTERM), (tmp_path / "web.log").read_text()
    assert subprocess.run(check, env={**production, "PORT": str(port)}).returncode == 1


def test_without_secrets_nothing_starts(production: dict[str, str]) -> None:
    result = entrypoint({**production, "SECRET_KEY": "short"}, "manage", "check")
    assert result.returncode != 0
    assert "SECRET_KEY" in result.stderr


def test_a_secret_can_come_from_a_file(production: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "key").write_text(production.pop("SECRET_KEY"))
    result = entrypoint({**production, "SECRET_KEY_FILE": str(tmp_path / "key")}, "manage", "version")
    assert result.returncode == 0, result.stderr


def test_the_owners_address_reaches_only_who_needs_it(production: dict[str, str], tmp_path: Path) -> None:
    printer = tmp_path / "python"
    printer.write_text('#!/bin/sh\necho "owner=${DATABASE_OWNER_URL:-none} role=${STAMGAST_DB_ROLE:-app}"\n')
    printer.chmod(0o755)
    for role in ROLES:
        said = entrypoint({**production, "PYTHON": str(printer)}, role).stdout
        owner = role in ("provisioner", "migrate")
        assert ("owner=none" not in said) is owner, role
        assert ("role=owner" in said) is owner, role
    production.pop("DATABASE_OWNER_URL")
    assert "owner's database address is missing" in entrypoint(production, "migrate").stderr


def test_an_unknown_role_is_refused_in_words(production: dict[str, str]) -> None:
    result = entrypoint(production, "cleaner")
    assert result.returncode == 64
    assert "unknown role 'cleaner'" in result.stderr


def test_the_build_compiles_messages_and_gathers_static_files(production: dict[str, str], tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    tree = tmp_path / "app"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/", "bench/")):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    for step in ("messages", "static"):
        environment = {"PATH": production["PATH"], "PYTHON": sys.executable, "STATIC_COMPRESS": "0"}
        done = subprocess.run([tree / "docker/build.sh", step], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tree / "staticfiles/staticfiles.json").exists()
    assert list((tree / "staticfiles/css").glob("app.*.css"))
    for catalogue in (ROOT / "locale").glob("*/LC_MESSAGES/*.po"):
        assert (tree / catalogue.relative_to(ROOT)).with_suffix(".mo").exists()


def test_the_containers_role_script_makes_both_roles(cluster: Cluster) -> None:
    superuser = urlsplit(cluster.superuser_url)
    with psycopg.connect(cluster.superuser_url.replace("/stamgast", "/postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE stamgast WITH (FORCE)")
        connection.execute("DROP ROLE stamgast_owner, stamgast_app")
    owner, app = urlsplit(cluster.owner_url), urlsplit(cluster.app_url)
    environment = {
        "PATH": f"{pg_tool('psql').parent}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(cluster.port),
        "PGPASSWORD": str(superuser.password),
        "STAMGAST_OWNER_PASSWORD": str(owner.password),
        "STAMGAST_APP_PASSWORD": str(app.password),
        "ROLES_SQL": str(ROOT / "core/embedded/roles.sql"),
    }
    for _ in range(2):  # running it again is fine
        done = subprocess.run([ROOT / "docker/init-roles.sh"], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    for url in (cluster.owner_url, cluster.app_url):
        psycopg.connect(url).close()


def test_the_image_uses_these_scripts_an_ordinary_user_and_holds_no_secret() -> None:
    lines = (ROOT / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["docker/entrypoint.sh"]' in lines
    assert re.search(r"^USER 10001:10001$", lines, re.MULTILINE)
    for step in ("packages", "messages", "static", "user"):
        assert f"docker/build.sh {step}" in lines
    assert not re.search(r"^(ENV|ARG).*(SECRET|KEY|PASSWORD|DATABASE)", lines, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", ".git", "var", ".venv"} <= set(ignored)


def test_compose_runs_every_role_and_gives_the_owners_address_to_two(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"postgres", "redis", *ROLES}
    with_owner = {name for name, service in services.items() if "DATABASE_OWNER_URL" in service["environment"]}
    assert with_owner == {"migrate", "provisioner"}
    for name in ROLES:
        assert services[name]["command"] == [name]
        assert services[name]["build"] == "."
    for name in ("postgres", "redis", "web", "worker"):
        assert services[name]["healthcheck"]["test"], name
    for name in ("web", "worker", "provisioner", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_compose_mounts_files_that_exist_and_takes_secrets_from_the_environment(compose: dict[str, Any]) -> None:
    for volume in compose["services"]["postgres"]["volumes"]:
        if volume.startswith("./"):
            assert (ROOT / volume.split(":")[0]).is_file(), volume
    text = (ROOT / "compose.yaml").read_text()
    made = subprocess.run([sys.executable, ROOT / "docker/new_env.py"], capture_output=True, text=True).stdout
    names = {line.split("=", 1)[0] for line in made.splitlines()}
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert required <= names
    for value in re.findall(r"(?:PASSWORD|SECRET_KEY|MASTER_KEYS): (\S+)", text):
        assert value.startswith("${"), value
