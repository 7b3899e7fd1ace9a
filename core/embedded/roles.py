"""The two roles and the database, made by the superuser. docker/init-roles.sh makes the same ones in a container."""

from __future__ import annotations

import os
import subprocess

from core.embedded import binaries
from core.embedded.errors import EmbeddedError
from core.embedded.secrets_file import ClusterSecrets

# Raise by one when SCRIPT changes, and existing clusters run it again.
PREPARED = 1
# stamgast_owner owns the database, migrates and provisions. It may see statistics and end sessions (to drop a database
# that the other role is connected to). stamgast_app is a guest: it gets its rights table by table, and no CREATE.
SCRIPT = r"""
\set ON_ERROR_STOP on
SELECT 'CREATE ROLE stamgast_owner LOGIN' WHERE to_regrole('stamgast_owner') IS NULL \gexec
SELECT 'CREATE ROLE stamgast_app LOGIN' WHERE to_regrole('stamgast_app') IS NULL \gexec
\getenv owner_password STAMGAST_OWNER_PASSWORD
\getenv app_password STAMGAST_APP_PASSWORD
ALTER ROLE stamgast_owner CREATEDB NOCREATEROLE NOSUPERUSER PASSWORD :'owner_password';
ALTER ROLE stamgast_app NOCREATEDB NOCREATEROLE NOSUPERUSER PASSWORD :'app_password';
GRANT pg_monitor, pg_signal_backend, stamgast_app TO stamgast_owner;
SELECT 'CREATE DATABASE stamgast OWNER stamgast_owner'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'stamgast') \gexec
\connect stamgast
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS monitoring;
GRANT USAGE ON SCHEMA monitoring TO stamgast_owner;
SELECT 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA monitoring'
  WHERE current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%' \gexec
"""


def prepare(port: int, passwords: ClusterSecrets) -> None:
    """Create roles, database and extension. Running it again changes nothing. Raises EmbeddedError."""
    result = psql(port, passwords, SCRIPT, database="postgres")
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
