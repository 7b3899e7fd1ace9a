"""The typed values of conditions as they are typed and shown: texts, numbers, days, yes or no, amounts of money."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from loyalty.definition.basics import money_digits

# How a value is written: text, number, flag and day are types; money is a number in the money's own units; mixed is a
# list of several types, texts in double quotes.
KINDS = ("text", "number", "flag", "day", "money", "mixed")
LISTED = ("in", "not_in")


def kind_of(value: Any, known: str = "") -> str:
    """How to write the value. known: what the attribute is, "" when nobody knows; followed when the value fits."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    if known and all(_fits(each, known) for each in values):
        return known
    kinds = {_kind(each) for each in values}
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "text"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    text = str(value)
    return "mixed" if text != text.strip() or "\n" in text or not text else "text"


def _fits(value: Any, kind: str) -> bool:
    if kind == "money":
        return type(value) is int
    if kind == "day":
        return isinstance(value, str) and value == value.strip() and "\n" not in value
    return _kind(value) == kind


def shown(value: Any, kind: str, currency: str) -> str:
    """A value as it stands in its field; a list with one a line."""
    if isinstance(value, list | tuple):
        return "\n".join(shown(each, kind, currency) for each in value)
    if kind == "money" and type(value) is int:
        return money_shown(value, currency)
    if kind == "mixed" and isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if isinstance(value, float) else str(value)


def read(text: str, kind: str, currency: str) -> Any:
    """What was typed; a text that isn't what it should be stays a text, and ValueError tells of it."""
    if kind == "flag":
        return text.strip().lower() not in ("", "no", "false", "nee", "0")
    if kind == "money":
        return money_read(text, currency)
    if kind == "number":
        return number_read(text)
    if kind == "mixed":
        return _mixed(text)
    return text.strip()


def number_read(text: str) -> int | float:
    """A whole number or one with a decimal sign, which may be a comma. ValueError."""
    text = text.strip().replace(",", ".") if text.count(",") == 1 and "." not in text else text.strip()
    try:
        return int(text)
    except ValueError:
        return float(text)


def _mixed(text: str) -> Any:
    text = text.strip()
    if text.startswith('"'):
        found = json.loads(text)
        if not isinstance(found, str):
            raise ValueError(text)
        return found
    if text.lower() in ("yes", "no", "ja", "nee", "true", "false"):
        return text.lower() in ("yes", "ja", "true")
    try:
        return number_read(text)
    except ValueError:
        return text


def money_shown(minor: int, currency: str) -> str:
    """1050 of EUR is 10.50; as a field of a browser takes it, without signs between thousands."""
    digits = money_digits(currency)
    return format(Decimal(minor).scaleb(-digits), "f")


def money_read(text: str, currency: str) -> int:
    """10.5 or 10,50 of EUR is 1050. ValueError for what is no amount or has too many digits."""
    plain = text.strip().replace(",", ".") if text.count(",") == 1 and "." not in text else text.strip()
    try:
        amount = Decimal(plain).scaleb(money_digits(currency))
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not amount.is_finite() or amount != amount.to_integral_value() or abs(amount) > 10**18:
        raise ValueError(text)
    return int(amount)
