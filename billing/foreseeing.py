"""What the uses of a period will come to at its end if it goes on like this. Pure: a forecast, never a charge."""

from __future__ import annotations

from datetime import datetime, timedelta

# Of less than this nothing can be said: one busy morning isn't a month.
SHORTEST, PART = timedelta(days=1), 10


def uses_foreseen(*, used: int, since: datetime, until: datetime, now: datetime) -> int | None:
    """So many by the end at the pace until now; None where too little of the period has passed to say, or nothing was
    used. Rounded to the nearest, never below what was used already."""
    whole, gone = until - since, now - since
    if not used or whole <= timedelta(0) or gone < max(SHORTEST, whole / PART) or now >= until:
        return None
    seconds = int(gone.total_seconds())
    return max(used, (used * int(whole.total_seconds()) + seconds // 2) // seconds)


def beyond_minor(uses: int, *, included: int, unit_minor: int) -> int:
    """What so many come to: those that are included cost nothing."""
    return max(0, uses - included) * unit_minor


def uses_within(cap_minor: int, *, included: int, unit_minor: int) -> int:
    """How many a limit lets through in a period, those that are included among them."""
    return included + cap_minor // unit_minor
