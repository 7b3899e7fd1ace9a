"""Sentences that a caller can have translated, without this package knowing how.

Every message is a constant marked with N_ so that it can be extracted. A caller passes `say`: it gets the English
message and returns it in the reader's language with the same named placeholders (Django's gettext fits as it is).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from loyalty.definition.attributes import ATTRIBUTE_WORDS
from loyalty.definition.basics import LocalText, money_said
from loyalty.definition.phrases import N_ as N_
from loyalty.definition.phrases import Say as Say
from loyalty.definition.sections import MESSAGES, section_names

if TYPE_CHECKING:
    from loyalty.definition.currencies import Currency
    from loyalty.definition.document import Document
    from loyalty.definition.rule import Rule

MONTHS = (
    N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July"), N_("August"),
    N_("September"), N_("October"), N_("November"), N_("December"),
)  # fmt: skip
# What a type of event is called in the middle of a sentence; others by the brand's own name, or as they are written.
_EVENTS = {
    "invoice.paid": N_("a paid invoice"),
    "order.delivered": N_("a delivered order"),
    "order.paid": N_("a paid order"),
    "profile.completed": N_("a completed profile"),
    "referral.converted": N_("a friend's first order"),
    "review.posted": N_("a review"),
    "shipment.delivered": N_("a delivered box"),
    "shipment.sent": N_("a sent box"),
    "store.checked_in": N_("a check-in"),
    "survey.answered": N_("an answered survey"),
}


def unchanged(message: str) -> str:
    """The `say` of a caller that wants English."""
    return message


def text_in(text: LocalText, language: str) -> str:
    """The text in the language, else in English, else in the first language that it is written in."""
    if isinstance(text, str):
        return text
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def _named(document: Document, section: str) -> Iterator[tuple[str, LocalText]]:
    """Code and name of a section's pieces; nothing where the section is out of shape."""
    plain = document.sections.get(section)
    pieces = plain.get("items") if isinstance(plain, dict) else None
    for each in pieces if isinstance(pieces, list | tuple) else ():
        if isinstance(each, dict) and isinstance(each.get("code"), str) and isinstance(each.get("name"), str | dict):
            yield each["code"], each["name"]


def number_text(number: Decimal | int) -> str:
    """A number without an exponent and without trailing zeros: 1.50 is "1.5", 1E+3 is "1000"."""
    if isinstance(number, int) or not number.is_finite() or abs(number.adjusted()) > 40:
        return str(number)  # an unfinished draft may hold anything; 1E+999999999 written out would fill the memory
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class Teller:
    """Puts pieces of one document into words for one reader: names by code, amounts with their currency's own name."""

    def __init__(self, document: Document, say: Say = unchanged, language: str = "en") -> None:
        self.achievements: Mapping[str, LocalText] = {each.code: each.name for each in document.achievements}
        self.badges: Mapping[str, LocalText] = {each.code: each.name for each in document.badges}
        self.messages: Mapping[str, LocalText] = section_names(document.sections, MESSAGES) or {}
        self.say = say
        self.language = language
        self.money = document.program.money_currency
        self.currencies: Mapping[str, Currency] = {each.code: each for each in document.currencies}
        self.events: Mapping[str, LocalText] = {each.type: each.name for each in document.event_types}
        self.sweepstakes: Mapping[str, LocalText] = dict(_named(document, "sweepstakes"))
        self.counters: Mapping[str, LocalText] = {each.code: each.name for each in document.counters}
        self.rules: Mapping[str, Rule] = {each.code: each for each in document.rules}
        self.tiers: Mapping[tuple[str, str], LocalText] = {
            (ladder.code, tier.code): tier.name for ladder in document.ladders for tier in ladder.tiers
        }

    def achievement(self, code: str) -> str:
        """The name of a challenge, a step, a stamp card or a streak."""
        return self.text(self.achievements.get(code, code))

    def badge(self, code: str) -> str:
        return self.text(self.badges.get(code, code))

    def message(self, code: str) -> str:
        return self.text(self.messages.get(code, code))

    def event(self, kind: str) -> str:
        """A type of event in the middle of a sentence: "a paid order"."""
        known = _EVENTS.get(kind)
        if known is not None:
            return self.say(known)
        own = self.events.get(kind)
        return f"“{self.text(own)}”" if own else kind

    def month_day(self, day: str) -> str:
        """12-31 in words: "31 December"."""
        month, _dash, number = day.partition("-")
        return self.tell(N_("%(day)d %(month)s"), day=int(number), month=self.say(MONTHS[int(month) - 1]))

    def moment(self, local: str) -> str:
        """2026-12-31T10:00 in words: "31 December 2026 10:00"; what isn't written so as it is."""
        day, _mark, hour = local.partition("T")
        year, _dash, rest = day.partition("-")
        try:
            return f"{self.month_day(rest)} {year} {hour}".rstrip()
        except (ValueError, IndexError):
            return local

    def tell(self, message: str, **values: object) -> str:
        return self.say(message) % values

    def text(self, text: LocalText) -> str:
        return text_in(text, self.language)

    def points(self, currency: str, number: Decimal | int) -> str:
        """3 of the currency, in its own name: "3 stars". An unknown code stands for itself."""
        known = self.currencies.get(currency)
        if known is None:
            return f"{self.number(number)} {currency}"
        name = known.name_one if number == 1 else known.name_many
        return f"{self.number(number)} {self.text(name)}"

    def currency(self, code: str) -> str:
        """The currency's name in the plural."""
        known = self.currencies.get(code)
        return self.text(known.name_many) if known is not None else code

    def money_of(self, minor: int) -> str:
        return self.money_in(minor, self.money)

    def money_in(self, minor: int, currency: str) -> str:
        return money_said(minor, currency, self.language)

    def number(self, number: Decimal | int) -> str:
        """With the reader's own decimal sign."""
        return number_text(number).replace(".", ",") if self.language == "nl" else number_text(number)

    def attribute(self, path: str) -> str:
        """What an event's attribute is called; one that only the brand knows stands for itself."""
        known = ATTRIBUTE_WORDS.get(path)
        return self.say(known) if known is not None else path

    def rule(self, code: str) -> str:
        known = self.rules.get(code)
        return self.text(known.name) if known is not None else code

    def counter(self, code: str) -> str:
        return self.text(self.counters.get(code, code))

    def tier(self, ladder: str, code: str) -> str:
        return self.text(self.tiers.get((ladder, code), code))

    def tier_named(self, code: str) -> str:
        """Of whichever ladder has it."""
        found = [name for (_ladder, tier), name in self.tiers.items() if tier == code]
        return self.text(found[0]) if found else code

    def list_or(self, parts: list[str]) -> str:
        return self._listed(parts, self.say(N_("or")))

    def list_and(self, parts: list[str]) -> str:
        return self._listed(parts, self.say(N_("and")))

    def _listed(self, parts: list[str], last: str) -> str:
        if len(parts) < 2:
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
