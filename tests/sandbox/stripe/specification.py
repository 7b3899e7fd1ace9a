"""Stripe's own OpenAPI document as a judge of requests and answers."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema_rs

from sandbox.stripe.shapes import root_of
from sandbox.stripe.specification import fetch

Json = dict[str, Any]


@cache
def document() -> Json:
    """The document, fetched once into var/, with `nullable` said in the words of JSON Schema."""
    return _plain(json.loads(fetch().read_text()))


def _plain(part: Any) -> Any:
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {key: _plain(value) for key, value in part.items() if key != "nullable"}
    if part.get("nullable") is not True:
        return made
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        return made
    return {"anyOf": [made, {"type": "null"}]}


@cache
def _judge(name: str) -> Any:
    """Judges an object by the schema of this name."""
    root = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": document()["components"]["schemas"]}}
    return jsonschema_rs.validator_for(root)


def complaints(thing: Json, name: str) -> list[str]:
    """What the document has against this object; empty where nothing."""
    return [f"{name}{error.instance_path}: {error.message[:200]}" for error in _judge(name).iter_errors(thing)]


def object_complaints(body: Json) -> list[str]:
    """The same for any object of an answer, found by what it says that it is; a list's elements one by one."""
    if body.get("object") == "list":
        return [problem for one in body["data"] for problem in object_complaints(one)]
    return complaints(body, "event" if body["object"] == "event" else schema_of(body))


def schema_of(body: Json) -> str:
    """The schema's name for an object."""
    if body.get("deleted"):
        return f"deleted_{body['object']}"
    return root_of(body)
