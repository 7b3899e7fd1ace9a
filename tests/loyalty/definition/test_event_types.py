"""A brand's own events: what their schema may say, what doesn't fit it, and rules that ask for what isn't there."""

from __future__ import annotations

from typing import Any, get_type_hints

import msgspec
import pytest

from loyalty.definition.attributes import FIXED, attributes_of
from loyalty.definition.jsonschema import value_faults
from loyalty.definition.read import document_decode
from loyalty.payloads import OrderPaid, OrderReturned
from tests.loyalty.definition.mistakes import problems
from tests.loyalty.rules.sample import fixed, per_money, plain, rule

ROOM = {"type": "object", "properties": {"m2": {"type": "number"}}}
SCHEMA = {
    "type": "object",
    "required": ["class"],
    "additionalProperties": False,
    "properties": {
        "class": {
            "type": "object",
            "required": ["minutes"],
            "properties": {
                "minutes": {"type": "integer", "minimum": 1, "maximum": 600},
                "teacher": {"type": "string", "minLength": 2, "maxLength": 10},
                "level": {"type": "string", "enum": ["easy", "hard"]},
                "held_on": {"type": "string", "format": "date"},
                "paid": {"type": "boolean"},
                "rooms": {"type": "array", "maxItems": 2, "items": ROOM},
            },
        },
    },
}  # fmt: skip


def document(*rules: dict[str, Any], schema: Any = SCHEMA, **parts: Any) -> dict[str, Any]:
    event_types = [{"type": "class.attended", "name": "A class", "schema": schema}]
    return plain(list(rules), event_types=event_types, **parts)


def asking(path: str, operator: str = "exists", value: Any = True) -> dict[str, Any]:
    when = {"kind": "attribute", "path": path, "operator": operator, "value": value}
    return rule("a", trigger="class.attended", when=when)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"class": {"minutes": 60, "teacher": "Jo", "level": "easy", "held_on": "2026-03-04", "paid": True}}, None),
        ({}, "data.class"),
        ({"class": {}}, "data.class.minutes"),
        ({"class": {"minutes": 0}}, "data.class.minutes"),
        ({"class": {"minutes": 601}}, "data.class.minutes"),
        ({"class": {"minutes": True}}, "data.class.minutes"),
        ({"class": {"minutes": 1.5}}, "data.class.minutes"),
        ({"class": {"minutes": 5, "teacher": "J"}}, "data.class.teacher"),
        ({"class": {"minutes": 5, "teacher": "J" * 11}}, "data.class.teacher"),
        ({"class": {"minutes": 5, "level": "medium"}}, "data.class.level"),
        ({"class": {"minutes": 5, "held_on": "tomorrow"}}, "data.class.held_on"),
        ({"class": {"minutes": 5, "rooms": [{"m2": 1}, {"m2": "2"}]}}, "data.class.rooms[1].m2"),
        ({"class": {"minutes": 5, "rooms": [{}, {}, {}]}}, "data.class.rooms"),
        ({"class": {"minutes": 5, "own": "thing"}}, None),
        ({"class": {"minutes": 5}, "own": "thing"}, "data.own"),
    ],
)
def test_an_event_is_held_to_its_schema(data: dict[str, Any], path: str | None) -> None:
    assert [each.path for each in value_faults(SCHEMA, data, "data")] == ([path] if path else [])


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"type": "string"}, "type"),
        ({"type": "object", "patternProperties": {}}, "patternProperties"),
        ({"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+"}}}, "properties.a.pattern"),
        ({"type": "object", "properties": {"a": {"$ref": "#/b"}}}, "properties.a.type"),
        ({"type": "object", "properties": {"a": {"type": ["string", "null"]}}}, "properties.a.type"),
        ({"type": "object", "properties": {"a": 1}}, "properties.a"),
        ({"type": "object", "properties": []}, "properties"),
        ({"type": "object", "required": ["a"]}, "required[0]"),
        ({"type": "object", "required": "a"}, "required"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "additionalProperties"),
        ({"type": "object", "properties": {"a": {"type": "integer", "minimum": "1"}}}, "properties.a.minimum"),
        ({"type": "object", "properties": {"a": {"type": "string", "maxLength": -1}}}, "properties.a.maxLength"),
        ({"type": "object", "properties": {"a": {"type": "string", "format": "email"}}}, "properties.a.format"),
        ({"type": "object", "properties": {"a": {"type": "string", "enum": []}}}, "properties.a.enum"),
        ({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "x"}}}}, "properties.a.items.type"),
    ],
)
def test_a_schema_that_would_not_be_held_to_is_refused(schema: dict[str, Any], path: str) -> None:
    found = problems(document(rule("a"), schema=schema))
    assert [each.path for each in found] == [f"event_types[0].schema.{path}"]


def test_a_shape_of_the_products_own_cant_be_described_anew_and_a_type_stands_there_once() -> None:
    own = plain([rule("a")], event_types=[{"type": "order.paid", "name": "Order", "schema": {}}])
    assert [each.path for each in problems(own)] == ["event_types[0].type"]
    twice = plain([rule("a")], event_types=[{"type": "x.y", "name": "X"}, {"type": "x.y", "name": "Y"}])
    assert [each.path for each in problems(twice)] == ["event_types[1].type"]


@pytest.mark.parametrize(
    ("asked", "path", "mend"),
    [
        (("class.minuts",), "path", "class.minutes"),
        (("class.minutes", "eq", "long"), "value", "a number"),
        (("class.teacher", "gt", 5), "value", "eq, in or contains"),
        (("class.teacher", "eq", 5), "value", "a text"),
        (("class.paid", "eq", "yes"), "value", "true or false"),
        (("class.rooms.m2", "ge", 10), None, ""),
        (("class.held_on", "ge", "2026-01-01"), None, ""),
        (("class.level", "in", ["easy", "hard"]), None, ""),
        (("class", "exists", True), None, ""),
        (("class", "eq", "x"), "path", "class."),
    ],
)
def test_a_rule_that_asks_for_what_is_not_there_is_told_what_is(asked: Any, path: str | None, mend: str) -> None:
    if path is None:
        document_decode(document(asking(*asked)))
        return
    [found] = problems(document(asking(*asked)))
    assert found.path == f"rules[0].when.{path}"
    assert mend in found.mend


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"when": {"kind": "attribute", "path": "order.lines.skuu", "operator": "eq", "value": "A"}}, "when.path"),
        (
            {"when": {"kind": "line", "where": [{"path": "skuu", "operator": "eq", "value": "A"}]}},
            "when.where[0].path",
        ),
        ({"when": {"kind": "line", "of": "order.line"}}, "when.of"),
        (
            {"limits": [{"per": "member_value", "attribute": "order.chanel", "period": "day", "at_most": 1}]},
            "limits[0].attribute",
        ),
    ],
)
def test_an_unknown_attribute_of_an_order_is_refused_with_the_nearest(fields: dict[str, Any], path: str) -> None:
    [found] = problems(plain([rule("a", **fields)]))
    assert found.path == f"rules[0].{path}"
    assert found.mend.startswith("Did you mean order.")


def test_effects_and_counters_ask_for_attributes_too() -> None:
    lines = per_money(lines={"without": [{"path": "tag", "operator": "eq", "value": "sale"}]})
    units = {"kind": "points_per_unit", "currency": "points", "of": "order.lines.qty"}
    counters = [{"code": "c", "name": "C", "trigger": "order.paid", "measure": {"kind": "sum", "path": "order.nett"}}]
    assert [each.path for each in problems(plain([rule("a", lines, units)], counters=counters))] == [
        "counters[0].measure.path",
        "rules[0].effects[0].lines.without[0].path",
        "rules[0].effects[1].of",
    ]


def _paths(shape: Any, path: str) -> set[str]:
    """Every path of a payload's own type."""
    node = msgspec.inspect.type_info(shape)
    found: set[str] = set()

    def walk(each: Any, here: str) -> None:
        if isinstance(each, msgspec.inspect.Metadata):
            walk(each.type, here)
        elif isinstance(each, msgspec.inspect.UnionType):
            for one in each.types:
                walk(one, here)
        elif isinstance(each, msgspec.inspect.ListType):
            walk(each.item_type, here)
        elif isinstance(each, msgspec.inspect.StructType):
            for field in each.fields:
                walk(field.type, f"{here}.{field.encode_name}".lstrip("."))
        if here:
            found.add(here)

    walk(node, path)
    return found


@pytest.mark.parametrize(("event_type", "shape"), [("order.paid", OrderPaid), ("order.returned", OrderReturned)])
def test_the_known_attributes_are_those_of_the_payloads(event_type: str, shape: Any) -> None:
    assert get_type_hints(shape)
    assert set(FIXED[event_type]) == _paths(shape, "")


def test_an_event_type_without_a_schema_may_carry_anything() -> None:
    made = document_decode(plain([rule("a", fixed(1))], event_types=[{"type": "x.y", "name": "X"}]))
    assert attributes_of(made, "x.y") is None
    assert attributes_of(document_decode(document(rule("a"))), "class.attended") == {
        "class": "object",
        "class.minutes": "number",
        "class.teacher": "text",
        "class.level": "text",
        "class.held_on": "day",
        "class.paid": "flag",
        "class.rooms": "object",
        "class.rooms.m2": "number",
    }


def test_an_audience_asks_about_the_member_only() -> None:
    time = {"kind": "time", "weekdays": ["mon"]}
    segment = {"kind": "segment", "any_of": ["big"]}
    [found] = problems(plain([rule("a", audience={"kind": "all", "of": [segment, time]})]))
    assert found.path == "rules[0].audience.of[1]"
    document_decode(plain([rule("a", audience=segment)]))
