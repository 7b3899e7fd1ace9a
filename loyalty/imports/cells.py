"""What stands in a cell of a CSV, read strictly: money, whole numbers, moments. Pure: no clock, no database."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from core.errors import InvalidInput

# Of each way to write money: the form, the mark of thousands, the mark of decimals.
MONEY = {
    "decimal_point": (re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?", re.ASCII), ",", "."),
    "decimal_comma": (re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?", re.ASCII), ".", ","),
}
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,15}([.,]\d{1,9})?", re.ASCII)
_DATE = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)


def money_read(text: str, *, way: str, digits: int, field: str) -> int:
    """Minor units. way: minor (whole numbers), decimal_point or decimal_comma. digits: decimals of the currency."""
    if way == "minor":
        return whole_read(text, field=field)
    form, thousands, mark = MONEY[way]
    if form.fullmatch(text) is None:
        example = "1234,50" if mark == "," else "1234.50"
        words = _("“%(text)s” is no amount. Write it as %(example)s.")
        raise InvalidInput(words % {"text": text[:40], "example": example}, field=field)
    minor = Decimal(text.replace(thousands, "").replace(mark, ".")).scaleb(digits)
    if minor != minor.to_integral_value() or abs(minor) > 10**15:
        words = _("“%(text)s” has more decimals than the currency.")
        raise InvalidInput(words % {"text": text[:40]}, field=field)
    return int(minor)


def whole_read(text: str, *, field: str) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise InvalidInput(_("“%(text)s” is no whole number.") % {"text": text[:40]}, field=field)
    return int(text)


def number_read(text: str, *, field: str) -> int | float:
    """A number of an event of one's own: whole where it is."""
    if _NUMBER.fullmatch(text) is None:
        raise InvalidInput(_("“%(text)s” is no number.") % {"text": text[:40]}, field=field)
    value = float(text.replace(",", "."))
    return int(value) if value.is_integer() else value


def moment_read(text: str, *, way: str, zone: ZoneInfo, field: str) -> str:
    """A moment in ISO 8601 with its offset. way: iso, dmy or mdy. One without an offset is local to the zone."""
    try:
        found = datetime.fromisoformat(text) if way == "iso" else _by_order(text, way)
    except ValueError as error:
        example = {"iso": "2026-01-31 14:05", "dmy": "31-01-2026 14:05", "mdy": "01/31/2026 14:05"}[way]
        words = _("“%(text)s” is no date and time. Write it as %(example)s.")
        raise InvalidInput(words % {"text": text[:40], "example": example}, field=field) from error
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).isoformat()


def _by_order(text: str, way: str) -> datetime:
    parts = _DATE.fullmatch(text)
    if parts is None:
        raise ValueError(text)
    first, second, year = int(parts[1]), int(parts[2]), int(parts[3])
    day, month = (first, second) if way == "dmy" else (second, first)
    clock = f"{int(parts[4] or 0):02d}:{int(parts[5] or 0):02d}:{int(parts[6] or 0):02d}"
    return datetime.fromisoformat(f"{year:04d}-{month:02d}-{day:02d}T{clock}")
