"""What a tier gives who rises to it, as rules like others: for `tier.reached`, under the code `<ladder>__<tier>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loyalty.definition.basics import LocalText
from loyalty.definition.conditions import All, AttributeTest
from loyalty.definition.rule import Rule
from loyalty.definition.translation import text_in

if TYPE_CHECKING:
    from loyalty.definition.document import Document

TIER_REACHED = "tier.reached"


def entry_code(ladder: str, tier: str) -> str:
    return f"{ladder}__{tier}"


def entry_rules(document: Document) -> tuple[Rule, ...]:
    """One per tier that gives something, in the document's order."""
    return tuple(
        Rule(
            code=entry_code(ladder.code, tier.code),
            name=tier.name,
            description=_told(tier.name),
            trigger=TIER_REACHED,
            when=All(of=(_is("ladder", ladder.code), _is("tier", tier.code))),
            effects=tier.entry_effects,
            group="tier_entry",
        )
        for ladder in document.ladders
        for tier in ladder.tiers
        if tier.entry_effects
    )


def _is(path: str, value: str) -> AttributeTest:
    return AttributeTest(path=path, operator="eq", value=value)


def _told(name: LocalText) -> dict[str, str]:
    """What members read; kept with the entry in each language."""
    return {"en": f"You reached {text_in(name, 'en')}", "nl": f"Je bereikte {text_in(name, 'nl')}"}
