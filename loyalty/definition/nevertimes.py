"""Times that a rule asks for and that no moment has: hours, weekdays, days of the year, and its own schedule."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from loyalty.definition.conditions import Condition, SeasonTest, TimeTest
from loyalty.definition.neverwords import Placed, apart, either
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problems
from loyalty.definition.rule import Schedule

_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Every day that a year may have, as it is written in a season.
_YEAR = tuple(f"{date(2024, 1, 1) + timedelta(days=n):%m-%d}" for n in range(366))


def times_problems(
    tests: list[tuple[str, Condition]], schedule: Schedule | None, path: str, ground: Ground
) -> Problems:
    """tests: those that must hold all at once. schedule: the rule's, by the program's clock; path: its place.
    Tests by the member's own clock are held to each other alone."""
    for zone in ("program", "member"):
        span = _span(schedule) if zone == "program" else None
        weeks = [(here, each) for here, each in tests if isinstance(each, TimeTest) and each.zone == zone]
        week = _week_of(span) if weeks else None
        if week is not None or len(weeks) > 1:
            given = [] if week is None or schedule is None else [((path, schedule), week)]
            yield from _left([*given, *(((here, each), _minutes(each)) for here, each in weeks)], ground)
        seasons = [(here, each) for here, each in tests if isinstance(each, SeasonTest) and each.zone == zone]
        year = _year_of(span) if seasons else None
        if year is not None or len(seasons) > 1:
            given = [] if year is None or schedule is None else [((path, schedule), year)]
            yield from _left([*given, *(((here, each), _days(each)) for here, each in seasons)], ground)


def _left(asked: list[tuple[Placed, frozenset[int]]], ground: Ground) -> Problems:
    """Tell of the first test that leaves no time of those that the ones before it have."""
    left: frozenset[int] | None = None
    for index, (this, times) in enumerate(asked):
        if left is not None and not left & times:
            before = asked[:index]
            others = next(([each] for each, other in before if not other & times), [each for each, _ in before])
            outside = any(isinstance(each, Schedule) for _place, each in others)
            yield apart(this, others, ground, phrase("Change one of the two.") if outside else either())
            return
        left = times if left is None else left & times


def _minutes(test: TimeTest) -> frozenset[int]:
    """Minutes of the week."""
    start, end = _minute(test.from_hour, 0), _minute(test.to_hour, _DAY)
    hours = range(start, end) if start < end else (*range(end), *range(start, _DAY))
    days = [_WEEKDAYS.index(each) for each in test.weekdays or _WEEKDAYS]
    return frozenset(day * _DAY + minute for day in days for minute in hours)


def _days(test: SeasonTest) -> frozenset[int]:
    start, end = test.from_day, test.to_day
    return frozenset(
        number
        for number, day in enumerate(_YEAR)
        if (start <= day <= end if start <= end else day >= start or day <= end)
    )


def _minute(text: str | None, otherwise: int) -> int:
    return otherwise if text is None else int(text[:2]) * 60 + int(text[3:])


def _span(schedule: Schedule | None) -> tuple[datetime, datetime] | None:
    """From when until when, for a schedule with two good ends."""
    if schedule is None or schedule.starts_at is None or schedule.ends_at is None:
        return None
    try:
        start, end = datetime.fromisoformat(schedule.starts_at), datetime.fromisoformat(schedule.ends_at)
    except ValueError:
        return None
    return (start, end) if start < end else None


def _week_of(span: tuple[datetime, datetime] | None) -> frozenset[int] | None:
    """The minutes of the week within; None where all are."""
    if span is None or span[1] - span[0] >= timedelta(days=7):
        return None
    first = span[0].weekday() * _DAY + span[0].hour * 60 + span[0].minute
    length = int((span[1] - span[0]).total_seconds() // 60)
    return frozenset((first + minute) % _WEEK for minute in range(length))


def _year_of(span: tuple[datetime, datetime] | None) -> frozenset[int] | None:
    if span is None or span[1] - span[0] >= timedelta(days=366):
        return None
    last = span[1] - timedelta(minutes=1)
    length = (last.date() - span[0].date()).days + 1
    return frozenset(_YEAR.index(f"{span[0] + timedelta(days=n):%m-%d}") for n in range(length))
