"""Dates that repeat: by the wall clock, on the last day of short months, as often as they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.definition.problems import Ground
from loyalty.definition.read import document_decode
from rewards.benefits.checks import section_problems
from rewards.benefits.definition import Benefit, BenefitsSection, Invitation, Moment
from rewards.benefits.repeating import dates_from
from tests.loyalty import shop

ZONE = ZoneInfo("Europe/Amsterdam")


def dates(since: str, n: int = 4, **fields: Any) -> list[str]:
    moment = Moment(name="x", **{"starts_at": "2026-01-31T16:00", **fields})
    return [f"{each.at:%Y-%m-%d}" for each in islice(dates_from(moment, ZONE, instant(since)), n)]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("repeats", "since", "found"),
    [
        (None, "2026-01-01T00:00", ["2026-01-31"]),
        (None, "2026-02-01T00:00", []),
        ("week", "2026-01-01T00:00", ["2026-01-31", "2026-02-07", "2026-02-14", "2026-02-21"]),
        ("week", "2026-02-07T16:00", ["2026-02-07", "2026-02-14", "2026-02-21", "2026-02-28"]),
        ("week", "2026-02-07T16:01", ["2026-02-14", "2026-02-21", "2026-02-28", "2026-03-07"]),
        ("month", "2026-02-15T00:00", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("quarter", "2029-06-01T00:00", ["2029-07-31", "2029-10-31", "2030-01-31", "2030-04-30"]),
        ("year", "2027-02-01T00:00", ["2028-01-31", "2029-01-31", "2030-01-31", "2031-01-31"]),
    ],
)
def test_it_is_there_again_each_period_and_never_when_it_is_over(
    repeats: str | None, since: str, found: list[str]
) -> None:
    assert dates(since, repeats=repeats) == found


def test_it_ends_after_as_often_as_it_says() -> None:
    assert dates("2026-01-01T00:00", repeats="month", times=3) == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert dates("2026-03-01T00:00", repeats="month", times=3) == ["2026-03-31"]
    assert dates("2026-04-01T00:00", repeats="month", times=3) == []


def test_one_that_still_runs_is_there_however_long_ago_it_began() -> None:
    long = {"starts_at": "2026-01-05T09:00", "ends_at": "2026-02-20T09:00", "repeats": "month"}
    assert dates("2026-03-20T00:00", 2, **long) == ["2026-02-05", "2026-03-05"]


def test_four_in_the_afternoon_is_so_in_summer_and_in_winter() -> None:
    moment = Moment(name="x", starts_at="2026-03-15T16:00", ends_at="2026-03-15T18:00", repeats="month")
    march, april = islice(dates_from(moment, ZONE, instant("2026-03-01T00:00")), 2)
    assert (march.starts_at, april.starts_at) == (
        datetime(2026, 3, 15, 15, tzinfo=UTC),
        datetime(2026, 4, 15, 14, tzinfo=UTC),
    )
    assert [each.over_at - each.starts_at for each in (march, april)] == [timedelta(hours=2)] * 2


def test_how_often_without_that_it_repeats_is_refused() -> None:
    moment = Moment(name="x", starts_at="2026-01-31T16:00", times=3)
    section = BenefitsSection(benefits=(Benefit(code="x", name="X", gives=Invitation(), moments=(moment,)),))
    [problem] = section_problems(section, "s", Ground(document_decode(shop.DOCUMENT)))
    assert problem.path == "s.benefits[0].moments[0].times"
