"""The part of JSON Schema in which a brand describes its own events: objects, lists, texts, numbers, days and choices.

What isn't in this part is refused when the program is published, since a keyword that is quietly left out would let
through what its author meant to keep out. `pattern` is left out on purpose: one bad pattern can hold up a worker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.definition.translation import N_

Schema = Mapping[str, Any]
MAX_SCHEMA_DEPTH = 6
MAX_SCHEMA_NODES = 200

_ANYWHERE = frozenset(("type", "title", "description", "examples", "default", "enum", "const", "$schema", "$comment"))
_OF_TYPE: Mapping[str, frozenset[str]] = {
    "object": frozenset(("properties", "required", "additionalProperties")),
    "array": frozenset(("items", "minItems", "maxItems")),
    "string": frozenset(("minLength", "maxLength", "format")),
    "integer": frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")),
    "number": frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")),
    "boolean": frozenset(),
}
_FORMATS = ("date", "date-time")
_COUNTS = ("minItems", "maxItems", "minLength", "maxLength")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


class Fault(Struct, frozen=True):
    """What is wrong with a value: where it stands, and a message with its placeholders, for translating."""

    path: str
    message: str
    values: Mapping[str, Any] = {}


# --- the schema itself ------------------------------------------------------------------------------------------------
def schema_problems(schema: Any, path: str, *, top: bool = True) -> Problems:
    """What can't be used in a schema. The top must be an object, as an event's data is."""
    if top and _nodes(schema) > MAX_SCHEMA_NODES:
        yield Problem(
            path,
            phrase("The schema is too large."),
            phrase("At most %(n)s places.", n=MAX_SCHEMA_NODES),
        )
        return
    if top and isinstance(schema, Mapping) and schema.get("type") != "object":
        yield Problem(f"{path}.type", phrase("An event's data is an object."), phrase("Say object."))
        return
    yield from _node_problems(schema, path, 0)


def _nodes(schema: Any) -> int:
    if not isinstance(schema, Mapping):
        return 1
    inner = schema.get("properties")
    below = sum(_nodes(each) for each in inner.values()) if isinstance(inner, Mapping) else 0
    return 1 + below + (_nodes(schema["items"]) if "items" in schema else 0)


def _node_problems(schema: Any, path: str, depth: int) -> Problems:
    if depth > MAX_SCHEMA_DEPTH:
        yield Problem(
            path,
            phrase("The schema is nested too deeply."),
            phrase("At most %(depth)s levels.", depth=MAX_SCHEMA_DEPTH),
        )
        return
    if not isinstance(schema, Mapping):
        yield Problem(path, phrase("A schema is an object."), phrase("Say {type: string} or the like."))
        return
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _OF_TYPE:
        yield Problem(
            f"{path}.type",
            phrase("%(kind)r isn't a type here.", kind=kind),
            phrase("Say one of: %(names)s.", names=", ".join(_OF_TYPE)),
        )
        return
    known = _ANYWHERE | _OF_TYPE[kind]
    for name in schema:
        if name not in known:
            yield Problem(
                f"{path}.{name}",
                phrase("The keyword %(name)r isn't supported for %(kind)s.", name=name, kind=kind),
                phrase("Leave it out; there are %(names)s.", names=", ".join(sorted(known))),
            )
    yield from _keyword_problems(schema, path)
    if kind == "object":
        yield from _object_problems(schema, path, depth)
    if "items" in schema and kind == "array":
        yield from _node_problems(schema["items"], f"{path}.items", depth + 1)


def _object_problems(schema: Schema, path: str, depth: int) -> Problems:
    properties = schema.get("properties", {})
    if not isinstance(properties, Mapping):
        yield Problem(f"{path}.properties", phrase("Properties are an object."), phrase("Say {name: {type: string}}."))
        return
    for name, inner in properties.items():
        yield from _node_problems(inner, f"{path}.properties.{name}", depth + 1)
    required = schema.get("required", [])
    if not isinstance(required, list | tuple) or not all(isinstance(each, str) for each in required):
        yield Problem(
            f"{path}.required", phrase("It names the properties that must be there."), phrase("Say a list of names.")
        )
        return
    for index, name in enumerate(required):
        if name not in properties:
            yield Problem(
                f"{path}.required[{index}]",
                phrase("%(name)r isn't among the properties.", name=name),
                phrase("Describe it there."),
            )
    if not isinstance(schema.get("additionalProperties", True), bool):
        yield Problem(f"{path}.additionalProperties", phrase("Only true or false here."), phrase("Say true or false."))


def _keyword_problems(schema: Schema, path: str) -> Problems:
    for name in _COUNTS:
        if name in schema and (type(schema[name]) is not int or schema[name] < 0):
            yield Problem(f"{path}.{name}", phrase("It counts."), phrase("Say a whole number from 0 up."))
    for name in _NUMBERS:
        if name in schema and not _is_number(schema[name]):
            yield Problem(f"{path}.{name}", phrase("It is a number."), phrase("Say a number."))
    if "enum" in schema and (not isinstance(schema["enum"], list | tuple) or not schema["enum"]):
        yield Problem(f"{path}.enum", phrase("It lists the values that there are."), phrase("Say a list of values."))
    if "format" in schema and schema["format"] not in _FORMATS:
        yield Problem(
            f"{path}.format",
            phrase("%(name)r isn't checked here.", name=schema["format"]),
            phrase("Say date or date-time."),
        )


# --- values -----------------------------------------------------------------------------------------------------------
def value_faults(schema: Schema, value: Any, path: str) -> Iterator[Fault]:
    """Everything in the value that the schema doesn't allow, in order. Of a schema without problems."""
    kind = schema["type"]
    if not _IS[kind](value):
        yield Fault(path, N_("This must be %(kind)s."), {"kind": _NAMES[kind]})
        return
    if "enum" in schema and not any(_equal(value, each) for each in schema["enum"]):
        yield Fault(path, N_("This must be one of: %(values)s."), {"values": ", ".join(map(str, schema["enum"]))})
    if "const" in schema and not _equal(value, schema["const"]):
        yield Fault(path, N_("This must be %(value)s."), {"value": schema["const"]})
    if kind == "object":
        yield from _object_faults(schema, value, path)
    elif kind == "array":
        yield from _size_faults(schema, len(value), "Items", path)
        if "items" in schema:
            for index, each in enumerate(value):
                yield from value_faults(schema["items"], each, f"{path}[{index}]")
    elif kind == "string":
        yield from _size_faults(schema, len(value), "Length", path)
        yield from _format_faults(schema, value, path)
    elif kind != "boolean":
        yield from _range_faults(schema, value, path)


def _object_faults(schema: Schema, value: Mapping[str, Any], path: str) -> Iterator[Fault]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield Fault(f"{path}.{name}", N_("This is missing."))
    for name, each in value.items():
        if name in properties:
            yield from value_faults(properties[name], each, f"{path}.{name}")
        elif not schema.get("additionalProperties", True):
            known = ", ".join(properties)
            yield Fault(f"{path}.{name}", N_("There is no such field; there are: %(names)s."), {"names": known})


def _size_faults(schema: Schema, size: int, what: str, path: str) -> Iterator[Fault]:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if least is not None and size < least:
        yield Fault(path, N_("This is too short: at least %(n)d."), {"n": least})
    if most is not None and size > most:
        yield Fault(path, N_("This is too long: at most %(n)d."), {"n": most})


def _range_faults(schema: Schema, value: float, path: str) -> Iterator[Fault]:
    tests: tuple[tuple[str, Callable[[float, float], bool], str], ...] = (
        ("minimum", lambda a, b: a >= b, N_("This must be %(n)s or more.")),
        ("maximum", lambda a, b: a <= b, N_("This must be %(n)s or less.")),
        ("exclusiveMinimum", lambda a, b: a > b, N_("This must be more than %(n)s.")),
        ("exclusiveMaximum", lambda a, b: a < b, N_("This must be less than %(n)s.")),
    )
    for name, holds, message in tests:
        if name in schema and not holds(value, schema[name]):
            yield Fault(path, message, {"n": schema[name]})


def _format_faults(schema: Schema, value: str, path: str) -> Iterator[Fault]:
    read = {"date": date.fromisoformat, "date-time": datetime.fromisoformat}.get(schema.get("format", ""))
    if read is None:
        return
    try:
        read(value)
    except ValueError:
        message = N_("This must be a day, YYYY-MM-DD.") if schema["format"] == "date" else N_("This must be a time.")
        yield Fault(path, message)


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _equal(one: Any, other: Any) -> bool:
    """As JSON has it: true isn't 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


_IS: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list | tuple),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
}
_NAMES = {
    "object": N_("an object"),
    "array": N_("a list"),
    "string": N_("a text"),
    "integer": N_("a whole number"),
    "number": N_("a number"),
    "boolean": N_("true or false"),
}
