"""What a member can take now, and for what: who it is for, how often, and the ways to pay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Q
from django.utils.translation import gettext as _

from loyalty.definition.periods import period_start
from loyalty.errors import MemberSuspended
from loyalty.models import Enrollment
from loyalty.rules.dates import local_day
from loyalty.selectors import document_now
from members.models import Member
from rewards.errors import (
    LimitReached,
    NotForSegment,
    NotInCountry,
    NotOffered,
    PayUnknown,
    TierTooLow,
)
from rewards.models import Redemption, Reward, VoucherUse
from rewards.pieces import piece_of
from rewards.reading import member_read
from rewards.section import Price, RewardPiece

GONE = (Redemption.State.CANCELED, Redemption.State.LAPSED)


class Standing(msgspec.Struct, frozen=True):
    """What decides about offers and prices of one member. taken: reward id → when it was taken, what is gone aside."""

    enrollment: Enrollment
    now: datetime
    tiers: frozenset[str]
    segments: frozenset[str]
    country: str
    taken: dict[int, list[datetime]]
    zone: ZoneInfo
    money_currency: str


class Option(msgspec.Struct, frozen=True):
    """One way to pay. key: what a request names it by; `points`, or `points+EUR` with money besides."""

    key: str
    points: int
    currency: str
    money_minor: int
    money_currency: str


def standing_of(enrollment: Enrollment, now: datetime, rewards: Iterable[int] | None = None) -> Standing:
    """Read at once; under the member's lock it is exact. rewards: only what was taken of these counts."""
    found = member_read(place=enrollment.pk, member=enrollment.member_id, now=now, rewards=rewards)
    program = document_now(enrollment.program_id).program
    country = str(enrollment.member.attributes.get("country") or "").upper()
    return Standing(
        enrollment, now, found.tiers, found.segments, country, found.taken, ZoneInfo(program.time_zone),
        program.money_currency,
    )  # fmt: skip


def offer_check(reward: Reward, standing: Standing) -> None:
    """Refuse what this member can't take now, points and stock aside.

    NotOffered, MemberSuspended, TierTooLow, NotForSegment, NotInCountry, LimitReached.
    """
    now, piece = standing.now, piece_of(reward)
    if not reward.active or not piece.prices or reward.program_id != standing.enrollment.program_id:
        raise NotOffered()
    if (reward.starts_at and now < reward.starts_at) or (reward.ends_at and now >= reward.ends_at):
        raise NotOffered()
    if standing.enrollment.member.status != Member.Status.ACTIVE:
        raise MemberSuspended()
    if piece.tiers and standing.tiers.isdisjoint(piece.tiers):
        raise TierTooLow(tiers=list(piece.tiers))
    if piece.segments and standing.segments.isdisjoint(piece.segments):
        raise NotForSegment()
    if piece.countries and standing.country not in piece.countries:
        raise _not_in_country(piece, standing)
    limits_check(piece, standing, reward.pk)


def _not_in_country(piece: RewardPiece, standing: Standing) -> NotInCountry:
    countries = list(piece.countries)
    if standing.country:
        return NotInCountry(countries=countries)
    words = _("This reward is for some countries only, and it isn’t known yet where the member lives.")
    return NotInCountry(words, countries=countries, member_country=None)


def limits_check(piece: RewardPiece, standing: Standing, reward_id: int) -> None:
    """LimitReached, with the limit and its period."""
    taken = standing.taken.get(reward_id, [])
    if piece.limit_per_member is not None and len(taken) >= piece.limit_per_member:
        raise LimitReached(limit=piece.limit_per_member)
    today = local_day(standing.now, standing.zone)
    for limit in piece.limits:
        begun = period_start(limit.per, today)
        if sum(local_day(at, standing.zone).isoformat() >= begun for at in taken) >= limit.times:
            raise LimitReached(limit=limit.times, per=limit.per)


def order_limit_check(reward: Reward, order_number: str, besides: Redemption | None = None) -> None:
    """LimitReached when an order has as many of this reward as it may: taken for it, or used on it. "": no order.

    The reward's row is locked, so that two members' takings for one order come one after the other.
    """
    most = piece_of(reward).limit_per_order
    if most is None or not order_number:
        return
    Reward.objects.select_for_update(no_key=True).get(pk=reward.pk)
    rows = Redemption.objects.filter(reward=reward).exclude(state__in=GONE)
    if besides is not None:
        rows = rows.exclude(pk=besides.pk)
    used = VoucherUse.objects.filter(reference=order_number, voucher__redemption__in=rows)
    of_order = Q(order_number=order_number) | Q(pk__in=used.values("voucher__redemption_id"))
    if rows.filter(of_order).count() >= most:
        raise LimitReached(limit=most, per="order")


def options_of(reward: Reward, standing: Standing) -> list[Option]:
    """The ways in which this member can pay, the brand's first way first; of the same kind the lowest price."""
    found: dict[str, Option] = {}
    for price in piece_of(reward).prices:
        if _for_them(price, standing):
            option = option_of(price, standing.money_currency)
            known = found.get(option.key)
            if known is None or (option.points, option.money_minor) < (known.points, known.money_minor):
                found[option.key] = option
    return list(found.values())


def _for_them(price: Price, standing: Standing) -> bool:
    return not (price.tiers and standing.tiers.isdisjoint(price.tiers)) and not (
        price.segments and standing.segments.isdisjoint(price.segments)
    )


def option_of(price: Price, money_currency: str) -> Option:
    money = (price.money_currency or money_currency) if price.money_minor else ""
    key = price.currency or ("free" if not price.points else "")
    return Option(f"{key}+{money}" if money else key, price.points, price.currency or "", price.money_minor or 0, money)


def option_chosen(options: list[Option], key: str) -> Option:
    """The way that is asked for; "" takes the first. NotOffered where there is none for the member, PayUnknown."""
    if not options:
        raise NotOffered()
    if not key:
        return options[0]
    for each in options:
        if each.key == key:
            return each
    raise PayUnknown(field="pay_with", options=[each.key for each in options])
