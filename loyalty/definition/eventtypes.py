"""The brand's own events: what they are called and what they carry."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from loyalty.definition.attributes import FIXED
from loyalty.definition.basics import LocalText, Trigger
from loyalty.definition.jsonschema import schema_problems
from loyalty.definition.partchecks import text_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.translation import N_, Teller


class EventType(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """schema: JSON Schema of the event's data, in the part of it that jsonschema.py knows; empty: anything.

    An event that doesn't fit is refused when it is sent; a rule that asks for what isn't there, when it is published.
    """

    type: Trigger
    name: LocalText
    schema: dict[str, Any] = {}

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from text_problems(self.name, f"{path}.name", 120)
        if self.type in FIXED:
            yield Problem(
                f"{path}.type",
                phrase("%(type)s has a shape of its own.", type=self.type),
                phrase("Describe types of your own only."),
            )
            return
        if self.schema:
            yield from schema_problems(self.schema, f"{path}.schema")

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("%(name)s (%(type)s)"), name=teller.text(self.name), type=self.type)
