"""The lists of the document, told from its own type: what each holds and by which field its pieces are known."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct, inspect

from loyalty.definition.document import Document
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems


class ListShape(Struct, frozen=True):
    """One list at the top of the document. key: the field that is unique within it, `code` wherever there is one."""

    name: str
    item: type[Struct]
    key: str


@cache
def document_lists() -> dict[str, ListShape]:
    """Every list of pieces, in the order of the document. A list that joins the type is found by itself."""
    found: dict[str, ListShape] = {}
    document = inspect.type_info(Document)
    if not isinstance(document, inspect.StructType):
        raise TypeError("the document is no struct")
    for field in document.fields:
        item = _item(field.type)
        if item is not None:
            names = [each.encode_name for each in item.fields]
            found[field.encode_name] = ListShape(field.encode_name, item.cls, "code" if "code" in names else names[0])
    return found


@cache
def settings_struct() -> type[Struct]:
    """What of the document stands in no list: the program's settings and what is said once, as one struct."""
    apart = {*document_lists(), "schema", "sections"}
    fields: list[Any] = []
    for each in msgspec.structs.fields(Document):
        if each.encode_name in apart:
            continue
        kind: Any = each.type
        if each.required:
            fields.append((each.name, kind))
        elif each.default is not msgspec.NODEFAULT:
            fields.append((each.name, kind, each.default))
        else:
            fields.append((each.name, kind, msgspec.field(default_factory=each.default_factory)))
    return msgspec.defstruct("Settings", fields, kw_only=True, frozen=True, forbid_unknown_fields=True)


def settings_plain(whole: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a whole document's plain values."""
    return {name: whole[name] for name in settings_struct().__struct_fields__ if name in whole}


def _item(node: inspect.Type) -> inspect.StructType | None:
    if isinstance(node, inspect.Metadata):
        return _item(node.type)
    if isinstance(node, inspect.VarTupleType | inspect.ListType):
        item = node.item_type
        while isinstance(item, inspect.Metadata):
            item = item.type
        return item if isinstance(item, inspect.StructType) else None
    return None


def piece_key(name: str, plain: dict[str, Any]) -> str:
    """What a piece of that list is known by; "" when it has none yet."""
    shape = document_lists().get(name)
    return str(plain.get(shape.key if shape is not None else "code", ""))


def codes_twice(plain: dict[str, Any]) -> Problems:
    """Pieces of a list, and tiers of a ladder, that are known by the same code as one before them."""
    for name, shape in document_lists().items():
        yield from _twice(plain.get(name, []), shape.key, name)
    for index, ladder in enumerate(plain.get("ladders", [])):
        yield from _twice(ladder.get("tiers", []), "code", f"ladders[{index}].tiers")


def _twice(pieces: list[dict[str, Any]], key: str, path: str) -> Problems:
    first: dict[str, int] = {}
    for index, each in enumerate(pieces):
        code = str(each.get(key, ""))
        if code in first:
            yield Problem(
                f"{path}[{index}].{key}",
                phrase("%(code)r is %(path)s[%(first)s]'s too.", code=code, path=path, first=first[code]),
                phrase("Give it another."),
            )
        first.setdefault(code, index)
