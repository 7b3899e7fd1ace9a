"""The benefits calendar: what happens when, for members, for the team, and as a file for people's own calendars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import msgspec

from core import clock
from loyalty.definition.basics import LocalText
from loyalty.definition.translation import text_in
from loyalty.models import Program
from loyalty.selectors import Place, program_now, program_of
from rewards.benefits.holding import benefits_held
from rewards.benefits.plan import PlannedBenefit, benefit_plan
from rewards.benefits.repeating import Dated

# How long what is over stays in the calendar, and how far ahead what repeats is in it.
PAST, AHEAD = timedelta(days=31), timedelta(days=366)
REACH = PAST + AHEAD


class CalendarDate(msgspec.Struct, frozen=True):
    """One entry, on the wall clock of the program. ends_at None: no end is told. uid: the same on each reading."""

    uid: str
    benefit: LocalText
    icon: str
    name: LocalText
    description: LocalText
    place: LocalText
    link: str
    starts_at: datetime
    ends_at: datetime | None
    program: str
    given: bool = True

    @property
    def month(self) -> date:
        return self.starts_at.date().replace(day=1)


def member_dates(place: Place) -> list[CalendarDate]:
    """Of the benefits that the member holds, from a month ago on, in order."""
    program = program_of(place)
    held = benefits_held(place)
    since = clock.now() - PAST
    found = [
        _date(each.planned, one, program.zone, "") for each in held for one in each.planned.dates_from(since, REACH)
    ]
    return sorted(found, key=lambda each: (each.starts_at, each.uid))


def program_dates() -> list[CalendarDate]:
    """Of all benefits of all programs as they are published, given now or not, from a month ago on."""
    since, found = clock.now() - PAST, []
    for program in Program.objects.filter(archived_at__isnull=True, stamp__gt=0):
        compiled = program_now(program.pk)
        name = text_in(compiled.document.program.name, "en")
        for each in benefit_plan(compiled).benefits.values():
            found += [_date(each, one, compiled.zone, name) for one in each.dates_from(since, REACH)]
    return sorted(found, key=lambda each: (each.starts_at, each.uid))


def _date(planned: PlannedBenefit, dated: Dated, zone: ZoneInfo, program: str) -> CalendarDate:
    benefit, moment = planned.benefit, dated.moment
    return CalendarDate(
        uid=f"{benefit.code}-{dated.at.isoformat(timespec='minutes') if moment.repeats else moment.starts_at}",
        benefit=benefit.name,
        icon=benefit.icon,
        name=moment.name,
        description=moment.description,
        place=moment.place,
        link=moment.link,
        starts_at=dated.starts_at.astimezone(zone),
        ends_at=dated.ends_at.astimezone(zone) if dated.ends_at is not None else None,
        program=program,
        given=benefit.enabled,
    )


def months_of(dates: Sequence[CalendarDate]) -> list[tuple[date, list[CalendarDate]]]:
    """By month, in order."""
    return [(month, list(each)) for month, each in groupby(dates, key=lambda one: one.month)]


def calendar_file(dates: Iterable[CalendarDate], *, name: str, host: str, language: str) -> str:
    """The dates as iCalendar (RFC 5545), which any calendar reads."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Stamgast//Benefits//EN", f"X-WR-CALNAME:{_escaped(name)}"]
    stamp = _utc(clock.now())
    for each in dates:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(each.uid)}@{host}",
            f"DTSTAMP:{stamp}",
            f"DTSTART:{_utc(each.starts_at)}",
            *([f"DTEND:{_utc(each.ends_at)}"] if each.ends_at is not None else []),
            f"SUMMARY:{_escaped(text_in(each.name, language))}",
            f"CATEGORIES:{_escaped(text_in(each.benefit, language))}",
            *_told("DESCRIPTION", text_in(each.description, language)),
            *_told("LOCATION", text_in(each.place, language)),
            *([f"URL:{each.link if '://' in each.link else f'https://{host}{each.link}'}"] if each.link else []),
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _told(name: str, text: str) -> list[str]:
    return [f"{name}:{_escaped(text)}"] if text else []


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> str:
    """No line is longer than 75 octets; the next one begins with a space. Never within a character."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > 74:
            parts.append(part)
            part = ""
        part += character
    return "\r\n ".join([*parts, part])
