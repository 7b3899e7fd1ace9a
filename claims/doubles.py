"""Claims that show what another claim showed before, by the same member or another. They are marked, never refused:
a family follows from one address, two people keep one receipt; staff see both and decide."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from uuid import UUID

from django.db import OperationalError, connection
from django.db.models import QuerySet
from psycopg.errors import LockNotAvailable

from claims.models import Claim, ClaimDouble, ClaimFile
from claims.pictures import NEAR
from core.errors import Busy
from core.tenancy import current_schema

# How many of the latest pictures a new one is compared with, and how many doubles are noted of each kind.
PICTURES, NOTED = 20_000, 10

_NEAR_ONES = """
SELECT DISTINCT f.claim_id FROM (
    SELECT claim_id, picture_hash FROM claims_claimfile WHERE picture_hash IS NOT NULL AND claim_id <> %s
    ORDER BY id DESC LIMIT %s
) f WHERE bit_count((f.picture_hash # %s)::bit(64)) <= %s LIMIT %s
"""


def doubles_lock(marks: Iterable[str]) -> None:
    """Let two who send the same thing at once wait for each other, so that the second sees the first; until the
    transaction ends. After the member's lock. Busy after lock_timeout."""
    schema = current_schema()
    keys = sorted({zlib.crc32(f"{schema}/claims/{mark}".encode()) for mark in marks if mark})
    try:
        with connection.cursor() as cursor:
            for key in keys:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Busy() from error
        raise


def doubles_note(claim: Claim, files: Iterable[ClaimFile]) -> int:
    """Compare a claim that was just sent with all before it; in its transaction. Returns how many doubles it has."""
    others = Claim.objects.exclude(pk=claim.pk)
    found: set[tuple[UUID, str]] = set()
    if claim.link_key:
        same = others.filter(type=claim.type, link_key=claim.link_key)
        found |= {(pk, ClaimDouble.Kind.LINK) for pk in _latest(same)}
    if claim.fingerprint:
        same = others.filter(fingerprint=claim.fingerprint)
        found |= {(pk, ClaimDouble.Kind.FIELDS) for pk in _latest(same)}
    for file in files:
        exact = set(_latest(others.filter(files__digest=file.digest)))
        found |= {(pk, ClaimDouble.Kind.FILE) for pk in exact}
        if file.picture_hash is not None:
            near = _near(claim.pk, file.picture_hash) - exact
            found |= {(pk, ClaimDouble.Kind.PICTURE) for pk in near}
    ClaimDouble.objects.bulk_create(
        [ClaimDouble(claim=claim, other_id=pk, kind=kind) for pk, kind in sorted(found)], ignore_conflicts=True
    )
    return len(found)


def _latest(same: QuerySet[Claim]) -> list[UUID]:
    return list(same.order_by("-pk").values_list("pk", flat=True).distinct()[:NOTED])


def _near(claim_id: UUID, picture_hash: int) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_NEAR_ONES, [claim_id, PICTURES, picture_hash, NEAR, NOTED])
        return {row[0] for row in cursor.fetchall()}
