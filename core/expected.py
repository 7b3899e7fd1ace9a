"""What a place of the input takes, in plain words.

msgspec's complaints name types and patterns, which say little to whoever reads the answer.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec import inspect

_WHERE = re.compile(r"^(?P<text>.*) - at (?:`key` in )?`\$(?P<path>[^`]*)`$", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|(\[(?:\d+|\.\.\.)\])")
_FIELD = re.compile(r"^Object (?P<how>missing required|contains unknown) field `(?P<name>.*)`$", re.DOTALL)
_LENGTH = re.compile(r"^Expected `(?P<type>\w+)` of length (?P<how>>=|<=|) ?(?P<n>\d+)")
_BOUND = re.compile(r"^Expected `\w+` (?P<how><=|>=|<|>) (?P<n>\S+)$")
_MULTIPLE = re.compile(r"^Expected `\w+` that's a multiple of (?P<n>\S+)$")
_PATTERN = re.compile(r"^Expected `str` matching regex (?P<pattern>.+)$", re.DOTALL)
_TYPES = re.compile(r"^Expected `(?P<types>[^`]+)`(?:, got|$| with)")
_ENDS = re.compile(r"^(?:\^|\\A)|(?:\$\(\?!\\n\)|\$|\\Z)$")

MOMENT = gettext_lazy("a moment with its offset, such as 2026-03-01T12:00:00Z")
DATE = gettext_lazy("a date, such as 2026-03-01")
NUMBER = gettext_lazy("a number")
WORDS: dict[str, str | Promise] = {
    "str": gettext_lazy("a text"), "int": gettext_lazy("a whole number"), "float": NUMBER, "decimal": NUMBER,
    "bool": gettext_lazy("true or false"), "array": gettext_lazy("a list"), "object": gettext_lazy("an object"),
    "datetime": MOMENT, "date": DATE, "uuid": gettext_lazy("a UUID"), "null": "null",
}  # fmt: skip
INVALID: dict[str, str | Promise] = {
    "Invalid RFC3339 encoded datetime": MOMENT,
    "Invalid RFC3339 encoded date": DATE,
    "Invalid UUID": WORDS["uuid"],
    "Invalid decimal string": NUMBER,
}
# The patterns that bodies have, without their ends.
FORMS: dict[str, str | Promise] = {
    "[A-Z]{3}": gettext_lazy("three capitals, such as EUR"),
    "[A-Z]{2}": gettext_lazy("two capitals, such as NL"),
    "[a-z]{2}": gettext_lazy("two small letters, such as nl"),
    "[a-z][a-z0-9_]{0,39}": gettext_lazy(
        "a small letter and then small letters, digits and underscores, at most 40 in all"
    ),
    "[a-z0-9][a-z0-9._-]{0,59}": gettext_lazy(
        "small letters, digits, dots, hyphens and underscores, at most 60, the first a letter or a digit"
    ),
    "[A-Za-z_][A-Za-z0-9_]{0,59}": gettext_lazy(
        "letters, digits and underscores, at most 60, the first not a digit"
    ),
    "[0-9a-f]{64}": gettext_lazy("a SHA-256 of 64 digits and small letters from a to f"),
    "#[0-9a-fA-F]{6}": gettext_lazy("a colour, such as #7c2d12"),
    "(https?://[!-~]+)?": gettext_lazy("an address that begins with https://, or nothing"),
    "[!-~]+": gettext_lazy("letters, digits and signs, without spaces and accents"),
    r"[^\x00-\x1f\x7f]+": gettext_lazy("a text on one line, without control characters"),
}  # fmt: skip


def expected(error: msgspec.ValidationError, shape: Any) -> str:
    """The complaint as a sentence in the reader's language. shape: the type that was asked for."""
    found = _WHERE.match(str(error))
    text, path = (found["text"], found["path"]) if found else (str(error), "")
    if field := _FIELD.match(text):
        if field["how"] == "missing required":
            return _("The field %(name)r is missing.") % {"name": field["name"]}
        return _("There is no field %(name)r here.") % {"name": field["name"]}
    if said := _amount(text):
        return said
    if text.startswith(("Invalid enum value", "Invalid value")) and (names := _choices(shape, path)):
        return _("This must be one of: %(names)s.") % {"names": ", ".join(names)}
    what = _what(text, shape, path)
    return _("This must be %(what)s.") % {"what": what} if what else _("This doesn't fit here.")


def _amount(text: str) -> str:
    """Too short, too long, too little or too much."""
    if length := _LENGTH.match(text):
        return _length(length["type"], length["how"], int(length["n"]))
    if bound := _BOUND.match(text):
        sentences = {
            ">=": _("This must be at least %(n)s."), "<=": _("This must be at most %(n)s."),
            ">": _("This must be more than %(n)s."), "<": _("This must be less than %(n)s."),
        }  # fmt: skip
        return sentences[bound["how"]] % {"n": bound["n"]}
    if multiple := _MULTIPLE.match(text):
        return _("This must be a multiple of %(n)s.") % {"n": multiple["n"]}
    return ""


def _length(kind: str, how: str, n: int) -> str:
    if how == ">=" and n == 1:
        return _("This can't be empty.")
    values = {"n": n}
    if kind == "str":
        if how == ">=":
            return ngettext("At least %(n)d character.", "At least %(n)d characters.", n) % values
        return ngettext("At most %(n)d character.", "At most %(n)d characters.", n) % values
    if how == ">=":
        return ngettext("At least %(n)d of them.", "At least %(n)d of them.", n) % values
    if how == "<=":
        return ngettext("At most %(n)d of them.", "At most %(n)d of them.", n) % values
    return ngettext("Exactly %(n)d of them.", "Exactly %(n)d of them.", n) % values


def _what(text: str, shape: Any, path: str) -> str:
    """What it must be: "a text or null"; "" where nothing better than that it doesn't fit can be said."""
    if text in INVALID:
        return str(INVALID[text])
    if pattern := _PATTERN.match(text):
        form = FORMS.get(_ENDS.sub("", ast.literal_eval(pattern["pattern"])))
        examples = ", ".join(_examples(shape, path))
        return str(form or (_("of another form, such as %(examples)s") % {"examples": examples} if examples else ""))
    if types := _TYPES.match(text):
        words = dict.fromkeys(str(WORDS[each]) for each in types["types"].split(" | ") if each in WORDS)
        return _either(list(words))
    return ""


def _either(words: list[str]) -> str:
    made = words[0] if words else ""
    for each in words[1:]:
        made = _("%(this)s or %(that)s") % {"this": made, "that": each}
    return made


@cache
def _type(shape: Any) -> inspect.Type:
    return inspect.type_info(shape)


def _places(shape: Any, path: str) -> list[inspect.Type]:
    """Every type that the place may have, those of a union one by one."""
    nodes = [_type(shape)]
    for name, _index in _STEP.findall(path):
        nodes = [below for node in nodes for each in _flat(node) for below in _below(each, name)]
    return nodes


def _flat(node: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(node, inspect.Metadata):
        yield from _flat(node.type)
    elif isinstance(node, inspect.UnionType):
        for each in node.types:
            yield from _flat(each)
    else:
        yield node


def _below(node: inspect.Type, name: str) -> Iterator[inspect.Type]:
    match node:
        case inspect.StructType() if name and name == node.tag_field:
            yield inspect.LiteralType((str(node.tag),))
        case inspect.StructType():
            yield from (each.type for each in node.fields if each.encode_name == name)
        case inspect.DictType():
            yield node.value_type
        case inspect.ListType() | inspect.VarTupleType():
            yield node.item_type


def _choices(shape: Any, path: str) -> list[str]:
    found: list[Any] = []
    for node in _places(shape, path):
        for each in _flat(node):
            if isinstance(each, inspect.LiteralType):
                found += each.values
            elif isinstance(each, inspect.EnumType):
                found += [member.value for member in each.cls]
    return list(dict.fromkeys(str(each) for each in found))


def _examples(shape: Any, path: str) -> list[str]:
    return [str(example) for node in _places(shape, path) for example in _told_by(node)]


def _told_by(node: inspect.Type) -> Iterable[Any]:
    if isinstance(node, inspect.Metadata):
        return (node.extra_json_schema or {}).get("examples", ()) or _told_by(node.type)
    if isinstance(node, inspect.UnionType):
        return [example for each in node.types for example in _told_by(each)]
    return ()
