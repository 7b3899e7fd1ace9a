"""What Stripe's specification says of parameters and answers, in the extract that `specification.py` makes of it.

`shapes.json` holds for each operation that is spoken here the tree of its parameters, and for each object which
properties may be null, so that an answer always carries them (Stripe's own library raises AttributeError where one is
missing).
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.stripe.errors import invalid

Json = dict[str, Any]
EMBEDDED = 10
FILE = Path(__file__).with_name("shapes.json")
BOOLEANS = {"true": True, "false": False, True: True, False: False}


@cache
def _extract() -> Json:
    return json.loads(FILE.read_text())  # type: ignore[no-any-return]  # JSON that we keep


def operations() -> frozenset[str]:
    """`METHOD /path` of every operation whose parameters are known."""
    return frozenset(_extract()["params"])


def read_params(operation: str, given: Json) -> Json:
    """The given form with numbers and booleans as such. Raises Stripe's own error for a parameter it doesn't know."""
    tree = _extract()["params"].get(operation)
    return given if tree is None else _object(tree, given, "")


def _object(tree: Json, given: Json, at: str) -> Json:
    read: Json = {}
    for name, value in given.items():
        place = f"{at}[{name}]" if at else name
        if name not in tree:
            raise invalid(f"Received unknown parameter: {place}", param=place, code="parameter_unknown")
        read[name] = _value(tree[name], value, place)
    for name, kind in tree.items():
        if isinstance(kind, dict) and kind.get("!") and name not in given:
            place = f"{at}[{name}]" if at else name
            raise invalid(f"Missing required param: {place}.", param=place, code="parameter_missing")
    return read


def _value(kind: Any, value: Any, at: str) -> Any:
    kinds = kind["is"] if isinstance(kind, dict) and "is" in kind else kind
    for one in kinds if isinstance(kinds, list) else [kinds]:
        read, value_read = _read_as(one, value, at)
        if read:
            return value_read
    raise invalid(f"Invalid value for {at}: {value!r}", param=at, code="parameter_invalid")


def _read_as(kind: Any, value: Any, at: str) -> tuple[bool, Any]:
    """Whether the value can be read as this kind, and what it then is."""
    if isinstance(kind, dict):
        return _read_structure(kind, value, at)
    if isinstance(value, (dict, list)):
        return kind == "any" or (kind == "object" and isinstance(value, dict)), value
    if kind == "integer":
        return _is_integer(value), int(value) if _is_integer(value) else value
    if kind == "number":
        try:
            return True, float(value)
        except ValueError:
            return False, value
    if kind == "boolean":
        return value in BOOLEANS, BOOLEANS.get(value)
    if kind == "empty":
        return value == "", value
    return kind in ("string", "any"), value


def _read_structure(kind: Json, value: Any, at: str) -> tuple[bool, Any]:
    if "enum" in kind:
        return value in kind["enum"], value
    if "list" in kind:
        if isinstance(value, dict) and all(key.isdigit() for key in value):
            value = [value[key] for key in sorted(value, key=int)]
        if not isinstance(value, list):
            return False, value
        return True, [_value(kind["list"], one, f"{at}[{place}]") for place, one in enumerate(value)]
    if "object" in kind and isinstance(value, dict):
        return True, _object(kind["object"], value, at)
    return False, value


def _is_integer(value: Any) -> bool:
    text = str(value)
    return text.removeprefix("-").isdigit()


def root_of(thing: Json) -> str:
    """The name of the specification's schema for an object. Raises KeyError for one that isn't spoken of here."""
    return str(_extract()["roots"][thing["object"]])


def complete(thing: Json) -> Json:
    """A copy fit for an answer: without what is kept for ourselves (`_…`), with every property that may be null
    there."""
    if thing.get("object") in ("list", "search_result"):
        return {**thing, "data": [complete(one) for one in thing["data"]]}
    if thing.get("deleted"):
        return {key: value for key, value in thing.items() if not key.startswith("_")}
    if thing.get("object") == "invoice":
        thing = {**thing, "lines": _first_lines(thing)}
    return _fill(thing, _extract()["roots"].get(str(thing.get("object"))))


def _first_lines(invoice: Json) -> Json:
    """An invoice carries the first ten of its lines; the others are a list of their own."""
    lines = invoice["lines"]
    if len(lines["data"]) <= EMBEDDED:
        return dict(lines)
    return {
        **lines,
        "data": lines["data"][:EMBEDDED],
        "has_more": True,
        "url": f"/v1/invoices/{invoice.get('id', 'upcoming')}/lines",
    }


def _fill(thing: Json, name: str | None) -> Json:
    shape = _extract()["shapes"].get(name, {}) if name else {}
    parts = shape.get("parts", {})
    filled = dict.fromkeys(shape.get("null", ()))
    for key, value in thing.items():
        if not key.startswith("_"):
            filled[key] = _part(value, parts.get(key))
    return filled


def _part(value: Any, name: str | None) -> Any:
    if isinstance(value, dict):
        return complete(value) if "object" in value and isinstance(value["object"], str) else _fill(value, name)
    if isinstance(value, list):
        return [_part(one, name) for one in value]
    return value
