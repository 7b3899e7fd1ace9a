"""What would have been right at a place of the document, told from the types themselves."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from loyalty.definition.phrases import N_, Phrase, phrase, phrase_within, phrases_or
from loyalty.definition.problems import Problem

_MESSAGE = re.compile(r"^(?P<text>.*?)(?: - at (?:`key` in )?`(?P<path>[^`]*)`)?$", re.DOTALL)
_FIELD = re.compile(r"field `([^`]*)`")
_NOTHING = Phrase("")
_MISSING = N_("The field %(name)r is missing.")
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|(\[\.\.\.\])")


def is_missing(problem: Problem) -> bool:
    """Whether it is that a field is missing, which a form has better words for."""
    return problem.problem.message == _MISSING


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
        return Problem(
            f"{here}.{name}".lstrip("."),
            phrase("There is no field %(name)r here.", name=name),
            _other_field(name, node),
        )
    if field is not None and "missing" in text:
        name = field[1]
        wanted = _field_of(node, name)
        return Problem(
            f"{here}.{name}".lstrip("."),
            phrase(_MISSING, name=name),
            phrase("Add it: %(what)s.", what=described(wanted) if wanted is not None else _tags(node)),
        )
    if "`key` in" in str(error):
        keys = [each for each in _members(node) if isinstance(each, inspect.DictType)]
        mend = described(keys[0].key_type) if keys else _NOTHING
        return Problem(here, phrase("One of the names in it doesn't fit."), phrase("Say %(what)s.", what=mend))
    value = _value_at(raw, steps)
    return Problem(
        here,
        phrase("%(value)s doesn't fit here.", value=_shown(value)),
        phrase("Say %(what)s.", what=described(node) or _tags(node)),
    )


def described(node: inspect.Type | None) -> Phrase:
    """What a place takes, in plain words."""
    match node:
        case inspect.Metadata():
            extra = node.extra_json_schema or {}
            examples = ", ".join(str(each) for each in extra.get("examples", ()))
            hint = extra.get("description", "")
            base = phrase_within(hint) if hint else described(node.type)
            return phrase("%(what)s, such as %(examples)s", what=base, examples=examples) if examples else base
        case inspect.IntType():
            return _whole(node)
        case inspect.FloatType() | inspect.DecimalType():
            return phrase("a number")
        case inspect.BoolType():
            return phrase("true or false")
        case inspect.StrType():
            if node.pattern == "^[A-Z]{3}$(?!\\n)":
                return phrase("three capitals")
            return (
                phrase("a text of at most %(n)d characters", n=node.max_length) if node.max_length else phrase("a text")
            )
        case inspect.LiteralType():
            return phrase("one of: %(names)s", names=", ".join(str(each) for each in node.values))
        case inspect.ListType() | inspect.VarTupleType():
            return phrase("a list")
        case inspect.DictType():
            return phrase("an object")
        case inspect.StructType():
            names = ", ".join(each.encode_name for each in node.fields)
            return _tags(node) or phrase("an object with %(names)s", names=names)
        case inspect.UnionType():
            return _union(node)
        case _:
            return _NOTHING


def _union(node: inspect.UnionType) -> Phrase:
    tags = _tags(node)
    if tags:
        return tags
    parts = [described(each) for each in node.types if not isinstance(each, inspect.NoneType)]
    different = list(dict.fromkeys(each for each in parts if each))
    return phrases_or(different) if different else _NOTHING


def _whole(node: inspect.IntType) -> Phrase:
    if node.ge is not None and node.le is not None:
        return phrase("a whole number from %(least)d up to %(most)d", least=node.ge, most=node.le)
    if node.ge is not None:
        return phrase("a whole number from %(least)d", least=node.ge)
    return phrase("a whole number up to %(most)d", most=node.le) if node.le is not None else phrase("a whole number")


def _tags(node: inspect.Type | None) -> Phrase:
    """The kinds of a tagged union."""
    structs = [each for each in _members(node) if isinstance(each, inspect.StructType) and each.tag is not None]
    if not structs:
        return _NOTHING
    names = ", ".join(str(each.tag) for each in structs)
    return phrase("an object with %(field)s as one of: %(names)s", field=structs[0].tag_field, names=names)


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


def _other_field(name: str, node: inspect.Type | None) -> Phrase:
    names = [
        field.encode_name for each in _members(node) if isinstance(each, inspect.StructType) for field in each.fields
    ]
    close = get_close_matches(name, names, n=1)
    if close:
        return phrase("Did you mean %(name)r?", name=close[0])
    if names:
        return phrase("Leave it out; there are %(names)s.", names=", ".join(names))
    return phrase("Leave it out.")


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
        return phrase("Something in it")
    if isinstance(value, dict):
        return phrase("An object")
    if isinstance(value, list | tuple):
        return phrase("A list")
    text = str(value) if not isinstance(value, bool) else str(value).lower()
    return repr(text if len(text) <= 60 else text[:57] + "...")
