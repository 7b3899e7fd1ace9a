"""Domain time, from one source.

Everything that decides by time (events, expiry, tier windows, job runs) asks `now()`; SQL gets it as a parameter.
A brand's clock can be moved in the demo and in tests; sessions and signatures stay on wall time and never ask here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.conf import settings

_shift_of_current_brand: Callable[[], timedelta] | None = None


def provide_shift(provider: Callable[[], timedelta]) -> None:
    """Called once by the room that knows brands: how far the current brand's clock stands from the wall's."""
    global _shift_of_current_brand
    _shift_of_current_brand = provider


def now() -> datetime:
    """The current brand's time, aware, in UTC."""
    wall = datetime.now(UTC)
    if settings.CLOCK_MOVABLE and _shift_of_current_brand is not None:
        return wall + _shift_of_current_brand()
    return wall
