"""What an event carries as a plain list of fields, and the JSON Schema that the document writes of it.

What the list has no words for (a list's own fields, a length) is kept beside its field as it is. A schema that doesn't
come back from the list exactly as it was is shown as plain names with values instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from loyalty.admin.forms.shapes import tag_of
from loyalty.definition.basics import LocalText, Trigger
from loyalty.definition.eventtypes import EventType

Plain = dict[str, Any]
MOST_NAME, MOST_TEXT = 60, 300
FieldName = Annotated[str, Meta(min_length=1, max_length=MOST_NAME, examples=["rating"])]
# What travels with the form unseen.
Kept = Annotated[str, Meta(extra_json_schema={"format": "hidden"})]


class _Field(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    name: FieldName
    needed: bool = False
    description: Annotated[str, Meta(max_length=MOST_TEXT)] = ""
    kept: Kept = ""


class TextField(_Field, frozen=True, kw_only=True, tag="text"):
    pass


class WholeField(_Field, frozen=True, kw_only=True, tag="whole"):
    least: int | None = None
    most: int | None = None


class NumberField(_Field, frozen=True, kw_only=True, tag="number"):
    pass


class FlagField(_Field, frozen=True, kw_only=True, tag="flag"):
    pass


class DateField(_Field, frozen=True, kw_only=True, tag="date"):
    pass


class TimeField(_Field, frozen=True, kw_only=True, tag="time"):
    pass


class ChoiceField(_Field, frozen=True, kw_only=True, tag="choice"):
    choices: tuple[str, ...] = ()


class ListField(_Field, frozen=True, kw_only=True, tag="list"):
    pass


class GroupField(_Field, frozen=True, kw_only=True, tag="group"):
    pass


OneField = (
    TextField | WholeField | NumberField | FlagField | DateField | TimeField | ChoiceField | ListField | GroupField
)
# Kind → what the schema says of it.
_SAYS: dict[str, Plain] = {
    tag_of(TextField): {"type": "string"},
    tag_of(WholeField): {"type": "integer"},
    tag_of(NumberField): {"type": "number"},
    tag_of(FlagField): {"type": "boolean"},
    tag_of(DateField): {"type": "string", "format": "date"},
    tag_of(TimeField): {"type": "string", "format": "date-time"},
    tag_of(ChoiceField): {"type": "string"},
    tag_of(ListField): {"type": "array"},
    tag_of(GroupField): {"type": "object"},
}


class EventFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """others: whether an event may carry fields that aren't listed."""

    fields: tuple[OneField, ...] = ()
    others: bool = True
    kept: Kept = ""


class EventTypeForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A type of event as it is edited."""

    type: Trigger
    name: LocalText
    schema: EventFields = EventFields()


# --- schema → fields --------------------------------------------------------------------------------------------------
def fields_from(schema: Any) -> Plain | None:
    """The schema as a list of fields; None when the list can't say it."""
    properties = schema.get("properties", {}) if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping) or not all(_on_a_line(name, MOST_NAME) for name in properties):
        return None
    shown = _shown(dict(schema))
    return shown if schema_from(shown) == schema else None


def _shown(schema: Plain) -> Plain:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    rest = {key: value for key, value in schema.items() if key not in ("type", "properties", "required")}
    shown: Plain = {}
    if rest.get("additionalProperties") is False:
        del rest["additionalProperties"]
        shown["others"] = False
    if isinstance(required, list) and required != [name for name in properties if name in required]:
        rest["required"] = required
    if rest or (schema and not properties):
        shown["kept"] = _written(rest or {"type": "object"})
    listed = required if isinstance(required, list) else []
    if properties:
        shown["fields"] = [_field(str(name), inner, name in listed) for name, inner in properties.items()]
    return shown


def _field(name: str, schema: Any, needed: bool) -> Plain:
    rest = dict(schema) if isinstance(schema, Mapping) else {}
    kind = _kind(rest)
    shown: Plain = {"kind": kind, "name": name}
    if needed:
        shown["needed"] = True
    for said in _SAYS[kind]:
        rest.pop(said, None)
    if _on_a_line(rest.get("description"), MOST_TEXT):
        shown["description"] = rest.pop("description")
    if kind == tag_of(ChoiceField):
        shown["choices"] = rest.pop("enum")
    if kind == tag_of(WholeField):
        for ours, theirs in (("least", "minimum"), ("most", "maximum")):
            if type(rest.get(theirs)) is int:
                shown[ours] = rest.pop(theirs)
    if rest:
        shown["kept"] = _written({"kind": kind, "rest": rest})
    return shown


def _kind(schema: Plain) -> str:
    if schema.get("type") == "string" and _are_choices(schema.get("enum")):
        return tag_of(ChoiceField)
    for kind in (tag_of(DateField), tag_of(TimeField)):
        if _SAYS[kind].items() <= schema.items():
            return kind
    found = (kind for kind, says in _SAYS.items() if says == {"type": schema.get("type")})
    return next(found, tag_of(TextField))


def _are_choices(values: Any) -> bool:
    """Whether they can stand one a line."""
    return isinstance(values, list) and values != [] and all(_on_a_line(each, MOST_TEXT) for each in values)


def _on_a_line(text: Any, most: int) -> bool:
    """Whether a field of one line gives it back as it is."""
    return isinstance(text, str) and text == text.strip() and len(text) <= most and len(text.splitlines()) == 1


# --- fields → schema --------------------------------------------------------------------------------------------------
def schema_from(shown: Mapping[str, Any]) -> Plain:
    """The schema that a list of fields says; {} for one that asks for nothing."""
    rest = _read(shown.get("kept", ""))
    listed = rest.pop("required", [])
    before = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    fields = shown.get("fields", [])
    needed = [each["name"] for each in fields if each.get("needed")]
    schema: Plain = dict(rest)
    if shown.get("others") is False:
        schema["additionalProperties"] = False
    if fields:
        schema["properties"] = {each["name"]: _property(each) for each in fields}
    if needed:
        # In the order in which they were written.
        schema["required"] = sorted(needed, key=lambda name: before.index(name) if name in before else len(before))
    return {"type": "object", **schema} if schema else {}


def _property(field: Mapping[str, Any]) -> Plain:
    kept = _read(field.get("kept", ""))
    # What was said of a text doesn't go for a number.
    rest = kept.get("rest") if kept.get("kind") == field["kind"] else None
    schema = {**(rest if isinstance(rest, dict) else {}), **_SAYS[field["kind"]]}
    if field.get("description"):
        schema["description"] = field["description"]
    if field["kind"] == tag_of(ChoiceField):
        schema["enum"] = list(field.get("choices", ()))
    for ours, theirs in (("least", "minimum"), ("most", "maximum")):
        if field.get(ours) is not None:
            schema[theirs] = field[ours]
    return schema


def _written(kept: Plain) -> str:
    return msgspec.json.encode(kept).decode()


def _read(text: str) -> Plain:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


# --- the piece --------------------------------------------------------------------------------------------------------
def form_of(cls: type[Struct], plain: Mapping[str, Any] | None) -> type[Struct]:
    """What the piece is edited as: itself, but for a type of event whose schema is a list of fields."""
    if cls is not EventType or (plain is not None and fields_from(plain.get("schema", {})) is None):
        return cls
    return EventTypeForm


def to_form(plain: Mapping[str, Any]) -> Plain:
    return {**plain, "schema": fields_from(plain.get("schema", {})) or {}}


def from_form(made: Mapping[str, Any]) -> Plain:
    """The type of event as the document writes it."""
    return {**made, "schema": schema_from(made.get("schema", {}))}


def twice_named(made: Mapping[str, Any]) -> list[str]:
    """Paths of fields that are called like one before them."""
    names = [each["name"] for each in made.get("schema", {}).get("fields", [])]
    return [f"schema.fields[{at}].name" for at, name in enumerate(names) if name in names[:at]]


def path_on_form(path: str, made: Mapping[str, Any]) -> str:
    """Where on the form stands what the schema has at the path."""
    start, _dot, rest = path.removeprefix("schema.properties.").partition(".")
    if not path.startswith("schema.properties."):
        return path
    names = [each.get("name") for each in made.get("schema", {}).get("fields", []) if isinstance(each, Mapping)]
    if start not in names:
        return path
    inner = {"enum": "choices", "minimum": "least", "maximum": "most"}.get(rest, rest)
    return f"schema.fields[{names.index(start)}].{inner}"
