"""What is known when an event is judged. Frozen; the caller reads all of it before, nothing is fetched on the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from loyalty.definition.windows import Anniversary, Window

# What a counter is kept under: (key, first local day of the period as YYYY-MM-DD, "" for a lifetime).
#   tier:<metric>:<window>                            what counts for tiers; window e.g. calendar_year; metric:
#     <currency> points earned, money.<base> money spent, count.<counter> a declared counter
#   cap:rule.<rule>:points.<currency>:<period>        what a rule gave, in minor units of the currency
#   cap:rule.<rule>:times:<period>                    how often a rule gave
#   cap:group.<cap group>:points.<currency>:<period>  the same over the rules of a cap group
#   cap:group.<cap group>:times:<period>
#   count:<counter>:<period>                      a declared counter, per period that is kept
#   seen:<counter>                                how often it rose on that day, of counters of distinct days
# Keys are at most 120 characters. A period is told by the key too, since a day, a month and a year may start together.
CounterRef = tuple[str, str]


def counter_key(code: str, period: str) -> str:
    """What a declared counter's values are kept under, with the period's first day.

    The key names the kind of period too: a day, a week, a month and a year may start together.
    """
    return f"count:{code}:{period}"


# Facts of a member that conditions know by name: when they were last charged for a plan, when they last used a benefit.
CHARGED_FACT = "charged_at"


def plan_fact(code: str) -> str:
    """What tells of a plan that a member has beside the one that `plan` names, or as a part of a bundle."""
    return f"plan:{code}"


def benefit_fact(code: str) -> str:
    """What a member's last use of a benefit is kept under: an aware time, as ISO 8601."""
    return f"benefit_used:{code}"


_EMPTY: Mapping[Any, Any] = MappingProxyType({})


class EventFacts(Struct, frozen=True, kw_only=True, gc=False):
    """One event. Times are aware, UTC. member_known: False for a guest's order, which earns nothing.

    payload of events about money: an object (`order` unless the rule names another) with amounts in minor units, ints:
    currency, net_minor (goods after discount, without tax and shipping) and, where they apply, discount_minor,
    tax_minor, shipping_minor, gift_card_minor and paid_in_points_minor (parts of the total that were paid so), and
    lines: [{net_minor, discount_minor, tax_minor, …}]. total = net + tax + shipping.
    """

    id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    payload: Mapping[str, Any]
    member_known: bool = True


class BalanceFacts(Struct, frozen=True, kw_only=True, gc=False):
    """A member's points of one currency, in minor units of it."""

    active: int = 0
    pending: int = 0
    reserved: int = 0
    debt: int = 0


class MemberFacts(Struct, frozen=True, kw_only=True, gc=False):
    """The member as at the event.

    tiers: ladder → tier at occurred_at (absent: the ladder's first). counters: see CounterRef; absent means 0.
    joined_at: aware. time_zone: the member's own, None means the program's. attributes: what the brand keeps of them.
    facts: what other rooms know of them by key (a plan, a segment `segment:<code>`), as long as it holds.
    """

    balances: Mapping[str, BalanceFacts] = _EMPTY
    tiers: Mapping[str, str] = _EMPTY
    counters: Mapping[CounterRef, int] = _EMPTY
    language: str = ""
    time_zone: str | None = None
    joined_at: datetime | None = None
    attributes: Mapping[str, Any] = _EMPTY
    birth_date: date | None = None
    facts: Mapping[str, Any] = _EMPTY
    enrolled_at: datetime | None = None


NOBODY = MemberFacts()


class Facts:
    """One judgement's view of its event and member, with what several rules ask for worked out once.

    added: what this event has added to the member's counters so far. known: what stands in the payload, by path, as
    far as a condition has asked.
    """

    __slots__ = ("_date", "_joined", "_local", "added", "event", "known", "member", "payload", "zone")

    def __init__(self, event: EventFacts, member: MemberFacts, zone: ZoneInfo) -> None:
        self.event = event
        self.member = member
        self.payload = event.payload
        self.zone = zone
        self.added: dict[CounterRef, int] = {}
        self._local: datetime | None = None
        self._date: date | None = None
        self._joined: date | None = None
        self.known: dict[str, Any] = {}

    def counted(self, ref: CounterRef) -> int:
        """A counter's value, this event included as far as it has been judged."""
        return self.member.counters.get(ref, 0) + self.added.get(ref, 0)

    @property
    def local(self) -> datetime:
        """When it happened, on the wall clock of the program's zone."""
        if self._local is None:
            self._local = self.event.occurred_at.astimezone(self.zone)
        return self._local

    @property
    def local_date(self) -> date:
        if self._date is None:
            self._date = self.local.date()
        return self._date

    @property
    def joined_date(self) -> date | None:
        """The local day on which the member joined."""
        if self._joined is None and self.member.joined_at is not None:
            self._joined = self.member.joined_at.astimezone(self.zone).date()
        return self._joined

    def anchor(self, window: Window) -> date | None:
        """The member's own day, which anniversaries go by; other windows don't ask for it."""
        if type(window) is not Anniversary:
            return None
        own = self.member.enrolled_at if window.key == "enrollment_year" else self.member.joined_at
        return own.astimezone(self.zone).date() if own is not None else None

    @property
    def member_local(self) -> datetime:
        """When it happened, on the member's own wall clock; the program's when none or an unknown one is told."""
        return self.event.occurred_at.astimezone(zone_or(self.member.time_zone, self.zone))


def zone_or(name: str | None, otherwise: ZoneInfo) -> tzinfo:
    """The zone of that IANA name, else the other one."""
    if not name:
        return otherwise
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return otherwise
