"""Which kind of field a shape is shown as."""

from __future__ import annotations

from loyalty.admin.forms.references import is_open, is_reference
from loyalty.admin.forms.shapes import Choice, Field, Group, Number, Rows, Shape, Text, fields_of

# The end of the pattern that a text has → the type of the browser's own field.
_INPUTS = {
    r"T\d{2}:\d{2}$(?!\n)": "datetime-local",
    r"^\d{4}-\d{2}-\d{2}$(?!\n)": "date",
    r":[0-5][0-9]$(?!\n)": "time",
}
# The longest text that is one line.
LONG = 200


def is_money(field: Field | None, shape: Shape) -> bool:
    """Whether it is an amount in minor units, which is shown in the money's own."""
    return field is not None and isinstance(shape, Number) and shape.kind == "int" and field.name.endswith("_minor")


def is_ticked(field: Field | None, shape: Rows) -> bool:
    """Whether a list is chosen from what there is, by ticking: choices, or pieces of the draft."""
    named = isinstance(shape.item, Text) and (is_reference(field) or is_open(field))
    return isinstance(shape.item, Choice) or named


def is_inline(shape: Group) -> bool:
    """Whether nothing but empty fields says that the group isn't there: all of them may be left empty."""
    return all(each.nullable and each.default is None for each in fields_of(shape.cls).values())


def input_type(shape: Text) -> str:
    """The type of the browser's field."""
    for end, kind in _INPUTS.items():
        if shape.pattern is not None and shape.pattern.endswith(end):
            return kind
    return "text"


def is_long(shape: Text) -> bool:
    return shape.pattern is None and shape.most is not None and shape.most > LONG


def is_told_at_length(field: Field) -> bool:
    """A text per language that has room for more than a line."""
    return field.name in ("terms", "page") or (field.name == "description" and "terms" in fields_of(field.owner))


def is_open_text(field: Field | None, shape: Shape) -> bool:
    return isinstance(shape, Text) and is_open(field)
