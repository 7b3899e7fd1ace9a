"""Rewards in the program's document: `sections.rewards.items`, one piece per reward, and what the types can't check."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.rule import LocalTime
from loyalty.definition.translation import N_, Teller
from rewards.kinds.shapes import Digest, Experience, FreeProduct, Minor, Money, Physical, RewardKind

MAX_REWARDS = 500
LEAP = 2024
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", examples=["NL"])]
Segment = Annotated[str, Meta(min_length=1, max_length=60)]
Days = Annotated[int, Meta(ge=1, le=3650)]


class Price(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to pay: points, and money besides where money_minor is given. tiers, segments: for whom; empty: everyone.

    Of several prices in the same points a member pays the lowest that is for them; other points, or the same with money
    besides, are a choice.
    """

    points: Annotated[int, Meta(ge=0, le=10**12, description="In minor units of the currency.")]
    currency: Code | None = None
    money_minor: Minor | None = None
    money_currency: Money | None = None
    tiers: tuple[Code, ...] = ()
    segments: tuple[Segment, ...] = ()

    def words(self, teller: Teller) -> str:
        """250 stars, €5 (vip)."""
        known = teller.currencies.get(self.currency or "")
        number = Decimal(self.points).scaleb(-known.scale) if known is not None else self.points
        told = [teller.points(self.currency or "", number).strip()]
        if self.money_minor:
            told.append(teller.money_in(self.money_minor, self.money_currency or teller.money))
        only = [*(teller.tier_named(each) for each in self.tiers), *self.segments]
        return ", ".join(told) + (f" ({', '.join(only)})" if only else "")


class PeriodLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a member may take it in a period of the program's calendar."""

    times: Annotated[int, Meta(ge=1, le=10_000)]
    per: Literal["day", "week", "month", "year"]


class Window(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Some days of each year, from that day on."""

    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=31)]
    days: Annotated[int, Meta(ge=1, le=366)] = 1


class AutoIssue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It is issued by itself, in the night, to who has the points, as often as the points go round.

    windows: only on those days; none: every night. most: how many to one member in a night.
    """

    windows: tuple[Window, ...] = ()
    most: Annotated[int, Meta(ge=1, le=100)] = 100


class RewardPiece(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reward. prices: none: it can't be taken, only be given by a rule. stock: pieces or seats in all, what is taken
    included; none: unlimited. warn_below: the team gets a mail when fewer are left, and when none is; none: of parcels
    a tenth of the stock, of other kinds no mail; 0: no mail. limit_per_order: how many go with one order, taken for
    it or used on it. offered: switched on."""

    noun: ClassVar[str] = N_("Reward %(name)s")
    code: Code
    name: LocalText
    description: LocalText = ""
    terms: LocalText = ""
    emoji: Annotated[str, Meta(max_length=8)] = ""
    picture: Digest | None = None
    kind: RewardKind = FreeProduct()
    prices: tuple[Price, ...] = ()
    tiers: tuple[Code, ...] = ()
    segments: tuple[Segment, ...] = ()
    countries: tuple[Country, ...] = ()
    stock: Annotated[int, Meta(ge=0, le=2_000_000_000)] | None = None
    warn_below: Annotated[int, Meta(ge=0, le=2_000_000_000)] | None = None
    limit_per_member: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    limit_per_order: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    limits: tuple[PeriodLimit, ...] = ()
    valid_days: Days | None = None
    valid_months: Annotated[int, Meta(ge=1, le=120)] | None = None
    hold_minutes: Annotated[int, Meta(ge=1, le=43_200)] = 30
    auto: AutoIssue | None = None
    offered: bool = True
    starts_at: LocalTime | None = None
    ends_at: LocalTime | None = None
    position: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    unit_cost_minor: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    face_value_minor: Annotated[int, Meta(ge=0, le=10**12)] | None = None


class RewardsSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every reward of the program. One that the section names no more is switched off when it is published."""

    items: tuple[RewardPiece, ...] = ()


def low_at(piece: RewardPiece) -> int:
    """The team is told when fewer are left; 0: never."""
    if piece.stock is None or piece.warn_below is not None:
        return 0 if piece.stock is None else piece.warn_below or 0
    return max(1, piece.stock // 10) if isinstance(piece.kind, Physical) else 0


def section_problems(section: RewardsSection, path: str, ground: Ground) -> Problems:
    if len(section.items) > MAX_REWARDS:
        yield Problem(
            f"{path}.items",
            phrase("There are %(n)s.", n=len(section.items)),
            phrase("At most %(most)s.", most=MAX_REWARDS),
        )
        return
    yield from twice_problems(section.items, f"{path}.items")
    for index, piece in enumerate(section.items):
        yield from piece_problems(piece, f"{path}.items[{index}]", ground)


def piece_problems(piece: RewardPiece, path: str, ground: Ground) -> Problems:
    yield from text_problems(piece.name, f"{path}.name", 120)
    yield from text_problems(piece.description, f"{path}.description", 4000, needed=False)
    yield from text_problems(piece.terms, f"{path}.terms", 8000, needed=False)
    yield from piece.kind.problems(f"{path}.kind")
    yield from _moments(piece.kind, f"{path}.kind", ("starts_at", "ends_at", "opens_at", "closes_at"))
    yield from _moments(piece, path, ("starts_at", "ends_at"))
    tiers = {tier.code: tier for ladder in ground.document.ladders for tier in ladder.tiers}
    for index, price in enumerate(piece.prices):
        yield from _price_problems(price, f"{path}.prices[{index}]", ground, set(tiers))
    for index, tier in enumerate(piece.tiers):
        if tier not in tiers:
            yield unknown(f"{path}.tiers[{index}]", phrase("tier"), tier, tiers)
    if len(piece.prices) > 50:
        yield Problem(f"{path}.prices", phrase("There are %(n)s prices.", n=len(piece.prices)), phrase("At most 50."))
    yield from _time_problems(piece, path)
    yield from _auto_problems(piece, path)
    if isinstance(piece.kind, Experience) and piece.stock is None and piece.kind.waiting_list:
        yield Problem(
            f"{path}.stock", phrase("A waiting list needs a number of seats."), phrase("Say how many seats there are.")
        )


def _price_problems(price: Price, path: str, ground: Ground, tiers: set[str]) -> Problems:
    if price.currency is None:
        if price.points:
            yield Problem(
                f"{path}.currency", phrase("It doesn't say which points."), phrase("Name the point currency.")
            )
    else:
        yield from ground.currency_known(price.currency, f"{path}.currency")
        known = ground.currencies.get(price.currency)
        if known is not None and known.kind == "qualifying":
            yield Problem(
                f"{path}.currency", phrase("These points can't be spent."), phrase("Use a currency that is spendable.")
            )
        if price.points == 0:
            yield Problem(
                f"{path}.points",
                phrase("It costs 0 points of a currency."),
                phrase("Leave the currency out, or ask more."),
            )
    if price.money_minor is not None and not price.points:
        yield Problem(f"{path}.money_minor", phrase("Money without points is a sale."), phrase("Ask for points too."))
    for index, tier in enumerate(price.tiers):
        if tier not in tiers:
            yield unknown(f"{path}.tiers[{index}]", phrase("tier"), tier, tiers)


def _time_problems(piece: RewardPiece, path: str) -> Problems:
    if piece.starts_at is not None and piece.ends_at is not None and piece.ends_at <= piece.starts_at:
        yield Problem(f"{path}.ends_at", phrase("It ends before it begins."), phrase("Let it end later."))
    if piece.valid_days is not None and piece.valid_months is not None:
        yield Problem(f"{path}.valid_months", phrase("Days and months are both given."), phrase("Give one of the two."))
    if len(piece.limits) > 4 or len({each.per for each in piece.limits}) < len(piece.limits):
        yield Problem(
            f"{path}.limits", phrase("Two limits are of the same period."), phrase("Keep one for each period.")
        )


def _auto_problems(piece: RewardPiece, path: str) -> Problems:
    if piece.auto is None:
        return
    if not piece.prices or not piece.prices[0].points or piece.prices[0].money_minor is not None:
        yield Problem(
            f"{path}.prices",
            phrase("It is issued for points, and there is no price in points."),
            phrase("Put such a price first."),
        )
    for index, window in enumerate(piece.auto.windows):
        if window.day > monthrange(LEAP, window.month)[1]:
            yield Problem(
                f"{path}.auto.windows[{index}].day",
                phrase("There is no such day."),
                phrase("Give a day of that month."),
            )


def _moments(part: Struct, path: str, names: tuple[str, ...]) -> Problems:
    """The pattern lets the 31st of February pass."""
    for name in names:
        text = getattr(part, name, None)
        try:
            datetime.fromisoformat(text or "2024-01-01T00:00")
        except ValueError:
            yield Problem(
                f"{path}.{name}", phrase("%(text)r is no time.", text=text), phrase("Write it as 2027-03-01T09:30.")
            )
