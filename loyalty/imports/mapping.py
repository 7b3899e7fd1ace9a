"""From a row of a CSV to the object that a line of NDJSON would hold: which column is what, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Named
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from core.errors import InvalidInput
from core.expected import expected
from loyalty.definition.basics import money_digits
from loyalty.imports.cells import moment_read, money_read, number_read, whole_read
from loyalty.imports.fields import LINES, OWN, field_guess, fields_of
from loyalty.imports.refusals import ColumnsUnclear
from loyalty.payloads import MAX_TEXT, ORDER_PAID, ORDER_RETURNED, path_of

_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}\b")
Title = Annotated[str, Meta(min_length=1, max_length=200)]


class Mapping(Struct, kw_only=True, forbid_unknown_fields=True):
    """fields: field → title of its column. constants: field → what every row has. numbers: those of `data.` that are.

    money: minor (whole numbers of cents), decimal_point (1234.50) or decimal_comma (1234,50). dates: iso, dmy, mdy.
    time_zone: of moments without an offset. delimiter: null for the file's own.
    """

    fields: dict[Title, Title]
    constants: dict[Title, Title] = {}
    numbers: list[Title] = []
    money: Literal["minor", "decimal_point", "decimal_comma"] = "minor"
    dates: Literal["iso", "dmy", "mdy"] = "iso"
    time_zone: Annotated[str, Meta(max_length=60)] = "UTC"
    delimiter: Literal[",", ";", "\t", "|"] | None = None


def mapping_read(given: Any, *, kind: str, columns: Sequence[str]) -> Mapping:
    """A mapping, checked against the fields there are and the file's columns. ColumnsUnclear names what is wrong."""
    try:
        mapping = msgspec.convert(given, Mapping, strict=True)
    except msgspec.ValidationError as error:
        raise ColumnsUnclear(expected(error, Mapping), field=path_of(error, "mapping")) from error
    known = fields_of(kind)
    for field in (*mapping.fields, *mapping.constants):
        own = kind == "events" and field.startswith(OWN) and len(field) > len(OWN)
        if field not in known and not own:
            raise ColumnsUnclear(
                _("There is no field “%(field)s”.") % {"field": field[:80]},
                field="mapping",
                hint=_("Use one of: %(fields)s.") % {"fields": ", ".join(known)},
            )
    for title in mapping.fields.values():
        if title not in columns:
            raise ColumnsUnclear(
                _("The file has no column “%(title)s”.") % {"title": title[:80]},
                field="mapping",
                hint=_("It has: %(titles)s.") % {"titles": ", ".join(columns)[:1000]},
            )
    _zone_of(mapping)
    _enough(mapping, kind)
    return mapping


def _zone_of(mapping: Mapping) -> ZoneInfo:
    try:
        return ZoneInfo(mapping.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        words = _("There is no time zone “%(zone)s”.") % {"zone": mapping.time_zone}
        raise ColumnsUnclear(words, field="mapping") from error


def _enough(mapping: Mapping, kind: str) -> None:
    told = {*mapping.fields, *mapping.constants}
    if kind == "members":
        if not told & {"external_id", "email", "phone"}:
            raise ColumnsUnclear(_("No column says who the member is: external_id, email or phone."), field="mapping")
        return
    for field, words in (
        ("id", _("No column is the event's id. An order's number will do.")),
        ("type", _("Nothing says of what type the events are.")),
        ("occurred_at", _("No column says when it happened.")),
    ):
        if field not in told:
            raise ColumnsUnclear(words, field="mapping")
    if "id" in mapping.constants:
        raise ColumnsUnclear(_("Every event needs an id of its own, so it must be a column."), field="mapping")


def mapping_guess(columns: Sequence[str], *, kind: str, sample: Sequence[Sequence[str]] = ()) -> dict[str, Any]:
    """What the columns' names and the first rows suggest, to be looked over by a person."""
    fields: dict[str, str] = {}
    for title in columns:
        field = field_guess(title, kind)
        if field is not None:
            fields.setdefault(field, title)
    constants: dict[str, str] = {}
    if kind == "events":
        if "id" not in fields and "order.number" in fields:
            fields["id"] = fields["order.number"]
        if "type" not in fields:
            returns = any(field.startswith("return.") for field in fields)
            constants["type"] = ORDER_RETURNED if returns and "order.number" not in fields else ORDER_PAID
    money = [columns.index(title) for field, title in fields.items() if fields_of(kind).get(field) == "money"]
    return {"fields": fields, "constants": constants, "money": _money_guess(sample, money)}


def _money_guess(sample: Sequence[Sequence[str]], places: Sequence[int]) -> str:
    cells = [row[at] for row in sample for at in places if at < len(row)]
    last = [max(cell.rfind(","), cell.rfind(".")) for cell in cells]
    marks = {cell[at] for cell, at in zip(cells, last, strict=True) if at >= 0}
    return {",": "decimal_comma", ".": "decimal_point"}.get(marks.pop(), "minor") if len(marks) == 1 else "minor"


def dates_guess(cells: Iterable[str]) -> str:
    """How the days of these cells are written. Where both fit, days first: a person looks it over."""
    found = [day for cell in cells if (day := _DAY_FIRST.match(cell.strip()))]
    if not found:
        return "iso"
    return "mdy" if any(int(day[2]) > 12 for day in found) and all(int(day[1]) <= 12 for day in found) else "dmy"


class Columns:
    """A mapping at work on the file's columns."""

    def __init__(self, mapping: Mapping, titles: Sequence[str], kind: str) -> None:
        self.mapping, self.kind = mapping, kind
        self.width = len(titles)
        self.zone = _zone_of(mapping)
        known = fields_of(kind)
        # (field, title, place in the row, how to read it)
        self.places = [
            (field, title, titles.index(title), known.get(field, "own")) for field, title in mapping.fields.items()
        ]

    @cached_property
    def has_lines(self) -> bool:
        return any(field.startswith(LINES) for field in self.mapping.fields)

    def id_of(self, cells: Sequence[str]) -> str:
        """What names the row, to group lines of one order and to tell of it; "" when it has none."""
        wanted = "id" if self.kind == "events" else "external_id"
        return next((cells[at].strip() for field, _t, at, _k in self.places if field == wanted and at < len(cells)), "")

    def body(self, rows: Sequence[Sequence[str]]) -> dict[str, Any]:
        """The object of one event or member; several rows are the lines of one order. InvalidInput names the column."""
        first, lines = rows[0], []
        values = self._values(first)
        if self.has_lines:
            for row in rows:
                found = self._values(row)
                line = {name: value for name, value in found.items() if name.startswith(LINES)}
                if _without_lines(found) != _without_lines(values):
                    raise InvalidInput(_("Rows of one id differ in more than their lines."), field="id")
                if line:
                    lines.append({name.removeprefix(LINES): value for name, value in line.items()})
        if self.kind == "members":
            return values
        return _event(_without_lines(values), lines)

    def _values(self, cells: Sequence[str]) -> dict[str, Any]:
        if len(cells) != self.width:
            words = _("The row has %(found)d cells, the first line has %(wanted)d.")
            raise InvalidInput(words % {"found": len(cells), "wanted": self.width})
        told: dict[str, str] = dict(self.mapping.constants)
        titles = {field: field for field in told}
        kinds = {field: fields_of(self.kind).get(field, "own") for field in told}
        for field, title, at, kind in self.places:
            cell = cells[at].strip()
            if cell:
                told[field], titles[field], kinds[field] = cell, title, kind
        digits = money_digits(told.get("order.currency", "EUR"))
        return {field: self._value(text, kinds[field], field, titles[field], digits) for field, text in told.items()}

    def _value(self, text: str, kind: str, field: str, title: str, digits: int) -> Any:
        if len(text) > MAX_TEXT:
            raise InvalidInput(_("This text is longer than %(n)d characters.") % {"n": MAX_TEXT}, field=title)
        if kind == "money":
            return money_read(text, way=self.mapping.money, digits=digits, field=title)
        if kind == "whole":
            return whole_read(text, field=title)
        if kind == "moment":
            return moment_read(text, way=self.mapping.dates, zone=self.zone, field=title)
        if kind == "list":
            return [each.strip() for each in text.split("|") if each.strip()]
        if kind == "own" and field in self.mapping.numbers:
            return number_read(text, field=title)
        return text


def _without_lines(values: Named[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not name.startswith(LINES)}


def _event(values: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The envelope. A member's columns that are empty make a guest of it."""
    event: dict[str, Any] = {name: values[name] for name in ("id", "type", "occurred_at", "program") if name in values}
    named = {name: values[f"member.{name}"] for name in ("external_id", "email") if f"member.{name}" in values}
    event["member"] = values.get("member") or named or None
    payload: dict[str, Any] = {}
    sections = {ORDER_PAID: ("order",), ORDER_RETURNED: ("return",)}.get(event.get("type", ""), ())
    for section in sections:
        body = {name[len(section) + 1 :]: value for name, value in values.items() if name.startswith(f"{section}.")}
        if section == "order" and lines:
            body["lines"] = lines
        if section == "return":
            body.setdefault("order", None)
        payload[section] = body
    for name, value in values.items():
        if name.startswith(OWN):
            payload[name.removeprefix(OWN)] = value
    event["data"] = payload
    return event
