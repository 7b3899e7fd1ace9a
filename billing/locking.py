"""One at a time for a customer: while Stripe is asked, no transaction is open, so the lock is the connection's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from django.db import OperationalError, connection
from psycopg import errors as pg

from core.errors import Busy
from core.tenancy import current_schema

SPACE = crc32(b"billing") - 2**31


@contextmanager
def customer_alone(key: str) -> Iterator[None]:
    """Hold the customer's name for this process. Busy when another doesn't let go of it in time."""
    number = crc32(f"{current_schema()}/{key}".encode()) - 2**31
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [SPACE, number])
        except OperationalError as error:
            if isinstance(error.__cause__, pg.LockNotAvailable):
                raise Busy() from error
            raise
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [SPACE, number])
