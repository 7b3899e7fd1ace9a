"""JSON as strict as what is behind it: every reader must see the same document, and the database be able to hold it.

Beyond the grammar this refuses duplicate keys, NaN, Infinity, numbers beyond a double or 64 bits, NUL characters,
lone surrogates and deep nesting, and says where. The grammar's errors name line and column, the others a path.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import DomainError

MAX_DEPTH = 32
PLAIN_BYTES = 64 * 1024
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


class MalformedBody(DomainError):
    code, status = "malformed_body", 400
    title = gettext_lazy("The body can't be read.")
    hint = gettext_lazy("Send JSON in UTF-8 as RFC 8259 has it.")


class DuplicateKey(MalformedBody):
    code = "duplicate_key"
    title = gettext_lazy("An object has the same key twice.")
    hint = gettext_lazy("Two readers could take different ones: send each key once.")


class NumberOutOfRange(MalformedBody):
    code = "number_out_of_range"
    title = gettext_lazy("A number can't be kept as it was sent.")
    hint = gettext_lazy("Whole numbers fit in 64 bits with sign; others in a double. NaN and Infinity are not numbers.")


class TextNotStorable(MalformedBody):
    code = "text_not_storable"
    title = gettext_lazy("A text can't be kept as it was sent.")
    hint = gettext_lazy("Leave out NUL characters and halves of surrogate pairs.")


class NestedTooDeeply(MalformedBody):
    code = "nested_too_deeply"
    title = gettext_lazy("The body is nested too deeply.")


class _Twice(dict[str, Any]):
    """An object that came with a key twice; found by `value_check`, which knows the path."""

    key = ""


class _NoNumber:
    """What stands where a number stood that can't be kept."""

    def __init__(self, text: str) -> None:
        self.text = text[:40]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    twice = _Twice(found)
    for key, _value in pairs:
        if key in seen:
            twice.key = key
            break
        seen.add(key)
    return twice


def _float(text: str) -> float | _NoNumber:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        return _NoNumber(text)
    return number or 0.0  # -0.0 is 0: two ways to say nothing would be two bodies


def _int(text: str) -> int | _NoNumber:
    return int(text) if len(text) < 21 else _NoNumber(text)


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_NoNumber, strict=True
)


def read_unchecked(raw: bytes) -> Any:
    """The document by its grammar alone. Its parts must pass `value_check` before anyone uses them.

    For bulk requests, of which each row is answered on its own. MalformedBody.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBody(
            _("Byte %(at)d is not UTF-8.") % {"at": error.start}, hint=_("Send the body in UTF-8.")
        ) from error
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        where = _("line %(line)d, column %(column)d") % {"line": error.lineno, "column": error.colno}
        raise MalformedBody(
            _("This is not JSON: %(problem)s at %(where)s.") % {"problem": error.msg, "where": where},
            line=error.lineno,
            column=error.colno,
        ) from error
    except RecursionError as error:
        raise NestedTooDeeply(_too_deep()) from error


def read(raw: bytes) -> Any:
    """The document, checked whole. MalformedBody and its kinds."""
    value = _read_plain(raw)
    if value is not None:
        return value
    value = read_unchecked(raw)
    value_check(value)
    return value


_LONG_NUMBER = b"0" * 19
_DIGITS = bytes.maketrans(b"123456789", b"000000000")


def _read_plain(raw: bytes) -> Any:
    """An object that is plainly beyond reproach, by a reader that is twice as fast; None for any other document.

    Keys are counted: `":` ends each key in both writings and stands in no text but as `\\":`, which both writings have
    alike. So a key that came twice, of which the fast reader keeps one, makes the counts differ.
    """
    raw = raw.strip()
    if not raw.startswith(b"{") or len(raw) > PLAIN_BYTES or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        return None
    # Escapes (NUL, surrogates, a quote written as \u0022); blanks that could stand between a key and its colon;
    # negative zero, a second way to say nothing. One after the other: a loop or a pattern costs more than the rest.
    if b"\\u" in raw or b"\t" in raw or b"\n" in raw or b"\r" in raw or b'" :' in raw or b'"  ' in raw:
        return None
    if b"-0." in raw or b"-0e" in raw or b"-0E" in raw or _LONG_NUMBER in raw.translate(_DIGITS):
        return None
    try:
        value = msgspec.json.decode(raw)
        again = msgspec.json.encode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return value if again.count(b'":') == raw.count(b'":') else None


def value_check(value: Any, path: str = "") -> None:
    """Refuse what couldn't be kept, anywhere in the value; the error's field is the path to it."""
    _check(value, path, 1)


def _check(value: Any, path: str, depth: int) -> None:
    kind = type(value)
    if kind is str:
        _text(value, path)
    elif kind is int:
        if not INT64_MIN <= value <= INT64_MAX:
            raise NumberOutOfRange(_("%(number)s does not fit in 64 bits.") % {"number": value}, field=path or None)
    elif kind is dict or kind is list:
        if depth > MAX_DEPTH:
            raise NestedTooDeeply(_too_deep(), field=path[:200])
        if kind is dict:
            for key, each in value.items():
                _text(key, path)
                _check(each, f"{path}.{key}" if path else key, depth + 1)
        else:
            for index, each in enumerate(value):
                _check(each, f"{path}[{index}]", depth + 1)
    elif kind is _Twice or kind is _NoNumber:
        _flawed(value, path)


def _flawed(value: Any, path: str) -> NoReturn:
    if isinstance(value, _Twice):
        key = value.key[:60].encode("ascii", "backslashreplace").decode()
        where = f"{path}.{key}" if path else key
        raise DuplicateKey(_("The key “%(key)s” comes twice.") % {"key": key}, field=where)
    raise NumberOutOfRange(_("%(number)s can't be kept.") % {"number": value.text}, field=path or None)


def _text(text: str, path: str) -> None:
    if "\x00" in text:
        raise TextNotStorable(_("This text contains a NUL character."), field=printable(path) or None)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise TextNotStorable(_("This text contains half of a surrogate pair."), field=printable(path) or None)


def printable(path: str) -> str:
    """A path that can be written into an answer whatever the keys in it are."""
    return path[:200].encode("utf-8", "backslashreplace").decode()


def _too_deep() -> str | Promise:
    return _("At most %(depth)d levels of objects and lists.") % {"depth": MAX_DEPTH}
