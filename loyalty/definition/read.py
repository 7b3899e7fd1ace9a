"""Reading and writing a document: text or plain values in, a checked Document out, and back without loss."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from loyalty.definition.checks import document_problems
from loyalty.definition.document import SCHEMA, Document
from loyalty.definition.parsing import parse, plain_problem, yaml_text
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import DefinitionError, Problem
from loyalty.definition.sections import sections_known
from loyalty.definition.shape import shape_problem
from loyalty.definition.translation import number_text
from loyalty.definition.upgrades import upgrade_1

# From a schema number to what turns its plain values into those of the next one.
UPGRADES: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: upgrade_1}


def document_decode(source: bytes | str | Mapping[str, Any]) -> Document:
    """JSON or YAML text, or plain values. Raises DefinitionError, which names every place and what would be right.

    Older schema versions are upgraded. What is returned can be compiled.
    """
    document = document_shape(source)
    problems = document_problems(document)
    if problems:
        raise DefinitionError(problems)
    return document


def document_shape(source: bytes | str | Mapping[str, Any]) -> Document:
    """Like document_decode, but of types only: for a draft that isn't finished. It may not compile."""
    raw = parse(source) if isinstance(source, bytes | str) else dict(source)
    if not isinstance(raw, dict):
        raise DefinitionError(
            [Problem("", phrase("The document isn't an object."), phrase("Start with program:, currencies:, rules:."))]
        )
    problem = plain_problem(raw)
    if problem is not None:
        raise DefinitionError([problem])
    raw = document_upgrade(raw)
    try:
        document = msgspec.convert(raw, Document)
    except msgspec.ValidationError as error:
        raise DefinitionError([shape_problem(error, Document, raw)]) from None
    return msgspec.structs.replace(document, sections=_canonical(document.sections)) if document.sections else document


def _canonical(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Each section as its type writes it, so that two that say the same are the same; one out of shape as it is."""
    found = {}
    for name, raw in sections.items():
        shape = sections_known().get(name)
        try:
            found[name] = plain_value(msgspec.convert(raw, shape)) if shape is not None else raw
        except msgspec.ValidationError:
            found[name] = raw
    return found


def document_upgrade(raw: dict[str, Any]) -> dict[str, Any]:
    """Plain values of an older schema as those of this one; DefinitionError for a number that isn't known."""
    schema = raw.get("schema", SCHEMA)
    if type(schema) is not int or schema < 1 or schema > SCHEMA:
        raise DefinitionError(
            [
                Problem(
                    "schema",
                    phrase("Schema %(schema)r isn't known here.", schema=schema),
                    phrase("Say %(schema)s, or update the product.", schema=SCHEMA),
                )
            ]
        )
    while schema < SCHEMA:
        raw, schema = {**UPGRADES[schema](raw), "schema": schema + 1}, schema + 1
    return raw


def document_plain(document: Document) -> dict[str, Any]:
    """Plain values, ready for JSON, in the order of the types and without what is at its default.

    Leaving defaults out keeps the hash of a document when a later schema adds a field.
    """
    return {"schema": document.schema, **_plain_struct(document)}


def document_encode(document: Document) -> bytes:
    """Canonical JSON: the same document is always the same bytes. document_decode reads it back to an equal one."""
    return msgspec.json.encode(document_plain(document), order="sorted")


def document_hash(document: Document) -> bytes:
    """SHA-256 of the canonical JSON, 32 bytes."""
    return hashlib.sha256(document_encode(document)).digest()


def document_yaml(document: Document) -> str:
    """The document as a file for people."""
    return yaml_text(document_plain(document))


def document_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document."""
    schema = msgspec.json.schema(Document)
    _widen_decimals(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _widen_decimals(node: Any) -> None:
    """Decimals are read from numbers too, and whole ones are written as numbers."""
    if isinstance(node, dict):
        if node.get("format") == "decimal":
            node["type"] = ["string", "number"]
        for each in node.values():
            _widen_decimals(each)
    elif isinstance(node, list):
        for each in node:
            _widen_decimals(each)


def plain_value(value: Any) -> Any:
    """A piece of a document as plain values."""
    if isinstance(value, msgspec.Struct):
        return _plain_struct(value)
    if isinstance(value, tuple | list):
        return [plain_value(each) for each in value]
    if isinstance(value, dict):
        return {key: plain_value(each) for key, each in value.items()}
    if isinstance(value, Decimal):
        text = number_text(value)
        return int(text) if text.removeprefix("-").isdigit() else text
    return value


def _plain_struct(struct: msgspec.Struct) -> dict[str, Any]:
    config = struct.__struct_config__
    plain: dict[str, Any] = {str(config.tag_field): config.tag} if config.tag is not None else {}
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        default = field.default if field.default is not msgspec.NODEFAULT else _made(field)
        if field.name == "schema" and isinstance(struct, Document):
            continue
        # 1 equals True, and yet says something else.
        if default is msgspec.NODEFAULT or value != default or isinstance(value, bool) != isinstance(default, bool):
            plain[field.encode_name] = plain_value(value)
    return plain


def _made(field: msgspec.structs.FieldInfo) -> Any:
    factory = field.default_factory
    return factory() if callable(factory) else msgspec.NODEFAULT
