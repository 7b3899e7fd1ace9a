"""What an event carries as a plain list: nothing of its schema is lost, whether the list has words for it or not."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.admin.forms.attributes import claimable_types, event_types
from loyalty.admin.forms.editor import StructForm
from loyalty.definition.eventtypes import EventType
from tests.backoffice.browsing import html_of, query, sent_by
from tests.backoffice.typist import Sent, Typist

RIDE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "km": {"type": "integer", "minimum": 0, "maximum": 500, "exclusiveMaximum": 501},
        "place": {"type": "string", "description": "Where it began", "maxLength": 40},
        "bike": {"type": "string", "enum": ["road", "city"]},
        "day": {"type": "string", "format": "date"},
        "with_friends": {"type": "boolean", "default": False},
        "stops": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
    },
    "required": ["day", "km"],
    "additionalProperties": False,
}


def opened(schema: dict[str, Any]) -> StructForm:
    return StructForm(EventType, plain={"type": "ride.done", "name": "Ride", "schema": schema}, whole={}, key="type")


def saved(schema: dict[str, Any], **typed: str) -> Any:
    sent = sent_by(opened(schema), **{name.replace("__", "."): value for name, value in typed.items()})
    form = StructForm(EventType, plain=opened(schema).before, whole={}, key="type", sent=sent)
    made = form.made()
    return made.get("schema", {}) if made is not None else form.errors


@pytest.mark.parametrize(
    "schema",
    [
        RIDE,
        {},
        {"type": "object"},
        {"type": "object", "properties": {}},
        {"type": "object", "additionalProperties": True},
        {"type": "object", "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": []},
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "number"}}, "required": ["b", "a"]},
        {"type": "object", "properties": {"a": {"type": ["string", "null"]}}},
        {"type": "object", "properties": {"a": {"type": "string", "enum": ["x", 1]}, "b": {"enum": ["x"]}, "c": 5}},
        {"type": "object", "properties": {"": {"type": "string"}}},
        {"type": "array", "items": {}},
        {"anything": ["at", {"all": None}]},
    ],
)
def test_a_schema_that_is_saved_as_it_was_opened_stays_as_it_is(schema: dict[str, Any]) -> None:
    assert saved(schema) == schema


def test_a_field_that_is_changed_keeps_what_the_list_has_no_words_for() -> None:
    after = saved(RIDE, p__schema__fields__1__description="Where it ended", p__schema__fields__0__most="90")
    assert after["properties"]["place"] == {"type": "string", "description": "Where it ended", "maxLength": 40}
    assert after["properties"]["km"] == {"type": "integer", "minimum": 0, "maximum": 90, "exclusiveMaximum": 501}
    assert after["properties"]["stops"] == RIDE["properties"]["stops"]


def test_a_text_that_becomes_a_number_leaves_behind_what_only_texts_have() -> None:
    after = saved(RIDE, p__schema__fields__1__kind="number")
    assert after["properties"]["place"] == {"type": "number", "description": "Where it began"}


def test_two_fields_of_one_name_are_refused_beside_the_second() -> None:
    assert saved(RIDE, p__schema__fields__1__name="km") == {"p.schema.fields.1.name": ["This name stands here twice."]}


@pytest.mark.parametrize("kept", ["no json", "[1]", '{"rest": 5, "kind": "text"}', "[" * 5000, '{"required": 4}'])
def test_what_travels_unseen_and_comes_back_broken_breaks_nothing(kept: str) -> None:
    after = saved(RIDE, p__schema__fields__1__kept=kept, p__schema__kept=kept)
    assert after["properties"]["place"] == {"type": "string", "description": "Where it began"}


def test_a_problem_of_the_schema_stands_beside_its_field() -> None:
    form = opened(RIDE)
    form.place([{"path": "schema.properties.km.minimum", "problem": "Wrong.", "mend": ""}])
    assert form.errors == {"p.schema.fields.0.least": ["Wrong."]}


def test_a_new_type_of_event_is_made_with_ordinary_fields() -> None:
    def form(sent: Sent | None) -> StructForm:
        return StructForm(EventType, plain=None, whole={}, key="type", sent=query(sent) if sent is not None else None)

    typist = Typist(html_of(form(None)), lambda sent: html_of(form(sent)))
    typist.write("p.type", "ride.done")
    typist.write("p.name", "Ride")
    typist.write("p.schema.fields", [{"kind": "choice", "name": "bike", "needed": True, "choices": ["road", "city"]}])
    assert form(typist.sent()).made() == {
        "type": "ride.done",
        "name": "Ride",
        "schema": {
            "type": "object",
            "properties": {"bike": {"type": "string", "enum": ["road", "city"]}},
            "required": ["bike"],
        },
    }


def test_a_rule_can_wait_for_a_claim_and_a_claim_becomes_nothing_that_the_shop_tells() -> None:
    whole = {
        "claim_types": [{"code": "follow", "name": "I follow you", "event_type": "social.followed"}],
        "event_types": [{"type": "class.attended", "name": "A class"}],
    }
    known = dict(event_types(whole))
    assert known["social.followed"] == "When a claim of “I follow you” is approved (social.followed)"
    assert "order.paid" in known
    assert sorted(dict(claimable_types(whole))) == ["class.attended", "social.followed"]
    assert claimable_types({}) == []
