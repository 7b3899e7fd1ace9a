"""What the members' pages about rewards show, read through selectors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.http import Http404
from django.utils.translation import pgettext

from core import clock
from loyalty.definition.compile import local_time
from loyalty.models import Enrollment
from loyalty.moneywords import money_words
from loyalty.pages import named
from loyalty.selectors import Balance, balances_of
from loyalty.showcase import Naming
from loyalty.templatetags.points import points
from rewards.codepicture import code_picture
from rewards.fulfilment import address_of
from rewards.kinds.gifts import cause_totals
from rewards.kinds.parcels import OPEN
from rewards.kinds.shapes import Content, Donation, Experience
from rewards.kinds.words import kind_word
from rewards.models import Redemption, Reward, StoreCredit, WaitingPlace
from rewards.offering import Option
from rewards.opening import content_open, content_shown
from rewards.pieces import kind_of, money_currency_of, piece_of, zone_of
from rewards.selectors import Offer, offer_of, redemptions_of, rewards_for, rewards_offered
from rewards.suppliers.settling import supplied_code, supplied_state
from rewards.vouchers import code_of
from rewards.waiting import place_in_line, seat_confirmable
from rewards.worth import facts_of

TEASERS = 3
Context = dict[str, Any]


class Way(NamedTuple):
    """A way to pay, in words. missing: points still needed for it; "" for none."""

    key: str
    text: str
    missing: str


class Shown(NamedTuple):
    """An offer and the currency that it is paid in, None for what costs nothing. share: how much is there, in per cent.

    ways: every way to pay, the one that is nearest first.
    """

    offer: Offer
    reward: Reward
    currency: Balance | None
    share: int
    price: str
    missing: str
    ways: tuple[Way, ...] = ()


class Taken(NamedTuple):
    """A redemption as its owner sees it. state: reserved, ready, late (not used in time), used, canceled, lapsed;
    coming or failed when a supplier delivers it.

    returnable: its owner may give it back; a reward whose code they were shown only staff can cancel, and one that was
    given to them has no points to give back.
    """

    redemption: Redemption
    reward: Reward
    currency: Balance | Naming
    state: str
    returnable: bool


def reward_or_404(enrollment: Enrollment, code: str) -> Reward:
    """A reward on offer in the member's program, for points that the program has."""
    offered = rewards_offered(enrollment.program_id).filter(currency__in=[*_currencies(enrollment), ""])
    reward = offered.filter(code=code).first()
    if reward is None:
        raise Http404
    return reward


def redemption_or_404(enrollment: Enrollment, redemption_id: UUID) -> Redemption:
    """The member's own redemption; another's isn't there."""
    redemption = redemptions_of(enrollment).filter(pk=redemption_id).first()
    if redemption is None:
        raise Http404
    return redemption


def list_page(enrollment: Enrollment, kind: str = "", reach: bool = False) -> Context:
    """kind, reach: what the member wants to see of it."""
    currencies = _currencies(enrollment)
    offers = [each for each in rewards_for(enrollment) if _payable(each, currencies)]
    kinds = sorted({each.reward.kind for each in offers})
    shown = [_shown(each, currencies) for each in offers if kind in ("", each.reward.kind)]
    return {
        "enrollment": enrollment,
        "balances": [each for code, each in currencies.items() if any(one.reward.currency == code for one in shown)],
        "within_reach": [each for each in shown if each.offer.reason is None],
        "later": [] if reach else [each for each in shown if each.offer.reason is not None],
        "kinds": [(each, kind_word(each)) for each in kinds] if len(kinds) > 1 else [],
        "kind": kind if kind in kinds else "",
        "reach": reach,
        "country_known": bool(enrollment.member.attributes.get("country")),
    }


def offer_page(enrollment: Enrollment, reward: Reward, refusal: str = "") -> Context:
    """refusal: why it couldn't be taken just now, in words."""
    currencies = _currencies(enrollment)
    offer = offer_of(reward, enrollment, {code: each.balance for code, each in currencies.items()})
    shown = _shown(offer, currencies)
    after = shown.currency.balance - offer.option.points if shown.currency is not None else 0
    kind = kind_of(reward)
    context = {
        "enrollment": enrollment,
        "shown": shown,
        "after": after,
        "refusal": refusal,
        "kind": kind,
        # What the member agrees to by taking it: should it differ by then, nothing is taken.
        "priced": hashlib.sha256(msgspec.json.encode(offer.options)).hexdigest(),
        "facts": facts_of(piece_of(reward), money_currency_of(reward.program_id)),
        "country_known": bool(enrollment.member.attributes.get("country")),
    }
    if isinstance(kind, Donation):
        totals = cause_totals(kind.cause)
        context["cause"] = {
            "name": kind.cause_name,
            "totals": [money_words(each.amount_minor, each.currency) for each in totals],
            "goal": money_words(kind.goal_minor, money_currency_of(reward.program_id)) if kind.goal_minor else "",
        }
    if isinstance(kind, Experience):
        zone = zone_of(reward.program_id)
        context["event_at"] = local_time(kind.starts_at, zone) if kind.starts_at else None
        place = WaitingPlace.objects.filter(reward=reward, enrollment=enrollment, state="waiting").first()
        context["in_line"] = place_in_line(place) if place is not None else 0
        context["may_wait"] = kind.waiting_list and offer.reason == "sold_out" and place is None
    return context


def mine_page(enrollment: Enrollment) -> Context:
    currencies = _currencies(enrollment)
    taken = [_taken(each, currencies) for each in redemptions_of(enrollment)[:200]]
    return {
        "enrollment": enrollment,
        "ready": [each for each in taken if each.state in ("ready", "reserved", "coming")],
        "past": [each for each in taken if each.state not in ("ready", "reserved", "coming")],
        "waiting": list(
            WaitingPlace.objects.filter(enrollment=enrollment, state="waiting").select_related("reward").order_by("pk")
        ),
        "credit": [
            money_words(each.balance_minor, each.money_currency)
            for each in StoreCredit.objects.filter(member_id=enrollment.member_id, balance_minor__gt=0)
        ],
    }


def redemption_page(enrollment: Enrollment, redemption: Redemption) -> Context:
    taken = _taken(redemption, _currencies(enrollment))
    supplied = supplied_code(redemption)
    code = supplied[0] if supplied is not None else code_of(redemption)
    voucher = getattr(redemption, "voucher", None)
    parcel = getattr(redemption, "fulfilment", None)
    left = voucher.balance_minor if voucher is not None else None
    context: Context = {
        "enrollment": enrollment,
        "taken": taken,
        "code": code,
        "qr": code_picture(code) if code and taken.state == "ready" else "",
        "left": money_words(left, voucher.money_currency) if voucher is not None and left is not None else "",
        "parcel": parcel,
        "address": address_of(parcel) if parcel is not None else None,
        "money": money_words(redemption.money_minor, redemption.money_currency) if redemption.money_minor else "",
        "confirmable": taken.state == "reserved" and not redemption.money_minor and seat_confirmable(redemption),
    }
    if supplied is not None:
        order = getattr(redemption, "supplier_order", None)
        context["pin"], context["code_until"] = supplied[1], order.code_until if order is not None else None
    kind = kind_of(redemption.reward)
    if isinstance(kind, Experience):
        context["place"] = kind.place
        context["event_at"] = (
            local_time(kind.starts_at, zone_of(redemption.reward.program_id)) if kind.starts_at else None
        )
    if isinstance(kind, Content) and redemption.state in ("redeemed", "used"):
        context["content"] = kind
        context["opens_at"], context["open"] = content_open(kind, redemption.reward.program_id)
    return context


def home_part(enrollment: Enrollment) -> Context:
    """The rewards nearest to what the member has."""
    currencies = _currencies(enrollment)
    near = [each for each in rewards_for(enrollment) if each.reason in (None, "insufficient_points")]
    return {"shown": [_shown(each, currencies) for each in near if _payable(each, currencies)][:TEASERS]}


def visitor_part(program_id: int, currencies: Mapping[str, Naming]) -> Context:
    """A few rewards with what they cost, for someone without a card."""
    rewards = rewards_offered(program_id).filter(currency__in=list(currencies))[:TEASERS]
    return {"rewards": [(each, currencies[each.currency]) for each in rewards]}


def _currencies(enrollment: Enrollment) -> dict[str, Balance]:
    return {each.currency: each for each in balances_of(enrollment)}


def _payable(offer: Offer, currencies: Mapping[str, Balance]) -> bool:
    return not offer.option.points or offer.option.currency in currencies


def _shown(offer: Offer, currencies: dict[str, Balance]) -> Shown:
    price, currency = offer.option.points, currencies.get(offer.option.currency)
    share = 100 * (price - offer.missing) // price if price else 100
    missing = points(offer.missing, currency) if currency is not None and offer.missing else ""
    ways = tuple(
        Way(each.key, price_text(each, currencies), _missing(each, currencies))
        for each in offer.options
        if not each.points or each.currency in currencies
    )
    return Shown(
        offer, offer.reward, currency, max(0, min(100, share)), price_text(offer.option, currencies), missing, ways
    )


def _missing(option: Option, currencies: Mapping[str, Balance]) -> str:
    currency = currencies.get(option.currency)
    lacking = option.points - currency.balance if currency is not None else 0
    return points(lacking, currency) if lacking > 0 else ""


def price_text(option: Option, currencies: Mapping[str, Balance]) -> str:
    """100 points; 50 points + €3; free."""
    currency = currencies.get(option.currency)
    told = points(option.points, currency) if currency is not None and option.points else pgettext("price", "free")
    return f"{told} + {money_words(option.money_minor, option.money_currency)}" if option.money_minor else told


def _taken(redemption: Redemption, currencies: dict[str, Balance]) -> Taken:
    state = "ready" if redemption.state == Redemption.State.REDEEMED else redemption.state
    state = supplied_state(redemption) or state
    if state == "ready" and redemption.use_until is not None and redemption.use_until <= clock.now():
        state = "late"
    returnable = state in ("ready", "late") and redemption.code_id is None and redemption.entry_id is not None
    returnable = returnable and redemption.reward.kind not in ("supplied", "donation")
    returnable = returnable or (state == "reserved" and redemption.price > 0)
    parcel = getattr(redemption, "fulfilment", None)
    sent = parcel is not None and parcel.state not in OPEN
    if sent or (state in ("ready", "late") and content_shown(redemption.reward)):
        returnable = False
    currency = redemption.currency or redemption.reward.currency
    return Taken(redemption, redemption.reward, named(currencies, currency), state, returnable)
