"""Named messages that rules send: the section `messages` of a program's document.

A text may hold placeholders in braces: {name}, {brand}, {program}, {date}, {earned}, {balance}, {tier}; the last three
also for one currency or ladder, as in {earned.stars}. Braces around anything else are refused, a lone brace is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from msgspec import Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.sections import MESSAGES
from loyalty.definition.translation import N_, Teller

SECTION = MESSAGES
MAX_MESSAGES, MAX_SUBJECT, MAX_TEXT = 200, 120, 4_000
PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
PLAIN = ("name", "brand", "program", "date", "earned", "balance", "tier")
# Placeholder → what may stand after its dot.
_OF = {"earned": "currencies", "balance": "currencies", "tier": "ladders"}


class MessageTemplate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message, in a language or in several. purpose: marketing goes to who allowed offers by e-mail; service,
    about what a member did or has, to every member with an address."""

    noun: ClassVar[str] = N_("Message %(name)s")

    code: Code
    name: LocalText
    purpose: Literal["marketing", "service"] = "marketing"
    subject: LocalText
    text: LocalText

    def words(self, teller: Teller) -> str:
        subject = teller.text(self.subject)
        if self.purpose == "service":
            return teller.tell(N_("“%(subject)s”, to every member with an e-mail address"), subject=subject)
        return teller.tell(N_("“%(subject)s”, to members who allow offers by e-mail"), subject=subject)


class Messages(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    items: tuple[MessageTemplate, ...] = ()


def messages_problems(section: Messages, path: str, ground: Ground) -> Problems:
    if len(section.items) > MAX_MESSAGES:
        yield Problem(
            f"{path}.items",
            phrase("There are %(n)s.", n=len(section.items)),
            phrase("At most %(most)s.", most=MAX_MESSAGES),
        )
        return
    yield from twice_problems(section.items, f"{path}.items")
    for index, each in enumerate(section.items):
        here = f"{path}.items[{index}]"
        yield from text_problems(each.name, f"{here}.name", 120)
        yield from text_problems(each.subject, f"{here}.subject", MAX_SUBJECT)
        yield from text_problems(each.text, f"{here}.text", MAX_TEXT)
        yield from _placeholder_problems(each.subject, f"{here}.subject", ground)
        yield from _placeholder_problems(each.text, f"{here}.text", ground)


def message_names(section: Messages) -> Mapping[str, LocalText]:
    return {each.code: each.name for each in section.items}


def _placeholder_problems(text: LocalText, path: str, ground: Ground) -> Problems:
    known = _known(ground)
    for here, each in _texts(text, path):
        wrong = dict.fromkeys(found for found in PLACEHOLDER.findall(each) if found not in known)
        for found in wrong:
            yield unknown(here, phrase("placeholder"), f"{{{found}}}", {f"{{{name}}}" for name in known})


def _texts(text: LocalText, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(text, str):
        yield path, text
    else:
        yield from ((f"{path}.{language}", each) for language, each in text.items())


def _known(ground: Ground) -> set[str]:
    """What this document's messages may hold: nothing of a ladder where there is none."""
    known = set(PLAIN)
    for name, part in _OF.items():
        codes = [each.code for each in getattr(ground.document, part)]
        known |= {f"{name}.{code}" for code in codes}
        if not codes:
            known.discard(name)
    return known
