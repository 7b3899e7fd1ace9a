"""What a field of the document is, told from its type."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Struct, inspect

from loyalty.definition.read import plain_value


class Missing:
    """Stands for a value that isn't there."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


class Shape(Struct, frozen=True):
    """The base of all."""


class Text(Shape, frozen=True):
    """hidden: travels with the form unseen."""

    pattern: str | None = None
    least: int = 0
    most: int | None = None
    help: str = ""
    example: str = ""
    hidden: bool = False


class Number(Shape, frozen=True):
    """kind: int, decimal or float."""

    kind: str
    low: float | None = None
    high: float | None = None


class Flag(Shape, frozen=True):
    pass


class Choice(Shape, frozen=True):
    values: tuple[Any, ...]


class Local(Shape, frozen=True):
    """A text for everyone, or one per language."""


class Scalars(Shape, frozen=True):
    """A text, a number or yes/no; with several, also a list of those."""

    several: bool


class Anything(Shape, frozen=True):
    """Plain values of any kind."""


class Group(Shape, frozen=True):
    cls: type[Struct]


class Kinds(Shape, frozen=True):
    """One of several structs, told apart by a tag."""

    classes: tuple[type[Struct], ...]

    @property
    def tag_field(self) -> str:
        return str(self.classes[0].__struct_config__.tag_field)

    @property
    def first(self) -> type[Struct]:
        """What a new one begins as: the first kind that doesn't hold others of its kind."""
        return next((each for each in self.classes if not self.nests(each)), self.classes[0])

    def nests(self, cls: type[Struct]) -> bool:
        """Whether that kind holds a list of such kinds."""
        return any(isinstance(each.shape, Rows) and each.shape.item == self for each in fields_of(cls).values())

    def of(self, plain: Any) -> type[Struct] | None:
        tag = plain.get(self.tag_field) if isinstance(plain, dict) else None
        return next((each for each in self.classes if each.__struct_config__.tag == tag), None)


class Rows(Shape, frozen=True):
    item: Shape


class Pairs(Shape, frozen=True):
    key: Shape
    value: Shape


class Field(Struct, frozen=True):
    """nullable: nothing is a value of its own. default: plain, MISSING where the field is needed."""

    owner: type[Struct]
    name: str
    shape: Shape
    nullable: bool = False
    default: Any = MISSING

    @property
    def needed(self) -> bool:
        return self.default is MISSING


@cache
def fields_of(cls: type[Struct]) -> dict[str, Field]:
    """The fields of a struct by the name that the document writes."""
    node = inspect.type_info(cls)
    if not isinstance(node, inspect.StructType):
        raise TypeError(f"{cls} is no struct")
    found = {}
    hints = get_type_hints(cls, include_extras=True)
    for each in node.fields:
        shape, nullable = shape_of(each.type)
        shape = _in_order(shape, hints.get(each.name))
        found[each.encode_name] = Field(cls, each.encode_name, shape, nullable, _default(each))
    return found


def _in_order(shape: Shape, hint: Any) -> Shape:
    """Choices in the order in which the type names them: what tells of types sorts them."""
    if isinstance(shape, Rows):
        return Rows(_in_order(shape.item, hint))
    if isinstance(shape, Choice):
        for values in _literals(hint):
            if set(values) == set(shape.values):
                return Choice(values)
    return shape


def _literals(hint: Any) -> Iterator[tuple[Any, ...]]:
    if get_origin(hint) is Literal:
        yield get_args(hint)
        return
    for each in get_args(hint):
        yield from _literals(each)


def tag_of(cls: type[Struct]) -> str:
    return str(cls.__struct_config__.tag)


def _default(field: inspect.Field) -> Any:
    if field.default is not NODEFAULT:
        return plain_value(field.default)
    if callable(field.default_factory):
        return plain_value(field.default_factory())
    return MISSING


def shape_of(node: inspect.Type) -> tuple[Shape, bool]:
    """The shape of a type, and whether nothing is allowed too."""
    extra: dict[str, Any] = {}
    while isinstance(node, inspect.Metadata):
        extra, node = {**(node.extra_json_schema or {}), **extra}, node.type
    if isinstance(node, inspect.UnionType):
        return _union(node)
    return _plain_shape(node, extra), False


def _union(node: inspect.UnionType) -> tuple[Shape, bool]:
    extras: dict[str, Any] = {}
    types = []
    for each in node.types:
        while isinstance(each, inspect.Metadata):
            extras, each = {**extras, **(each.extra_json_schema or {})}, each.type
        types.append(each)
    nullable = any(isinstance(each, inspect.NoneType) for each in types)
    types = [each for each in types if not isinstance(each, inspect.NoneType)]
    structs = tuple(each.cls for each in types if isinstance(each, inspect.StructType))
    if len(types) == 1:
        return _plain_shape(types[0], extras), nullable
    if structs and len(structs) == len(types):
        return Kinds(structs), nullable
    kinds = {type(each) for each in types}
    if kinds == {inspect.StrType, inspect.DictType}:
        return Local(), nullable
    scalars = {inspect.StrType, inspect.IntType, inspect.FloatType, inspect.BoolType}
    if kinds <= {*scalars, inspect.VarTupleType, inspect.ListType}:
        return Scalars(several=bool(kinds - scalars)), nullable
    return Anything(), nullable


def _plain_shape(node: inspect.Type, extra: dict[str, Any]) -> Shape:
    match node:
        case inspect.StrType():
            examples = extra.get("examples") or [""]
            return Text(
                node.pattern, node.min_length or 0, node.max_length, extra.get("description", ""), str(examples[0]),
                hidden=extra.get("format") == "hidden",
            )  # fmt: skip
        case inspect.IntType():
            return Number("int", node.ge if node.ge is not None else node.gt, node.le)
        case inspect.FloatType():
            return Number("float", node.ge, node.le)
        case inspect.DecimalType():
            return Number("decimal")
        case inspect.BoolType():
            return Flag()
        case inspect.LiteralType():
            return Choice(tuple(node.values))
        case inspect.StructType():
            return Group(node.cls) if node.tag is None else Kinds((node.cls,))
        case inspect.VarTupleType() | inspect.ListType():
            return Rows(shape_of(node.item_type)[0])
        case inspect.DictType():
            return Pairs(shape_of(node.key_type)[0], shape_of(node.value_type)[0])
    return Anything()


def fresh(shape: Shape) -> Any:
    """What a new one of the shape begins with; MISSING for what only a person can fill in."""
    match shape:
        case Kinds():
            return fresh_kind(shape.first)
        case Group():
            return fresh_fields(shape.cls)
        case Rows():
            return []
        case Pairs():
            return {}
        case Choice():
            return shape.values[0]
        case Flag():
            return False
    return MISSING


def fresh_kind(cls: type[Struct]) -> dict[str, Any]:
    """A new one of that kind."""
    return {str(cls.__struct_config__.tag_field): tag_of(cls), **fresh_fields(cls)}


def fresh_fields(cls: type[Struct]) -> dict[str, Any]:
    found = {}
    for field in fields_of(cls).values():
        if isinstance(field.shape, Scalars):
            found[field.name] = ""
        elif field.needed:
            value = fresh(field.shape)
            if isinstance(field.shape, Rows) and isinstance(field.shape.item, Kinds | Group):
                value = [fresh(field.shape.item)]
            if value is not MISSING:
                found[field.name] = value
    return found


def canonical(cls: type[Struct], plain: Any) -> dict[str, Any]:
    """The struct as the document writes it: without what is at its default. msgspec.ValidationError."""
    written: dict[str, Any] = plain_value(msgspec.convert(plain, cls))
    return written
