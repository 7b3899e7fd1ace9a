"""Programs and people of the tests about points that are held, given, waiting or running out."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

import pytest

from core import clock
from loyalty.models import Enrollment, PointsAccount, PointsLot
from tests.loyalty import shop


class Time:
    """The domain clock in the test's hands."""

    def __init__(self, patch: pytest.MonkeyPatch, text: str) -> None:
        self.now = datetime.fromisoformat(text)
        patch.setattr(clock, "now", lambda: self.now)

    def set(self, text: str) -> None:
        self.now = datetime.fromisoformat(text)


def document(**currency: Any) -> dict[str, Any]:
    """The shop's program, its currency with these settings besides."""
    made = copy.deepcopy(shop.DOCUMENT)
    made["currencies"][0].update(currency)
    return made


def account(place: Enrollment, currency: str = "points") -> PointsAccount:
    return PointsAccount.objects.get(enrollment=place, currency=currency)


def totals(place: Enrollment, *names: str) -> tuple[int, ...]:
    row = account(place)
    return tuple(getattr(row, name) for name in names or ("balance", "pending", "reserved", "debt"))


def lots(place: Enrollment) -> list[PointsLot]:
    return list(PointsLot.objects.filter(account__enrollment=place).order_by("entry_id"))
