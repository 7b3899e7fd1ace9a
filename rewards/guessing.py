"""Who asks for codes that aren't there is answered no more for a while: per place that a partner names, per member
that is named, and, at a higher number, per key, so that naming ever new places helps nobody to guess.

The count is in the database, so that it holds over processes and restarts, and is written outside of the request's own
transaction, which a refusal rolls back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta

from django.db import connection, transaction

from core import clock
from rewards.errors import GuessingLocked
from rewards.models import GuessCount

# So many wrong codes within so long lock for so long; of a key as a whole, over all that it names.
MOST = 10
MOST_OF_A_KEY = 100
WITHIN = timedelta(minutes=15)
LOCKED = timedelta(minutes=15)

# Subject → how many wrong codes lock it.
Guessers = Mapping[str, int]

_FAILED = """
INSERT INTO rewards_guesscount (subject, failures, since) VALUES (%(subject)s, 1, %(now)s)
ON CONFLICT (subject) DO UPDATE SET
    failures = CASE WHEN rewards_guesscount.since <= %(begun)s THEN 1 ELSE rewards_guesscount.failures + 1 END,
    since = CASE WHEN rewards_guesscount.since <= %(begun)s THEN %(now)s ELSE rewards_guesscount.since END,
    locked_until = CASE WHEN rewards_guesscount.since > %(begun)s AND rewards_guesscount.failures + 1 >= %(most)s
                        THEN %(until)s ELSE rewards_guesscount.locked_until END
"""


def guessers(key: str, member_id: int | None, source: str = "") -> dict[str, int]:
    """Against whom a wrong code of this request counts. source: where the partner says that it was typed.

    What names neither a source nor a member counts together, as one place.
    """
    found = {f"key:{key}": MOST_OF_A_KEY}
    if source or member_id is None:
        # A name may be a customer's: it is told apart, and not kept.
        place = hashlib.sha256(source.encode()).hexdigest()[:32] if source else "unnamed"
        found[f"place:{key}:{place}"] = MOST
    if member_id is not None:
        found[f"member:{member_id}"] = MOST
    return found


def guessing_check(subjects: Guessers) -> None:
    """GuessingLocked, with until when, while one of them is locked out; right codes aren't answered either."""
    now = clock.now()
    until = (
        GuessCount.objects.filter(subject__in=list(subjects), locked_until__gt=now)
        .order_by("-locked_until")
        .values_list("locked_until", flat=True)
        .first()
    )
    if until is not None:
        wait = max(1, int((until - now).total_seconds()))
        raise GuessingLocked(retry_after=wait, locked_until=until.isoformat())


def guess_failed(subjects: Guessers) -> None:
    """Count a wrong code against each. Called where nothing else is being written."""
    now = clock.now()
    for subject, most in sorted(subjects.items()):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                _FAILED,
                {"subject": subject, "now": now, "begun": now - WITHIN, "most": most, "until": now + LOCKED},
            )


def guesses_forget() -> int:
    """Remove what counts no more and locks no more. How many."""
    now = clock.now()
    over = GuessCount.objects.filter(since__lte=now - WITHIN).exclude(locked_until__gt=now)
    return over.delete()[0]
