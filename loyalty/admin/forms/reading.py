"""What a browser sent, read by the shape that the form was made from: plain values of the document, errors by path.

Names of fields are paths: `p.effects.0.points`. A field that wasn't sent is left out, so it is at its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty.admin.forms import values
from loyalty.admin.forms.attributes import trigger_of, value_kind
from loyalty.admin.forms.shapes import (
    MISSING,
    Anything,
    Choice,
    Field,
    Flag,
    Group,
    Kinds,
    Local,
    Number,
    Pairs,
    Rows,
    Scalars,
    Shape,
    Text,
    fields_of,
    tag_of,
)
from loyalty.admin.forms.widgets import is_money, is_ticked

OTHER = "_other"
MOST_ROWS = 500
MOST_DEEP = 40


class Reader:
    """errors: what couldn't be read, by path. typed: the text that was typed there, to be shown again."""

    def __init__(self, sent: QueryDict, whole: Mapping[str, Any], trigger: str = "") -> None:
        self.sent = sent
        self.whole = whole
        self.trigger = trigger
        self.money = str(whole.get("program", {}).get("money_currency", "EUR"))
        self.errors: dict[str, list[str]] = {}
        self.typed: dict[str, str] = {}

    # --- structs -------------------------------------------------------------------------------------------------
    def struct(self, cls: type[Struct], path: str) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        if cls.__struct_config__.tag is not None:
            plain[str(cls.__struct_config__.tag_field)] = tag_of(cls)
        around = self.trigger
        self.trigger = trigger_of(cls, self._chosen(f"{path}.trigger")) or around
        for name, field in fields_of(cls).items():
            value = self.field(field, f"{path}.{name}", plain)
            if value is not MISSING:
                plain[name] = value
        self.trigger = around
        return plain

    def _chosen(self, path: str) -> str:
        chosen = self.sent.get(path, "")
        return self.sent.get(f"{path}.other", "").strip() if chosen == OTHER else chosen

    def field(self, field: Field, path: str, beside: Mapping[str, Any]) -> Any:
        """The field's value; MISSING when it wasn't sent or is nothing."""
        shape = field.shape
        if isinstance(shape, Group | Kinds) and field.nullable and not self._there(path):
            return MISSING if field.default is None else None
        value = self.value(shape, path, field, beside)
        if value is MISSING and field.nullable and self._sent(path):
            return None
        return value

    def _there(self, path: str) -> bool:
        return self._mark(path, "here")

    def _sent(self, path: str) -> bool:
        return path in self.sent

    def _mark(self, path: str, mark: str) -> bool:
        return mark in self.sent.get(f"{path}.~", "").split()

    # --- shapes --------------------------------------------------------------------------------------------------
    def value(self, shape: Shape, path: str, field: Field | None, beside: Mapping[str, Any]) -> Any:
        match shape:
            case Group():
                return self._group(shape.cls, path, field)
            case Kinds():
                return self._kinds(shape, path)
            case Rows():
                return self._rows(shape, path, field)
            case Pairs():
                return self._pairs(shape, path)
            case Local():
                return self._local(path)
            case Scalars():
                return self._scalars(shape, path, beside)
            case Anything():
                return self._anything(path)
            case Flag():
                return self.sent.getlist(path)[-1] == "on" if self._sent(path) else MISSING
        return self._single(shape, path, field)

    def _group(self, cls: type[Struct], path: str, field: Field | None) -> Any:
        plain = self.struct(cls, path)
        inline = field is not None and field.nullable and not self._mark(path, "kept")
        if inline and all(value in ("", None, [], {}) for value in plain.values()):
            return MISSING
        return plain

    def _kinds(self, shape: Kinds, path: str) -> Any:
        if path.count(".") > MOST_DEEP:
            return MISSING
        tag = self.sent.get(f"{path}.{shape.tag_field}", "")
        cls = shape.of({shape.tag_field: tag})
        if cls is None:
            return MISSING
        plain = self.struct(cls, path)
        was = shape.of({shape.tag_field: self.sent.get(f"{path}.{shape.tag_field}.was", "")})
        if was is not None and was is not cls:
            # Of another kind just before: what that one had by default nobody typed.
            for name, field in fields_of(was).items():
                if name in plain and not field.needed and plain[name] == field.default:
                    del plain[name]
        return plain

    def _rows(self, shape: Rows, path: str, field: Field | None) -> Any:
        if isinstance(shape.item, Text | Number) and self._mark(path, "lines"):
            return [self._line(each, shape.item, path) for each in self._lines(path)]
        if is_ticked(field, shape):
            if not self._sent(path):
                return MISSING
            ticked = [_literal(each, shape.item) for each in self.sent.getlist(path) if each != ""]
            return [*ticked, *(each for each in self._lines(f"{path}.other") if each not in ticked)]
        if f"{path}.rows" not in self.sent:
            return MISSING
        found = [self.value(shape.item, f"{path}.{at}", None, {}) for at in range(self._count(path))]
        return [each if each is not MISSING else "" for each in found]

    def _lines(self, path: str) -> list[str]:
        lines = self.sent.get(path, "").replace("\r\n", "\n").split("\n")
        return [each.strip() for each in lines if each.strip()]

    def _count(self, path: str) -> int:
        number = self.sent.get(f"{path}.rows", "0")
        return min(int(number), MOST_ROWS) if number.isascii() and number.isdecimal() else 0

    def _line(self, text: str, shape: Text | Number, path: str) -> Any:
        text = text.strip()
        if isinstance(shape, Text):
            return text
        try:
            return _number(text, shape)
        except ValueError:
            return self._wrong(path, text, _("Say numbers, one a line."))

    def _pairs(self, shape: Pairs, path: str) -> Any:
        if f"{path}.rows" not in self.sent:
            return MISSING
        found: dict[str, Any] = {}
        for at in range(self._count(path)):
            key = self.sent.get(f"{path}.{at}.key", "").strip()
            if key in found:
                self.errors.setdefault(f"{path}.{at}", []).append(_("This name stands here twice."))
                continue
            value = self.value(shape.value, f"{path}.{at}.value", None, {})
            found[key] = "" if value is MISSING else value
        return found

    def _local(self, path: str) -> Any:
        """One text as long as it is English alone and wasn't written per language before."""
        languages = [name[len(path) + 1 :] for name in self.sent if name.startswith(f"{path}.")]
        texts = {each: self._text(f"{path}.{each}") for each in languages if each != "~"}
        if not texts:
            return MISSING
        kept = {language: text for language, text in texts.items() if text or self._mark(f"{path}.{language}", "kept")}
        kept = {language: text for language, text in kept.items() if "." not in language}
        if self._mark(path, "languages"):
            return kept
        if set(kept) <= {"en"}:
            return kept.get("en", "")
        return kept

    def _text(self, path: str) -> str:
        text = self.sent.get(path, "").replace("\r\n", "\n").replace("\r", "\n")
        return text if self._mark(path, "exact") else text.strip()

    def _scalars(self, shape: Scalars, path: str, beside: Mapping[str, Any]) -> Any:
        operator = str(beside.get("operator", ""))
        if not self._sent(path):
            return MISSING
        kind = self.sent.get(f"{path}.as", "") or value_kind(beside, self.trigger, self.whole) or "text"
        if operator == "exists":
            return self.sent.get(path) == "yes"
        text = self.sent.get(path, "").replace("\r\n", "\n")
        listed = operator in values.LISTED or (not operator and self._mark(path, "list"))
        if shape.several and listed:
            return [self._scalar(each, kind, path) for each in text.split("\n") if each.strip()]
        first = text.strip().split("\n")[0] if not self._mark(path, "exact") and kind != "mixed" else text
        return self._scalar(first, kind, path)

    def _scalar(self, text: str, kind: str, path: str) -> Any:
        try:
            return values.read(text, kind, self.money)
        except ValueError:
            wanted = {"money": _("Say an amount such as 10 or 10.50.")}
            return self._wrong(path, text, wanted.get(kind, _("Say a number such as 5 or 2.5.")))

    def _anything(self, path: str) -> Any:
        kind = self.sent.get(f"{path}.as", "")
        match kind:
            case "list":
                return [self._anything(f"{path}.{at}") for at in range(self._count(path))]
            case "object":
                return self._pairs(Pairs(Text(), Anything()), path)
            case "nothing":
                return None
            case "text":
                return self._text(path)
            case "flag" | "number":
                return self._scalar(self.sent.get(path, ""), kind, path)
        return MISSING

    def _single(self, shape: Shape, path: str, field: Field | None) -> Any:
        """One input: a text, a number, a choice."""
        if not self._sent(path):
            return MISSING
        text = self._text(path)
        if text == OTHER:
            text = self.sent.get(f"{path}.other", "").strip()
            if not text:
                self.typed[path] = OTHER  # chosen, and about to be written
        if text == "":
            return self._nothing(shape, path, field)
        if isinstance(shape, Choice):
            return _literal(text, shape)
        if not isinstance(shape, Number):
            return text
        try:
            return values.money_read(text, self._money(path)) if is_money(field, shape) else _number(text, shape)
        except (ValueError, InvalidOperation):
            return self._wrong(
                path, text, _("Say an amount such as 25.00.") if is_money(field, shape) else _wanted(shape)
            )

    def _money(self, path: str) -> str:
        """The money of an amount: what stands beside it, or the program's."""
        beside = f"{path.rpartition('.')[0]}.money_currency"
        own = self.sent.get(beside, "").strip()
        return (self.sent.get(f"{beside}.other", "").strip() if own == OTHER else own) or self.money

    def _nothing(self, shape: Shape, path: str, field: Field | None) -> Any:
        if field is not None and field.nullable:
            return None
        if isinstance(shape, Text) and field is not None and not field.needed:
            return "" if field.default == "" or self._mark(path, "empty") else MISSING
        if isinstance(shape, Text) and self._mark(path, "empty"):
            return ""
        if field is not None and field.needed:
            self.errors.setdefault(path, []).append(_("Fill this in."))
        return MISSING

    def _wrong(self, path: str, text: str, message: str) -> str:
        self.typed[path] = text
        self.errors.setdefault(path, []).append(message)
        return text


def _literal(text: str, shape: Shape) -> Any:
    """A choice by its text: the choices needn't be texts."""
    if isinstance(shape, Choice):
        return next((each for each in shape.values if str(each) == text), text)
    if isinstance(shape, Number):
        try:
            return _number(text, shape)
        except ValueError:
            return text
    return text


def _number(text: str, shape: Number) -> Any:
    plain = text.replace(" ", "").replace("\u00a0", "")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    if shape.kind == "int":
        return int(plain)
    if shape.kind == "float":
        return float(plain)
    number = Decimal(plain)
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise ValueError(text)
    return str(number)


def _wanted(shape: Number) -> str:
    if shape.kind != "int":
        return _("Say a number such as 5 or 2.5.")
    if shape.low is not None and shape.high is not None:
        return _("Say a whole number from %(low)d up to %(high)d.") % {"low": shape.low, "high": shape.high}
    return _("Say a whole number.")
