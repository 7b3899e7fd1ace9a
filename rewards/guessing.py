"""Who asks for codes that aren't there is answered no more for a while: per key, and per member that is named.

The count is in the database, so that it holds over processes and restarts, and is written outside of the request's own
transaction, which a refusal rolls back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection, transaction

from core import clock
from rewards.errors import GuessingLocked
from rewards.models import GuessCount

# So many wrong codes within so long lock for so long.
MOST = 10
WITHIN = timedelta(minutes=15)
LOCKED = timedelta(minutes=15)

_FAILED = """
INSERT INTO rewards_guesscount (subject, failures, since) VALUES (%(subject)s, 1, %(now)s)
ON CONFLICT (subject) DO UPDATE SET
    failures = CASE WHEN rewards_guesscount.since <= %(begun)s THEN 1 ELSE rewards_guesscount.failures + 1 END,
    since = CASE WHEN rewards_guesscount.since <= %(begun)s THEN %(now)s ELSE rewards_guesscount.since END,
    locked_until = CASE WHEN rewards_guesscount.since > %(begun)s AND rewards_guesscount.failures + 1 >= %(most)s
                        THEN %(until)s ELSE rewards_guesscount.locked_until END
"""


def guessers(key: str, member_id: int | None) -> list[str]:
    return [f"key:{key}", *([f"member:{member_id}"] if member_id is not None else [])]


def guessing_check(subjects: Sequence[str]) -> None:
    """GuessingLocked, with until when, while one of them is locked out; right codes aren't answered either."""
    now = clock.now()
    until = (
        GuessCount.objects.filter(subject__in=subjects, locked_until__gt=now)
        .order_by("-locked_until")
        .values_list("locked_until", flat=True)
        .first()
    )
    if until is not None:
        wait = max(1, int((until - now).total_seconds()))
        raise GuessingLocked(retry_after=wait, locked_until=until.isoformat())


def guess_failed(subjects: Sequence[str]) -> None:
    """Count a wrong code against each. Called where nothing else is being written."""
    now = clock.now()
    for subject in sorted(subjects):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                _FAILED,
                {"subject": subject, "now": now, "begun": now - WITHIN, "most": MOST, "until": now + LOCKED},
            )
