"""Where a member's life in a replay begins, and the months that it is told by."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from loyalty.definition.expiry import end_of_period
from loyalty.reading import Account, Place, Standing
from loyalty.rules.dates import day_start
from loyalty.versions import ProgramState


def place_begin(state: ProgramState, enrolled_at: datetime, accounts: list[Account]) -> Place:
    """A place on the day of enrollment: the lowest tier of every ladder, nothing counted yet."""
    ladders = state.at(enrolled_at).ladders.values()
    standings = [Standing(each.code, each.tiers[0].code, enrolled_at, None, "enrolled") for each in ladders]
    return Place(
        id=1,
        program_id=state.id,
        version=0,
        enrolled_at=enrolled_at,
        accounts=accounts,
        standings=standings,
        moves=[],
        counters={},
    )


@lru_cache(maxsize=1024)
def month_of(year: int, month: int, zone: ZoneInfo) -> tuple[datetime, str]:
    """When the month ends there, and its name."""
    last = end_of_period(date(year, month, 1), "month")
    return day_start(last + timedelta(days=1), zone), f"{year:04}-{month:02}"
