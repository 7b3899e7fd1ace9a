"""What a document is compiled to. Everything in it is frozen and may be shared between threads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalty.definition.achievementbuild import AchievementPlan
from loyalty.definition.conditions import Check
from loyalty.definition.counters import Measure as CounterMeasure
from loyalty.definition.currencies import Release, TierExpiry
from loyalty.definition.document import Document
from loyalty.definition.effects import Action, Advancer, Giver, Granter, Multiplier
from loyalty.definition.expiry import Expiry
from loyalty.definition.limits import Measure
from loyalty.definition.qualifying import OrderMoney
from loyalty.definition.rule import StackingMode
from loyalty.definition.sieve import NO_SIEVE, Sieve
from loyalty.definition.windows import Window

LimitKind = Literal["event", "member", "value", "budget", "cooldown"]


class CompiledLimit(Struct, frozen=True):
    """path: where it stands, for the trace. period "event": counts within one event only, key is then not stored.

    at_most: minor units of the currency, or times, or of a cooldown its seconds. reject: too much is refused whole
    instead of cut. own_zone: periods are those of the member's clock. attribute: where the value stands of a limit per
    value; owner: what its key starts with, the value's hash following.
    """

    path: str
    key: str
    period: str
    measure: Measure
    currency: str
    at_most: int
    reject: bool
    frees: bool
    kind: LimitKind = "member"
    own_zone: bool = False
    attribute: tuple[str, ...] = ()
    owner: str = ""


class CompiledRule(Struct, frozen=True):
    """order: its place among the rules of the trigger: by priority, higher first, then by code.

    steady: enabled, whatever the time.
    """

    code: str
    order: int
    group: str
    mode: StackingMode
    stop: bool
    enabled: bool
    starts_at: datetime | None
    ends_at: datetime | None
    check: Check | None
    givers: tuple[tuple[int, Giver], ...]
    multipliers: tuple[tuple[int, Multiplier], ...]
    actions: tuple[tuple[int, Action], ...]
    moves: tuple[Advancer | Granter, ...]
    limits: tuple[CompiledLimit, ...]
    steady: bool = False


class CompiledCounter(Struct, frozen=True):
    """periods: (key, period) of what is kept. seen: of distinct days, what marks one.

    tiers: (key, window) for ladders.
    """

    code: str
    check: Check | None
    measure: CounterMeasure | OrderMoney
    periods: tuple[tuple[str, str], ...]
    seen: str
    tiers: tuple[tuple[str, Window], ...] = ()


class Rolling(Struct, frozen=True):
    """What moves the last day of points that end by inactivity: the types of event, and how many months there are."""

    resets: frozenset[str] = frozenset()
    months: frozenset[int] = frozenset()


class CompiledCurrency(Struct, frozen=True):
    """one: minor units in a point. worth: of one minor unit, for comparing rules. tiers: (counter key, window)."""

    code: str
    one: int
    worth: Fraction
    pending_days: int
    expiry: Expiry
    release: Release | None
    by_tier: tuple[TierExpiry, ...]
    rolling: Rolling
    tiers: tuple[tuple[str, Window], ...]


class CompiledTier(Struct, frozen=True):
    """rank: 0 for the first. thresholds: of each of the ladder's metrics, in their smallest units."""

    code: str
    rank: int
    thresholds: tuple[int, ...]
    by_invitation: bool = False

    @property
    def threshold(self) -> int:
        return self.thresholds[0]


class CompiledMetric(Struct, frozen=True):
    """key: of the member's progress; its period is the first day of the window (Window.start).

    of: the code of the currency or counter, or the money. one: smallest units in one.
    """

    key: str
    kind: Literal["points", "money", "counter", "balance"]
    of: str
    one: int


class CompiledLadder(Struct, frozen=True):
    """every: all metrics must reach a tier's thresholds, else any one does."""

    code: str
    metrics: tuple[CompiledMetric, ...]
    every: bool
    window: Window
    valid: str
    valid_months: int
    downgrade: str
    grace_days: int
    notice_days: int
    at_once: bool
    skipped_pay: bool
    tiers: tuple[CompiledTier, ...]
    ranks: Mapping[str, int]
    zone: ZoneInfo


class TriggerPlan(Struct, frozen=True):
    """The rules of one trigger in order, and the (key, period) kinds of the counters that judging them asks for.

    raises: the declared counters that events of this type may raise.
    varying: limits whose counter depends on the event itself or on whose clock counts.
    budgets: what no budget may pass, by its key.
    achievements, badges: what such an event can move on and grant. sieve, quick: which rules are asked; by quick it
    isn't known what the others fell out by.
    """

    rules: tuple[CompiledRule, ...]
    counters: tuple[tuple[str, str], ...]
    raises: tuple[CompiledCounter, ...] = ()
    varying: tuple[CompiledLimit, ...] = ()
    budgets: Mapping[str, int] = {}
    achievements: tuple[str, ...] = ()
    badges: tuple[str, ...] = ()
    sieve: Sieve = NO_SIEVE
    quick: Sieve = NO_SIEVE


class CompiledProgram(Struct, frozen=True):
    document: Document
    zone: ZoneInfo
    currencies: Mapping[str, CompiledCurrency]
    ladders: Mapping[str, CompiledLadder]
    triggers: Mapping[str, TriggerPlan]
    achievements: AchievementPlan
    claim_events: frozenset[str] = frozenset()
    point_events: frozenset[str] = frozenset()

    @property
    def own_events(self) -> frozenset[str]:
        """The types that this program knows besides those that every program does."""
        return frozenset(self.triggers) | self.claim_events | self.point_events
