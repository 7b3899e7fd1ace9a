"""What would have been right at a place of the document, told from the types themselves."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from loyalty.definition.problems import Problem

_MESSAGE = re.compile(r"^(?P<text>.*?)(?: - at (?:`key` in )?`(?P<path>[^`]*)`)?$", re.DOTALL)
_FIELD = re.compile(r"field `([^`]*)`")
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|(\[\.\.\.\])")


def shape_problem(error: msgspec.ValidationError, shape: type, raw: Any, root: str = "") -> Problem:
    """The type check's complaint in plain words, with what the place takes. root: path of raw in the document."""
    found = _MESSAGE.match(str(error))
    text, path = (found["text"], found["path"] or "$") if found else (str(error), "$")
    steps = _STEP.findall(path)
    node = _node_at(_types(shape), raw, steps)
    here = (root + path.removeprefix("$")).lstrip(".").replace("[...]", "")
    field = _FIELD.search(text)
    if field is not None and "unknown field" in text:
        name = field[1]
        return Problem(f"{here}.{name}".lstrip("."), f"There is no field {name!r} here.", _other_field(name, node))
    if field is not None and "missing" in text:
        name = field[1]
        wanted = _field_of(node, name)
        return Problem(
            f"{here}.{name}".lstrip("."),
            f"The field {name!r} is missing.",
            f"Add it: {described(wanted) if wanted is not None else _tags(node)}.",
        )
    if "`key` in" in str(error):
        keys = [each for each in _members(node) if isinstance(each, inspect.DictType)]
        mend = described(keys[0].key_type) if keys else ""
        return Problem(here, "One of the names in it doesn't fit.", f"Say {mend}.")
    value = _value_at(raw, steps)
    return Problem(here, f"{_shown(value)} doesn't fit here.", f"Say {described(node) or _tags(node)}.")


def described(node: inspect.Type | None) -> str:
    """What a place takes, in plain words."""
    match node:
        case inspect.Metadata():
            extra = node.extra_json_schema or {}
            examples = ", ".join(str(each) for each in extra.get("examples", ()))
            hint = str(extra.get("description", "")).rstrip(".")
            base = hint[:1].lower() + hint[1:] if hint else described(node.type)
            return f"{base}, such as {examples}" if examples else base
        case inspect.IntType():
            return f"a whole number{_range(node)}"
        case inspect.FloatType() | inspect.DecimalType():
            return "a number"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType():
            if node.pattern == "^[A-Z]{3}$(?!\\n)":
                return "three capitals"
            return f"a text of at most {node.max_length} characters" if node.max_length else "a text"
        case inspect.LiteralType():
            return f"one of: {', '.join(str(each) for each in node.values)}"
        case inspect.ListType() | inspect.VarTupleType():
            return "a list"
        case inspect.DictType():
            return "an object"
        case inspect.StructType():
            return _tags(node) or f"an object with {', '.join(each.encode_name for each in node.fields)}"
        case inspect.UnionType():
            return _union(node)
        case _:
            return ""


def _union(node: inspect.UnionType) -> str:
    tags = _tags(node)
    if tags:
        return tags
    parts = [described(each) for each in node.types if not isinstance(each, inspect.NoneType)]
    return " or ".join(dict.fromkeys(each for each in parts if each))


def _range(node: inspect.IntType) -> str:
    low = f" from {node.ge}" if node.ge is not None else ""
    return f"{low} up to {node.le}" if node.le is not None else low


def _tags(node: inspect.Type | None) -> str:
    """The kinds of a tagged union."""
    structs = [each for each in _members(node) if isinstance(each, inspect.StructType) and each.tag is not None]
    if not structs:
        return ""
    return f"an object with {structs[0].tag_field} as one of: {', '.join(str(each.tag) for each in structs)}"


def _tag_fields(node: inspect.Type | None) -> set[str | None]:
    return {each.tag_field for each in _members(node) if isinstance(each, inspect.StructType)} - {None}


def _members(node: inspect.Type | None) -> tuple[inspect.Type, ...]:
    bare = _bare(node)
    if isinstance(bare, inspect.UnionType):
        return tuple(_bare(each) or each for each in bare.types)
    return (bare,) if bare is not None else ()


def _bare(node: inspect.Type | None) -> inspect.Type | None:
    return _bare(node.type) if isinstance(node, inspect.Metadata) else node


@cache
def _types(shape: type) -> inspect.Type:
    return inspect.type_info(shape)


def _node_at(node: inspect.Type | None, raw: Any, steps: list[tuple[str, str, str]]) -> inspect.Type | None:
    for name, index, _ in steps:
        if name and name in _tag_fields(node):
            return node
        node = _below(node, raw, name)
        raw = _value_at(raw, [(name, index, "")])
    return _chosen(node, raw) or node


def _below(node: inspect.Type | None, raw: Any, name: str) -> inspect.Type | None:
    if name:
        return _field_of(_chosen(node, raw), name)
    for each in _members(node):
        if isinstance(each, inspect.ListType | inspect.VarTupleType):
            return each.item_type
        if isinstance(each, inspect.DictType):
            return each.value_type
    return None


def _chosen(node: inspect.Type | None, raw: Any) -> inspect.StructType | None:
    """The struct that raw is meant as: by its tag, or the only one there is. For a union with a bad tag, the first."""
    structs = [each for each in _members(node) if isinstance(each, inspect.StructType)]
    if len(structs) == 1 and not isinstance(_bare(node), inspect.UnionType):
        return structs[0]
    if isinstance(raw, dict):
        for each in structs:
            if each.tag is None or raw.get(each.tag_field or "") == each.tag:
                return each
    return None


def _field_of(node: inspect.Type | None, name: str) -> inspect.Type | None:
    for each in _members(node):
        if isinstance(each, inspect.StructType):
            for field in each.fields:
                if field.encode_name == name:
                    return field.type
    return None


def _other_field(name: str, node: inspect.Type | None) -> str:
    names = [
        field.encode_name for each in _members(node) if isinstance(each, inspect.StructType) for field in each.fields
    ]
    close = get_close_matches(name, names, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Leave it out; there are {', '.join(names)}." if names else "Leave it out."


def _value_at(raw: Any, steps: list[tuple[str, str, str]]) -> Any:
    for name, index, _ in steps:
        if name and isinstance(raw, dict):
            raw = raw.get(name)
        elif index and isinstance(raw, list | tuple) and int(index) < len(raw):
            raw = raw[int(index)]
        else:
            return None
    return raw


def _shown(value: Any) -> str:
    if value is None:
        return "Something in it"
    if isinstance(value, dict):
        return "An object"
    if isinstance(value, list | tuple):
        return "A list"
    text = str(value) if not isinstance(value, bool) else str(value).lower()
    return repr(text if len(text) <= 60 else text[:57] + "...")
