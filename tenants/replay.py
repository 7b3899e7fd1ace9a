"""Repeating on one schema what a migration did to another. No Django in here: worker processes start in no time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

LOCK_CLASS = "stamgast.migrate"
# A table that is in use is waited for briefly and tried again, so that a migration never stops a shop.
LOCK_TIMEOUT = "3s"
ATTEMPTS = 5


@dataclass(frozen=True)
class Recording:
    """What a list of migrations amounts to: the statements of each, in order, and what has to follow them."""

    migrations: tuple[tuple[str, str], ...]
    statements: tuple[tuple[str, Any], ...]
    afterwards: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Outcome:
    schema: str
    seconds: float
    error: str = ""


def replay(url: str, recording: Recording, schemas: list[str]) -> list[Outcome]:
    """Bring schemas that stand where the recording began to where it ended, each in one transaction of its own.

    A schema that is there already is left alone; one that fails is reported and the rest goes on. In `afterwards`,
    the text {schema} stands for the schema's quoted name.
    """
    outcomes = []
    # DDL takes no parameters from the server's side, so they are written into the statement here, as Django does it.
    with psycopg.connect(url, autocommit=True, connect_timeout=10, cursor_factory=psycopg.ClientCursor) as connection:
        for schema in schemas:
            started = time.monotonic()
            error = _replay_patiently(connection, recording, schema)
            outcomes.append(Outcome(schema, time.monotonic() - started, error))
    return outcomes


def _replay_patiently(connection: psycopg.Connection[Any], recording: Recording, schema: str) -> str:
    for attempt in range(ATTEMPTS):
        try:
            with connection.transaction():
                _replay_once(connection, recording, schema)
            return ""
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            problem = error
            time.sleep(0.2 * 2**attempt)
        except psycopg.Error as error:
            return f"{type(error).__name__}: {error}".strip()
    return f"its tables were in use ({type(problem).__name__})"


def _replay_once(connection: psycopg.Connection[Any], recording: Recording, schema: str) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))", [LOCK_CLASS, schema])
    here = sql.Identifier(schema)
    connection.execute(sql.SQL("SET LOCAL search_path = {}, public").format(here))
    connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'".encode())
    # Another run may have been here since we looked.
    done = set(connection.execute("SELECT app, name FROM django_migrations").fetchall())
    if all(migration in done for migration in recording.migrations):
        return
    with connection.cursor() as cursor:
        for statement, parameters in recording.statements:
            cursor.execute(statement.encode(), parameters)
        cursor.executemany(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", list(recording.migrations)
        )
        quoted = here.as_string(None)
        for statement in recording.afterwards:
            cursor.execute(statement.replace("{schema}", quoted).encode())
