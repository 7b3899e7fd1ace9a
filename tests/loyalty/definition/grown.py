"""Values grown from the document's own types: whatever kind joins them is tried too, without a word here."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from loyalty.definition.document import SCHEMA, Document
from loyalty.definition.lists import document_lists
from loyalty.definition.read import plain_value

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12)
Strategy = st.SearchStrategy[Any]
# How deep trees of conditions and the like may grow.
DEPTH = 3


def grown(node: inspect.Type, depth: int = DEPTH) -> Strategy:
    """Plain values that the type takes."""
    match node:
        case inspect.Metadata():
            return grown(node.type, depth)
        case inspect.StructType():
            return structs(node.cls, depth)
        case inspect.UnionType():
            return _union(node, depth)
        case inspect.LiteralType():
            return st.sampled_from(list(node.values))
        case inspect.VarTupleType() | inspect.ListType():
            low, high = node.min_length or 0, min(node.max_length or 3, 3)
            return st.lists(grown(node.item_type, depth - 1), min_size=low, max_size=high)
        case inspect.DictType():
            # Texts by language: the only names without a pattern.
            plain = isinstance(node.key_type, inspect.StrType) and node.key_type.pattern is None
            keys = st.sampled_from(["en", "nl", "fr"]) if plain else grown(node.key_type, depth)
            return st.dictionaries(keys, grown(node.value_type, depth - 1), max_size=2)
        case _:
            return _scalar(node)


def _union(node: inspect.UnionType, depth: int) -> Strategy:
    types = list(node.types)
    if depth <= 0:  # what can't grow on: no lists, no kinds that hold others of theirs
        flat = [each for each in types if not _deep(each)]
        types = flat or types
    return st.one_of([grown(each, depth - 1) for each in types])


def _deep(node: inspect.Type) -> bool:
    if isinstance(node, inspect.StructType):
        return any(isinstance(_bare(each.type), inspect.VarTupleType | inspect.ListType) for each in node.fields)
    return isinstance(node, inspect.VarTupleType | inspect.ListType | inspect.DictType)


def _bare(node: inspect.Type) -> inspect.Type:
    return _bare(node.type) if isinstance(node, inspect.Metadata) else node


def _scalar(node: inspect.Type) -> Strategy:
    match node:
        case inspect.StrType():
            if node.pattern is not None:
                return _matching(node.pattern, node.max_length)
            return TEXT.filter(lambda text: len(text) >= (node.min_length or 0)).map(lambda t: t[: node.max_length])
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            low = node.ge if node.ge is not None else -1000
            return st.integers(low, node.le if node.le is not None else low + 5000)
        case inspect.FloatType():
            low_f, high_f = node.ge if node.ge is not None else -90.0, node.le if node.le is not None else 90.0
            return st.floats(low_f, high_f, allow_nan=False).map(lambda number: round(number, 6) + 0.0)
        case inspect.DecimalType():
            return st.decimals(0, 1000, places=2).map(lambda number: str(Decimal(number)))
        case inspect.NoneType():
            return st.none()
        case inspect.AnyType():
            return st.one_of(TEXT, st.integers(0, 99), st.booleans(), st.dictionaries(_code(), TEXT, max_size=2))
    raise TypeError(f"{node} can't be grown yet")


def _code() -> Strategy:
    return st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\Z")


@cache
def _matching(pattern: str, max_length: int | None) -> Strategy:
    # A Python pattern's own end, and letters that a keyboard has.
    strategy = st.from_regex(pattern.replace("$(?!\\n)", r"\Z"), fullmatch=True, alphabet=st.characters(codec="ascii"))
    return strategy.filter(lambda text: max_length is None or len(text) <= max_length)


def structs(cls: type[msgspec.Struct], depth: int = DEPTH) -> Strategy:
    """Plain values of one struct, canonical: as the document writes them."""
    node = inspect.type_info(cls)
    if not isinstance(node, inspect.StructType):
        raise TypeError(f"{cls} is no struct")
    needed = {each.encode_name: grown(each.type, depth) for each in node.fields if each.required}
    others = {each.encode_name: grown(each.type, depth) for each in node.fields if not each.required}
    fixed = st.fixed_dictionaries(needed, optional=others)
    tag = {node.tag_field: node.tag} if node.tag_field else {}
    return fixed.map(lambda made: canonical(cls, {**tag, **made}))


def canonical(cls: type[msgspec.Struct], plain: dict[str, Any]) -> Any:
    return plain_value(msgspec.convert(plain, cls))


def documents() -> Strategy:
    """Documents that use whatever the types have; in shape, hardly ever publishable."""

    def once(made: dict[str, Any]) -> dict[str, Any]:
        for name, shape in document_lists().items():
            if name in made:
                made[name] = list({each[shape.key]: each for each in made[name]}.values())
        for ladder in made.get("ladders", []):
            ladder["tiers"] = list({each["code"]: each for each in ladder["tiers"]}.values())
        return {**made, "schema": SCHEMA}

    return structs(Document).map(once)


def struct_classes() -> list[type[msgspec.Struct]]:
    """Every struct that a document can hold, each kind of every union among them."""
    found: dict[type[msgspec.Struct], None] = {}
    _walk(inspect.type_info(Document), found)
    return [each for each in found if each is not Document]


def _walk(node: inspect.Type, found: dict[type[msgspec.Struct], None]) -> None:
    match node:
        case inspect.Metadata():
            _walk(node.type, found)
        case inspect.StructType():
            if node.cls not in found:
                found[node.cls] = None
                for field in node.fields:
                    _walk(field.type, found)
        case inspect.UnionType():
            for each in node.types:
                _walk(each, found)
        case inspect.VarTupleType() | inspect.ListType():
            _walk(node.item_type, found)
        case inspect.DictType():
            _walk(node.key_type, found)
            _walk(node.value_type, found)
