"""One at a time for a customer, and for a member.

While Stripe is asked about a customer no transaction is open, so that lock is the connection's own; what is written of
a member's billing is written under the lock of a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from django.db import OperationalError, connection
from psycopg import errors as pg

from billing.models import BillingProfile
from core.errors import Busy
from core.tenancy import current_schema
from members.models import Member

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


def member_locked(member: Member) -> None:
    """The lock that everything about a member's billing takes first. In the caller's transaction."""
    BillingProfile.objects.get_or_create(member=member)
    BillingProfile.objects.select_for_update().get(member=member)
