"""Conditions of when it happened: the hour and weekday, the day of the year, a day that is the member's own."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import HourMinute
from loyalty.definition.conditionbase import Check, ConditionScope
from loyalty.definition.facts import Facts
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.translation import N_, Teller

Zone = Literal["program", "member"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY_WORDS = {
    "mon": N_("Monday"),
    "tue": N_("Tuesday"),
    "wed": N_("Wednesday"),
    "thu": N_("Thursday"),
    "fri": N_("Friday"),
    "sat": N_("Saturday"),
    "sun": N_("Sunday"),
}
MonthDay = Annotated[
    str,
    Meta(
        pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$(?!\n)",
        description=N_("A day of every year, month and day."),
        examples=["12-24"],
    ),
]
MemberDay = Annotated[
    str,
    Meta(
        pattern=r"^(birth_date|joined_at|attributes\.[A-Za-z_][A-Za-z0-9_]{0,59})$(?!\n)",
        description=N_("A day of the member: birth_date, joined_at, or an attribute."),
        examples=["birth_date", "attributes.wedding_day"],
    ),
]


class TimeTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="time"):
    """When it happened by the wall clock of the program's or the member's zone.

    From from_hour up to, not including, to_hour; past midnight when from_hour is the later one, the hours after
    midnight then belong to the weekday that they lie on. weekdays empty: every day.
    """

    weekdays: tuple[Weekday, ...] = ()
    from_hour: HourMinute | None = None
    to_hour: HourMinute | None = None
    zone: Zone = "program"

    def problems(self, path: str, ground: Ground) -> Problems:
        if not self.weekdays and self.from_hour is None and self.to_hour is None:
            yield Problem(
                path, phrase("This time test holds always."), phrase("Name weekdays or hours, or leave it out.")
            )
        if self.from_hour is not None and self.from_hour == self.to_hour:
            yield Problem(
                f"{path}.to_hour", phrase("It ends when it starts."), phrase("Say a later time, or leave both out.")
            )

    def words(self, teller: Teller) -> str:
        parts = []
        if self.weekdays:
            days = [teller.say(_WEEKDAY_WORDS[day]) for day in _WEEKDAYS if day in self.weekdays]
            parts.append(teller.tell(N_("on %(days)s"), days=teller.list_or(days)))
        if self.from_hour is not None or self.to_hour is not None:
            span = {"start": self.from_hour or "00:00", "end": self.to_hour or "24:00"}
            parts.append(teller.tell(N_("between %(start)s and %(end)s"), **span))
        return " ".join(parts)

    def build(self, path: str, scope: ConditionScope) -> Check:
        days = frozenset(_WEEKDAYS.index(day) for day in self.weekdays or _WEEKDAYS)
        start, end = _minute(self.from_hour, 0), _minute(self.to_hour, 24 * 60)
        over_midnight, of_member = start > end, self.zone == "member"

        def check(facts: Facts) -> str | None:
            local = facts.member_local if of_member else facts.local
            if local.weekday() not in days:
                return path
            minute = local.hour * 60 + local.minute
            inside = (minute >= start or minute < end) if over_midnight else start <= minute < end
            return None if inside else path

        return check


class SeasonTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="season"):
    """The day lies between two days of any year, both included; over New Year when from_day is the later one."""

    from_day: MonthDay
    to_day: MonthDay
    zone: Zone = "program"

    def problems(self, path: str, ground: Ground) -> Problems:
        for name in ("from_day", "to_day"):
            text = getattr(self, name)
            if int(text[3:]) > monthrange(2024, int(text[:2]))[1]:
                yield Problem(
                    f"{path}.{name}",
                    phrase("There is no day %(text)s.", text=text),
                    phrase("Say month and day, such as 12-24."),
                )

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("from %(start)s through %(end)s of any year"), start=self.from_day, end=self.to_day)

    def build(self, path: str, scope: ConditionScope) -> Check:
        start, end, of_member = self.from_day, self.to_day, self.zone == "member"
        over_new_year = start > end

        def check(facts: Facts) -> str | None:
            day = _day_of(facts, of_member).isoformat()[5:]
            inside = (day >= start or day <= end) if over_new_year else start <= day <= end
            return None if inside else path

        return check


class AnniversaryTest(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="anniversary"
):
    """The day lies near the yearly return of a day of the member, such as their birthday.

    From days_before before it through days_after after it. 29 February returns on the 28th where there is no 29th. A
    member without such a day doesn't pass. The day itself, in its own year, counts as a return.
    """

    of: MemberDay = "birth_date"
    days_before: Annotated[int, Meta(ge=0, le=180)] = 0
    days_after: Annotated[int, Meta(ge=0, le=180)] = 0
    zone: Zone = "program"

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ()

    def words(self, teller: Teller) -> str:
        names = {"birth_date": N_("the member's birthday"), "joined_at": N_("the day of joining")}
        name = teller.say(names[self.of]) if self.of in names else self.of.partition(".")[2]
        if not self.days_before and not self.days_after:
            return teller.tell(N_("it is %(day)s"), day=name)
        return teller.tell(
            N_("from %(before)d days before %(day)s through %(after)d days after it"),
            before=self.days_before,
            day=name,
            after=self.days_after,
        )

    def build(self, path: str, scope: ConditionScope) -> Check:
        source, of_member = _member_day(self.of), self.zone == "member"
        before, after = self.days_before, self.days_after

        def check(facts: Facts) -> str | None:
            born, today = source(facts), _day_of(facts, of_member)
            if born is None:
                return path
            for year in (today.year - 1, today.year, today.year + 1):
                if year >= born.year and -before <= (today - _in_year(born, year)).days <= after:
                    return None
            return path

        return check


class MonthlyDayTest(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="monthly_day"
):
    """It is the member's own day of the month: a number from 1 to 31, or a day (YYYY-MM-DD), in an attribute of theirs.

    In a month that is too short it is the last day. A member without one doesn't pass.
    """

    of: MemberDay
    zone: Zone = "program"

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ()

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("it is the member's own day of the month (%(name)s)"), name=self.of)

    def build(self, path: str, scope: ConditionScope) -> Check:
        source, of_member = _member_day(self.of), self.zone == "member"
        name = self.of.partition(".")[2]

        def check(facts: Facts) -> str | None:
            told = facts.member.attributes.get(name) if name else None
            if type(told) is int and 1 <= told <= 31:
                wanted = told
            else:
                found = source(facts)
                if found is None:
                    return path
                wanted = found.day
            today = _day_of(facts, of_member)
            return None if today.day == min(wanted, monthrange(today.year, today.month)[1]) else path

        return check


def age_on(born: date, day: date) -> int:
    """Whole years; someone born on 29 February is a year older on the 28th where there is no 29th."""
    years = day.year - born.year
    return years if day >= _in_year(born, day.year) else years - 1


def _in_year(day: date, year: int) -> date:
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))


def _day_of(facts: Facts, of_member: bool) -> date:
    return facts.member_local.date() if of_member else facts.local_date


def _member_day(of: str) -> Callable[[Facts], date | None]:
    if of == "birth_date":
        return lambda facts: facts.member.birth_date
    if of == "joined_at":
        return lambda facts: (
            None if facts.member.joined_at is None else facts.member.joined_at.astimezone(facts.zone).date()
        )
    name = of.partition(".")[2]
    return lambda facts: read_day(facts.member.attributes.get(name))


def read_day(value: object) -> date | None:
    """A day written YYYY-MM-DD, a time of day behind it or not."""
    if not isinstance(value, str) or len(value) < 10:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def _minute(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    return int(text[:2]) * 60 + int(text[3:])
