"""The owner's door to the database: schemas are made, migrated and dropped through it, and nothing else is.

Web and workers are guests (DATABASE_URL); DATABASE_OWNER_URL is given only to processes that migrate or provision.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from psycopg import sql

OwnerConnection = psycopg.Connection[tuple[object, ...]]


def owner_url() -> str:
    """URL of the owner's role; with one role for everything (local work), that of the app."""
    url = settings.DATABASE_OWNER_URL or settings.DATABASE_URL
    if not url:
        raise ImproperlyConfigured(
            "DATABASE_OWNER_URL (or DATABASE_URL) is not set: nothing can be migrated or provisioned"
        )
    return str(url)


@contextmanager
def owner_connection() -> Iterator[OwnerConnection]:
    """A connection of its own as the owner, in autocommit: open transactions with `connection.transaction()`."""
    with psycopg.connect(owner_url(), autocommit=True, connect_timeout=10) as connection:
        yield connection


def role_of(url: str) -> str:
    """The role a database URL logs in as; empty when it names none."""
    return unquote(urlsplit(url).username or "")


def app_role() -> str | None:
    """The guests' role, or None where guest and owner are one (then there is nobody to grant to)."""
    guest = role_of(settings.DATABASE_URL)
    return guest if guest and guest != role_of(owner_url()) else None


def run_script(connection: OwnerConnection, script: str) -> None:
    """Send statements separated by semicolons in one round trip. The text is ours, never made from input."""
    connection.execute(script.encode(), prepare=False)


def identifier(name: str) -> str:
    """A name quoted as a PostgreSQL identifier."""
    return sql.Identifier(name).as_string(None)


def literal(value: str) -> str:
    """A text quoted as a PostgreSQL literal."""
    return sql.Literal(value).as_string(None)


def schema_present(connection: OwnerConnection, schema: str) -> bool:
    row = connection.execute("SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL", [schema]).fetchone()
    return bool(row and row[0])
