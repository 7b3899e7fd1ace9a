"""Everything that judging a batch needs, in one call (loyalty/sql/0004_context.sql): twins, members, orders, stamps.

The versions that are read with it let the booking notice that something moved in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from loyalty.definition.expiry import Expiry
from loyalty.incoming import EventInput, MemberRef
from loyalty.rules.judgement import Act, Raised
from loyalty.rules.limiting import BUDGET


class Account(msgspec.Struct):
    """Minor units. held: balance, pending and reserved together as entries booked so far in this batch leave it."""

    id: int
    currency: str
    balance: int
    pending: int
    debt: int
    held: int
    last_active_at: datetime | None = None

    def earn(self, points: int, *, active: bool) -> int:
        """Follow an award in memory. Returns what of the balance goes to a debt at once."""
        self.held += points
        if not active:
            self.pending += points
            return 0
        self.balance += points
        return self.repay()

    def give_back(self, own: int, others: int, debt: int, *, active: bool) -> None:
        """Follow a return: own out of the award's lot (active or pending), others out of the balance, debt."""
        self.held -= own + others
        self.balance -= others + (own if active else 0)
        self.pending -= 0 if active else own
        self.debt += debt

    def wake(self, points: int) -> int:
        """Follow pending points that become active. Returns what of the balance goes to a debt at once."""
        self.pending -= points
        self.balance += points
        return self.repay()

    def restore(self, points: int, lost: int) -> int:
        """Follow spent points that come back; lost: of them, what is past its day or was claimed meanwhile.

        Returns what of the balance goes to a debt at once.
        """
        self.held += points - lost
        self.balance += points - lost
        paid = self.repay()
        self.held -= paid
        return paid

    def repay(self) -> int:
        """A debt is paid from whatever balance there is."""
        paid = min(self.debt, self.balance)
        self.debt, self.balance = self.debt - paid, self.balance - paid
        return paid


class Standing(msgspec.Struct):
    """before: the tier held before this one if it wasn't earned (an earned one shows in the counters), else "".

    floor_tier: one held whatever is earned, until floor_until; own_tier, own_until: what was earned while there is one.
    """

    ladder: str
    tier: str
    since: datetime
    valid_until: datetime | None
    cause: str
    before: str = ""
    floor_tier: str = ""
    floor_until: datetime | None = None
    own_tier: str = ""
    own_until: datetime | None = None

    @property
    def earned(self) -> tuple[str, datetime | None]:
        """The tier that was earned and until when, whatever the floor."""
        return (self.own_tier, self.own_until) if self.floor_tier else (self.tier, self.valid_until)

    def due_by(self, at: datetime) -> bool:
        """Whether anything of it ends by then."""
        ends = (self.valid_until, self.own_until, self.floor_until)
        return any(each is not None and each <= at for each in ends)

    def with_own(self, tier: str, until: datetime | None, ranks: Mapping[str, int]) -> Standing:
        """The same with another earned tier; the floor stays."""
        if not self.floor_tier:
            return msgspec.structs.replace(self, tier=tier, valid_until=until)
        return self._with(tier, until, self.floor_tier, self.floor_until, ranks)

    def with_floor(self, tier: str, until: datetime | None, ranks: Mapping[str, int]) -> Standing:
        """The same with another floor, "" for none; what was earned stays."""
        return self._with(*self.earned, tier, until, ranks)

    def _with(
        self, own: str, own_until: datetime | None, floor: str, floor_until: datetime | None, ranks: Mapping[str, int]
    ) -> Standing:
        if not floor:
            return msgspec.structs.replace(
                self, tier=own, valid_until=own_until, floor_tier="", floor_until=None, own_tier="", own_until=None
            )
        above = ranks.get(own, 0) > ranks.get(floor, 0)
        return msgspec.structs.replace(
            self,
            tier=own if above else floor,
            valid_until=own_until if above else floor_until,
            floor_tier=floor,
            floor_until=floor_until,
            own_tier=own,
            own_until=own_until,
        )


class PastMove(msgspec.Struct):
    ladder: str
    from_tier: str
    at: datetime


class Waiting(msgspec.Struct):
    """A lot that waits for an event about an order of a source. expiry: how its end is reckoned from then."""

    lot: int
    account: int
    points: int
    event: str
    source: str
    order_number: str
    expiry: Expiry | None


class Place(msgspec.Struct):
    """A member's enrollment and what judging needs of it. Changed in memory as the batch is judged.

    pool_id, pool_version: whose accounts theirs are, where the member shares; holder: whose accounts they are in any
    case. Members of a batch who share have the same Account objects.
    """

    id: int
    program_id: int
    version: int
    enrolled_at: datetime
    accounts: list[Account]
    standings: list[Standing]
    moves: list[PastMove]
    counters: dict[str, int]
    pool_id: int | None = None
    pool_version: int | None = None
    waiting: list[Waiting] = []

    @property
    def holder(self) -> int:
        return self.id if self.pool_id is None else self.pool_id

    def account(self, currency: str) -> Account | None:
        # A loop: a generator for one of two accounts costs more than the search.
        for each in self.accounts:
            if each.currency == currency:
                return each
        return None

    def has_accounts(self, currencies: Iterable[str]) -> bool:
        """Whether there is one for each of them."""
        for currency in currencies:  # noqa: SIM110  (as above)
            if self.account(currency) is None:
                return False
        return True

    def standing(self, ladder: str) -> Standing | None:
        for each in self.standings:
            if each.ladder == ladder:
                return each
        return None


class MemberContext(msgspec.Struct):
    id: int
    public_id: str
    external_id: str | None
    email: str | None
    status: str
    language: str
    joined_at: datetime
    places: list[Place]
    birth_date: date | None = None
    time_zone: str = ""
    attributes: dict[str, Any] = {}
    facts: dict[str, Any] = {}

    def place(self, program_id: int) -> Place | None:
        for each in self.places:
            if each.program_id == program_id:
                return each
        return None


class AwardLot(msgspec.Struct):
    """An award's lot as it stands. effect: `rule:<code>:<index>`, as in the event's snapshot."""

    entry: int
    account: int
    effect: str
    rule: str
    granted: int
    remaining: int
    reversed: int
    active: bool
    expires_at: datetime | None
    expired: int = 0


class SpendLot(msgspec.Struct):
    """Of a spend's lot: drawn, back already, and what returns claimed of it while it was away (forgiven)."""

    lot: int
    points: int
    back: int
    remaining: int
    forgiven: int
    expires_at: datetime | None


class OrderSpend(msgspec.Struct):
    """Points that were spent on an order, and how many of them came back. lots: those that it drew from."""

    entry: int
    account: int
    points: int
    restored: int
    lots: list[SpendLot]


class OrderContext(msgspec.Struct):
    """raised, acts: what its event did besides points. counted: the values of what it raised, `key@period`, now.

    lines: as they were sold; returned_lines: of each by its place [pieces, money] that came back by returns of lines.

    due: points of the order's member wait to become active or to expire, which must happen before a return.
    """

    event_id: str
    source: str
    number: str
    member_id: int | None
    program_id: int
    version_id: int
    total_minor: int
    refunded_minor: int
    due: bool
    awards: list[dict[str, Any]]
    lots: list[AwardLot]
    raised: list[Raised] = []
    acts: list[Act] = []
    counted: dict[str, int] = {}
    lines: list[dict[str, Any]] = []
    returned_lines: dict[str, list[int]] | None = None
    spends: list[OrderSpend] = []


class Twin(msgspec.Struct, frozen=True):
    """An event of the same source and id that is there already."""

    source: str
    external_id: str
    payload_hash: str
    result: dict[str, Any]


class Context(msgspec.Struct):
    """What was read. orders: those named by number, of whatever member. budgets: program → `key@period` → value.

    reversals: events to be taken back by (source, external id), in the shape of an order that is returned whole.
    """

    twins: dict[tuple[str, str], Twin] = {}
    members: list[MemberContext] = []
    orders: dict[tuple[str, str], OrderContext] = {}
    reversals: dict[tuple[str, str], OrderContext] = {}
    stamps: dict[int, int] = {}
    budgets: dict[int, dict[str, int]] = {}
    _found: dict[MemberRef, MemberContext] = {}
    _holders: dict[int, Place] = {}

    def add_member(self, member: MemberContext) -> None:
        self.members.append(member)
        for place in member.places:
            self._share(place)
        self._found[MemberRef(id=member.public_id)] = member
        if member.external_id is not None:
            self._found[MemberRef(external_id=member.external_id)] = member
        if member.email is not None:
            self._found[MemberRef(email=member.email.lower())] = member

    def _share(self, place: Place) -> None:
        """Who shares an account with another of the batch sees what the other does with it."""
        first = self._holders.setdefault(place.holder, place)
        if first is not place:
            place.accounts, place.waiting = first.accounts, first.waiting

    def member(self, ref: MemberRef) -> MemberContext | None:
        return self._found.get(ref)


_CALL = (
    "SELECT what, body FROM loyalty_context(%s::text[], %s::text[], %s::uuid[], %s::text[], %s::text[],"
    " %s::timestamptz, %s::text[], %s::text[], %s::text[], %s::timestamptz)"
)

_BUDGETS = (
    " UNION ALL SELECT 'budget', json_build_array(b.program_id, b.key || '@' || b.period, b.value)::text"
    " FROM loyalty_budget b JOIN unnest(%s::text[], %s::text[]) AS w (key, period)"
    " ON w.key = b.key AND w.period = b.period"
)

_TWINS = (
    "SELECT e.source, e.external_id, encode(e.payload_hash, 'hex'), e.result::text FROM loyalty_event e"
    " JOIN unnest(%s::text[], %s::text[]) AS w (source, name) ON w.source = e.source AND w.name = e.external_id"
)


def context_read(
    batch: Sequence[EventInput],
    *,
    counters: Collection[tuple[str, str]],
    orders: Sequence[tuple[str, str]],
    now: datetime,
) -> Context:
    """One round trip and one snapshot. counters: (key, period) of caps that may be asked; tiers' are read always."""
    refs = {each.member for each in batch if each.member is not None}
    params: list[Any] = [
        _texts(each.source for each in batch),
        _texts(each.external_id for each in batch),
        [UUID(each.id) for each in refs if each.id is not None],
        _texts(each.external_id for each in refs if each.external_id is not None),
        _texts(each.email for each in refs if each.email is not None),
        min((each.occurred_at for each in batch), default=None),
        _texts(f"{key}@{period}" for key, period in counters),
        _texts(each[0] for each in orders),
        _texts(each[1] for each in orders),
        now,
    ]
    budgets = sorted(each for each in counters if each[0].startswith(BUDGET))
    if budgets:
        params += [[key for key, _ in budgets], [period for _, period in budgets]]
    context = Context()
    with connection.cursor() as cursor:
        cursor.execute(_CALL + _BUDGETS if budgets else _CALL, params)
        for tag, text in cursor.fetchall():
            _take(context, tag, text)
    return context


def twins_read(batch: Sequence[EventInput]) -> dict[tuple[str, str], Twin]:
    """Of these events, those that are there already, by (source, external id)."""
    with connection.cursor() as cursor:
        cursor.execute(_TWINS, [_texts(each.source for each in batch), _texts(each.external_id for each in batch)])
        rows = cursor.fetchall()
    return {(row[0], row[1]): Twin(row[0], row[1], row[2], msgspec.json.decode(row[3])) for row in rows}


def _texts(values: Iterable[str]) -> str:
    """An array of texts as PostgreSQL reads it: of thousands, a list is turned into one a value at a time."""
    quoted = ['"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in values]
    return "{" + ",".join(quoted) + "}"


def _take(context: Context, tag: str, text: str) -> None:
    if tag == "stamp":
        program_id, stamp = msgspec.json.decode(text)
        context.stamps[program_id] = stamp
    elif tag == "budget":
        program_id, name, value = msgspec.json.decode(text)
        context.budgets.setdefault(program_id, {})[name] = value
    elif tag == "twin":
        twin = msgspec.json.decode(text, type=Twin)
        context.twins[twin.source, twin.external_id] = twin
    elif tag == "member":
        context.add_member(msgspec.json.decode(text, type=MemberContext))
    else:
        order = msgspec.json.decode(text, type=OrderContext)
        context.orders[order.source, order.number] = order
