"""Distances on the earth, and how fast somebody would have had to travel. Pure: degrees in, meters out."""

from __future__ import annotations

from datetime import timedelta
from math import asin, ceil, cos, isfinite, radians, sin, sqrt

EARTH_M = 6_371_008.8
# A distance is kept to ten meters up to here; beyond, only that it was at least so far.
FAR_M, STEP_M = 5_000, 10


def distance_m(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Along the surface, by the haversine formula; within half a per cent of the truth, which is no sphere."""
    one, two = radians(latitude), radians(other_latitude)
    across = sin((two - one) / 2) ** 2
    along = cos(one) * cos(two) * sin(radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(across + along)))


def on_earth(latitude: float, longitude: float) -> bool:
    return isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180


def within(distance: float, *, radius_m: int, accuracy_m: float, slack_m: int) -> bool:
    """Near enough: of the position's own uncertainty, slack_m at most counts in the member's favour."""
    return distance <= radius_m + min(accuracy_m, slack_m)


def speed_kmh(distance: float, took: timedelta) -> float:
    """Infinite for a distance in no time; 0 for no distance."""
    seconds = took.total_seconds()
    if distance <= 0:
        return 0.0
    return float("inf") if seconds <= 0 else distance / seconds * 3.6


def rounded_m(distance: float) -> int:
    """What is kept of a distance: it must not tell where somebody is who isn't at the place."""
    return FAR_M if distance >= FAR_M else ceil(distance / STEP_M) * STEP_M
