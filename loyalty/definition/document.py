"""The program's document: one typed piece that is the template, the draft, the published version and the API's answer.

Structs are frozen and refuse unknown keys. Lists are tuples, so that a document can't change under its reader. Codes
are unique within their list. Read it with read.document_decode, which also checks what types alone can't say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from loyalty.definition.achievements import Challenge, StampCard, Step, Streak
from loyalty.definition.badges import Badge
from loyalty.definition.basics import Code, LocalText
from loyalty.definition.claims import CheckInRules, ClaimType
from loyalty.definition.counters import Counter
from loyalty.definition.currencies import Currency
from loyalty.definition.entries import entry_rules
from loyalty.definition.eventtypes import EventType
from loyalty.definition.ladders import Ladder
from loyalty.definition.leaderboards import Leaderboard
from loyalty.definition.rule import CapGroup, Rule, StackingMode
from loyalty.definition.sections import section_rules

SCHEMA = 2


class ProgramSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """time_zone: IANA; days, weeks (from Monday), months and years of caps, tiers and expiry are local to it.

    money_currency: ISO 4217. judged_by: which time picks the version that judges an event.
    upgrade_rate: by which tier the order that causes an upgrade earns: the one before it, or the one it leads to.
    """

    name: LocalText
    description: LocalText = ""
    time_zone: Annotated[str, Meta(min_length=1, max_length=64, examples=["Europe/Amsterdam"])] = "UTC"
    money_currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", examples=["EUR"])] = "EUR"
    judged_by: Literal["occurred_at", "received_at"] = "occurred_at"
    upgrade_rate: Literal["before", "after"] = "before"


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole program. stacking: mode per stacking group, `all` where none is named. sections: other rooms' parts."""

    schema: int = SCHEMA
    program: ProgramSettings
    currencies: tuple[Currency, ...] = ()
    event_types: tuple[EventType, ...] = ()
    counters: tuple[Counter, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    stacking: dict[Code, StackingMode] = {}
    cap_groups: tuple[CapGroup, ...] = ()
    rules: tuple[Rule, ...] = ()
    challenges: tuple[Challenge, ...] = ()
    stamp_cards: tuple[StampCard, ...] = ()
    streaks: tuple[Streak, ...] = ()
    badges: tuple[Badge, ...] = ()
    leaderboards: tuple[Leaderboard, ...] = ()
    claim_types: tuple[ClaimType, ...] = ()
    check_ins: CheckInRules = CheckInRules()
    sections: dict[str, Any] = {}

    @property
    def achievements(self) -> tuple[Challenge | Step | StampCard | Streak, ...]:
        """What rules can move members on in, steps of challenges too."""
        steps = [step for each in self.challenges for step in each.steps]
        return (*self.challenges, *steps, *self.stamp_cards, *self.streaks)

    @property
    def achieving(self) -> tuple[Challenge | StampCard | Streak, ...]:
        """The same without the steps, which go by their challenge."""
        return (*self.challenges, *self.stamp_cards, *self.streaks)

    def currency(self, code: str) -> Currency:
        """The currency of that code; KeyError when there is none."""
        for each in self.currencies:
            if each.code == code:
                return each
        raise KeyError(code)

    def ladder(self, code: str) -> Ladder:
        for each in self.ladders:
            if each.code == code:
                return each
        raise KeyError(code)

    def rule(self, code: str) -> Rule:
        """The rule of that code, what a tier gives who rises to it, or what a section gives; KeyError for none."""
        # The document's own first: the others are made for the asking.
        made: tuple[Callable[[Document], tuple[Rule, ...]], ...] = (lambda of: of.rules, entry_rules, section_rules)
        for rules in made:
            for each in rules(self):
                if each.code == code:
                    return each
        raise KeyError(code)
