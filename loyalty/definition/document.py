"""The program's document: one typed piece that is the template, the draft, the published version and the API's answer.

Structs are frozen and refuse unknown keys. Lists are tuples, so that a document can't change under its reader. Codes
are unique within their list. Read it with read.document_decode, which also checks what types alone can't say.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText, Trigger
from loyalty.definition.conditions import Condition
from loyalty.definition.effects import Effect
from loyalty.definition.expiry import Expiry, Never
from loyalty.definition.limits import Limit
from loyalty.definition.translation import N_, Teller

SCHEMA = 1

LocalTime = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$(?!\n)",
        description="Wall-clock time in the program's zone.",
        examples=["2027-03-01T00:00"],
    ),
]


class ProgramSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """time_zone: IANA; days, weeks (from Monday), months and years of caps, tiers and expiry are local to it.

    money_currency: ISO 4217. judged_by: which time picks the version that judges an event.
    """

    name: LocalText
    description: LocalText = ""
    time_zone: Annotated[str, Meta(min_length=1, max_length=64, examples=["Europe/Amsterdam"])] = "UTC"
    money_currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", examples=["EUR"])] = "EUR"
    judged_by: Literal["occurred_at", "received_at"] = "occurred_at"


class Lost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="lost"):
    """Points of a cancelled redemption whose expiry has passed stay lost."""

    def words(self, teller: Teller) -> str:
        return teller.say(N_("expired points stay lost"))


class Regrant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="regrant"):
    """Points of a cancelled redemption whose expiry has passed are given again for so many days."""

    days: Annotated[int, Meta(ge=1, le=3650)]

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("expired points are given again for %(n)d days"), n=self.days)


class Currency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of points. scale: digits after the decimal sign; stored as integers of the smallest part.

    kind: spendable, qualifying (counts for tiers, can't be spent) or both. value_minor_per_point: what a point is worth
    in minor units of the program's money, for the liability and for comparing rules. pending_days: see rules/dates.py.
    """

    code: Code
    name_one: LocalText
    name_many: LocalText
    symbol: Annotated[str, Meta(max_length=8)] = ""
    scale: Annotated[int, Meta(ge=0, le=4)] = 0
    kind: Literal["spendable", "qualifying", "both"] = "both"
    value_minor_per_point: Decimal | None = None
    pending_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    expiry: Expiry = Never()
    refund_policy: Literal["only_pending", "within_balance", "into_debt"] = "within_balance"
    restore_policy: Lost | Regrant = Lost()


class PointsEarned(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points_earned"
):
    """Tiers are reached by points earned of one currency, spent or not; returns take them off again."""

    currency: Code

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("by %(points)s earned"), points=teller.currency(self.currency))


# More ways to qualify join here with `|`: money spent, a counter, all-of, any-of.
Qualification = PointsEarned
# More windows join here: lifetime, rolling months, anniversary, month. rules/dates.py says where each starts and ends.
Window = Literal["calendar_year"]


class Tier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """threshold: whole points to reach it. benefits: plain words."""

    code: Code
    name: LocalText
    threshold: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    color: Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$(?!\n)")] | None = None
    benefits: tuple[LocalText, ...] = ()


class Ladder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ordered tiers, lowest first; the first has threshold 0 and is everyone's.

    window: what the points are counted over. valid: until when a reached tier holds. downgrade: what happens when it
    doesn't hold any longer and wasn't earned again: stay, fall one step, or fall to what was earned.
    """

    code: Code
    name: LocalText
    qualify: Qualification
    window: Window = "calendar_year"
    valid: Literal["end_of_window", "end_of_next_window"] = "end_of_next_window"
    downgrade: Literal["none", "one_step", "full"] = "one_step"
    tiers: tuple[Tier, ...]


class Schedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a rule holds: from starts_at up to, not including, ends_at; a side left out is open."""

    starts_at: LocalTime | None = None
    ends_at: LocalTime | None = None

    def words(self, teller: Teller) -> str:
        start, end = (self.starts_at or "").replace("T", " "), (self.ends_at or "").replace("T", " ")
        if start and end:
            return teller.tell(N_("from %(start)s until %(end)s"), start=start, end=end)
        if start:
            return teller.tell(N_("from %(start)s on"), start=start)
        return teller.tell(N_("until %(end)s"), end=end) if end else teller.say(N_("always"))


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens when an event of the trigger's type arrives and the conditions hold.

    name: for staff. description: shown to members as the reason, made from the effects when empty. priority: higher
    goes first. group: its stacking group, whose mode stands in Document.stacking. stop: when it fires, no rule of its
    group with a lower priority does. caps: codes of shared caps.
    """

    code: Code
    name: LocalText
    description: LocalText = ""
    trigger: Trigger
    enabled: bool = True
    priority: Annotated[int, Meta(ge=-100_000, le=100_000)] = 0
    group: Code = "base"
    stop: bool = False
    schedule: Schedule | None = None
    when: Condition | None = None
    effects: tuple[Effect, ...]
    limits: tuple[Limit, ...] = ()
    caps: tuple[Code, ...] = ()


class CapGroup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cap that several rules share: each rule that names its code counts towards the same limits."""

    code: Code
    name: LocalText = ""
    limits: tuple[Limit, ...]


StackingMode = Literal["all", "first_match", "best_for_member", "best_for_brand"]


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole program. stacking: mode per stacking group, `all` where none is named. sections: other rooms' parts."""

    schema: int = SCHEMA
    program: ProgramSettings
    currencies: tuple[Currency, ...]
    ladders: tuple[Ladder, ...] = ()
    stacking: dict[Code, StackingMode] = {}
    cap_groups: tuple[CapGroup, ...] = ()
    rules: tuple[Rule, ...] = ()
    sections: dict[str, Any] = {}

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
        for each in self.rules:
            if each.code == code:
                return each
        raise KeyError(code)
