"""Input as typed Structs: read from JSON or from the address, with every wrong field named at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from django.utils.translation import gettext as _

from core import strict_json
from core.errors import InvalidInput
from core.expected import expected
from core.problems import InvalidQuery

S = TypeVar("S", bound=msgspec.Struct)
_WHERE = re.compile(r"^(?P<what>.*) - at `\$(?P<path>.*)`$", re.DOTALL)
_KEY = re.compile(r"Object (?:missing required|contains unknown) field `(?P<key>.*)`", re.DOTALL)


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of a request's body."""


def body_read(shape: type[S], raw: Any) -> S:
    """The body as `shape`. raw: decoded JSON. InvalidInput with field, and `errors` when several fields are wrong."""
    if not isinstance(raw, dict):
        raise InvalidInput(_("The body must be a JSON object."))
    try:
        return msgspec.convert(raw, shape, strict=True)
    except msgspec.ValidationError as error:
        raise _refusal(InvalidInput, shape, raw, error) from error


def query_read(shape: type[S], query: Mapping[str, str]) -> S:
    """The address' parameters as `shape`. Empty values count as absent. InvalidQuery."""
    given = {name: value for name, value in query.items() if value != ""}
    for name, value in given.items():
        strict_json.value_check(value, name)
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(InvalidQuery, shape, given, error, strict=False) from error


def _refusal(
    kind: type[InvalidInput] | type[InvalidQuery],
    shape: type[S],
    raw: dict[str, Any],
    error: msgspec.ValidationError,
    *,
    strict: bool = True,
) -> InvalidInput | InvalidQuery:
    errors = _field_errors(shape, raw, strict=strict) or [_said(error, "", shape)]
    first = errors[0]
    more: dict[str, Any] = {"errors": errors} if len(errors) > 1 else {}
    return kind(first["detail"], field=first["field"] or None, **more)


def _field_errors(shape: type[S], raw: dict[str, Any], *, strict: bool) -> list[dict[str, str]]:
    """What is wrong with each field by itself, in the order of the shape; unknown fields last."""
    found: list[dict[str, str]] = []
    fields = msgspec.structs.fields(shape)
    for field in fields:
        name = field.encode_name
        if name not in raw:
            if field.required:
                found.append({"field": name, "detail": _("This field is missing.")})
            continue
        try:
            msgspec.convert(raw[name], field.type, strict=strict)
        except msgspec.ValidationError as error:
            found.append(_said(error, name, field.type))
    known = {field.encode_name for field in fields}
    for name in raw:
        if name not in known:
            found.append({"field": strict_json.printable(name), "detail": _("There is no such field.")})
    return found


def _said(error: msgspec.ValidationError, root: str, shape: Any) -> dict[str, str]:
    """What would be right, and where."""
    text = str(error)
    match = _WHERE.match(text)
    what, path = (match["what"], match["path"].removeprefix(".")) if match else (text, "")
    separator = "." if root and path and not path.startswith("[") else ""
    path = f"{root}{separator}{path}"
    key = _KEY.match(what)
    if key:
        missing = what.startswith("Object missing")
        path = f"{path}.{key['key']}".removeprefix(".")
        what = _("This field is missing.") if missing else _("There is no such field.")
    else:
        what = expected(error, shape)
    return {"field": strict_json.printable(path), "detail": what}
