"""The two roles and the database, made by the superuser from roles.sql, which docker/init-roles.sh runs as well."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from core.embedded import binaries
from core.embedded.errors import EmbeddedError
from core.embedded.secrets_file import ClusterSecrets

# Raise by one when roles.sql changes, and existing clusters run it again.
PREPARED = 1
SCRIPT = Path(__file__).with_name("roles.sql")


def prepare(port: int, passwords: ClusterSecrets) -> None:
    """Create roles, database and extension. Running it again changes nothing. Raises EmbeddedError."""
    result = psql(port, passwords, SCRIPT.read_text(), database="postgres")
    if result.returncode != 0:
        raise EmbeddedError(f"the roles could not be made: {result.stderr.strip()}")


def psql(port: int, passwords: ClusterSecrets, script: str, *, database: str) -> subprocess.CompletedProcess[str]:
    """Run a script as the superuser; passwords go through the environment, never through arguments."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PGPASSWORD": passwords.superuser,
        "PGCONNECT_TIMEOUT": "5",
        "STAMGAST_OWNER_PASSWORD": passwords.owner,
        "STAMGAST_APP_PASSWORD": passwords.app,
    }
    command = [
        str(binaries.tool("psql")),
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    return subprocess.run(
        [*command, "-U", "postgres", "-d", database],
        input=script,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
