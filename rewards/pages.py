"""What the members' pages about rewards show, read through selectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.http import Http404

from core import clock
from loyalty.models import Enrollment
from loyalty.pages import named
from loyalty.selectors import Balance, balances_of
from loyalty.showcase import Naming
from rewards.models import Redemption, Reward
from rewards.selectors import Offer, offer_of, redemptions_of, rewards_for, rewards_offered
from rewards.suppliers.settling import supplied_code, supplied_state
from rewards.vouchers import code_of

TEASERS = 3
Context = dict[str, Any]


class Shown(NamedTuple):
    """An offer with the currency that it is paid in. share: how much of the price is there, in per cent."""

    offer: Offer
    reward: Reward
    currency: Balance
    share: int


class Taken(NamedTuple):
    """A redemption as its owner sees it. state: ready, late (not used in time), used, canceled, coming or failed.

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
    offered = rewards_offered(enrollment.program_id).filter(currency__in=list(_currencies(enrollment)))
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


def list_page(enrollment: Enrollment) -> Context:
    currencies = _currencies(enrollment)
    shown = [_shown(offer, currencies) for offer in rewards_for(enrollment) if offer.reward.currency in currencies]
    return {
        "enrollment": enrollment,
        "balances": [each for code, each in currencies.items() if any(one.reward.currency == code for one in shown)],
        "within_reach": [each for each in shown if each.offer.reason is None],
        "later": [each for each in shown if each.offer.reason is not None],
    }


def offer_page(enrollment: Enrollment, reward: Reward, refusal: str = "") -> Context:
    """refusal: why it couldn't be taken just now, in words."""
    currencies = _currencies(enrollment)
    offer = offer_of(reward, enrollment, {code: each.balance for code, each in currencies.items()})
    shown = _shown(offer, currencies)
    after = shown.currency.balance - reward.price
    return {"enrollment": enrollment, "shown": shown, "after": after, "refusal": refusal}


def mine_page(enrollment: Enrollment) -> Context:
    currencies = _currencies(enrollment)
    taken = [_taken(each, currencies) for each in redemptions_of(enrollment)[:200]]
    return {
        "enrollment": enrollment,
        "ready": [each for each in taken if each.state in ("ready", "coming")],
        "past": [each for each in taken if each.state not in ("ready", "coming")],
    }


def redemption_page(enrollment: Enrollment, redemption: Redemption) -> Context:
    taken = _taken(redemption, _currencies(enrollment))
    found = supplied_code(redemption)
    if found is not None:
        until = redemption.supplier_order.code_until
        return {"enrollment": enrollment, "taken": taken, "code": found[0], "pin": found[1], "code_until": until}
    return {"enrollment": enrollment, "taken": taken, "code": code_of(redemption)}


def home_part(enrollment: Enrollment) -> Context:
    """The rewards nearest to what the member has."""
    currencies = _currencies(enrollment)
    near = [each for each in rewards_for(enrollment) if each.reason in (None, "insufficient_points")]
    return {"shown": [_shown(each, currencies) for each in near[:TEASERS] if each.reward.currency in currencies]}


def visitor_part(program_id: int, currencies: Mapping[str, Naming]) -> Context:
    """A few rewards with what they cost, for someone without a card."""
    rewards = rewards_offered(program_id).filter(currency__in=list(currencies))[:TEASERS]
    return {"rewards": [(each, currencies[each.currency]) for each in rewards]}


def _currencies(enrollment: Enrollment) -> dict[str, Balance]:
    return {each.currency: each for each in balances_of(enrollment)}


def _shown(offer: Offer, currencies: dict[str, Balance]) -> Shown:
    price = offer.reward.price
    return Shown(
        offer, offer.reward, currencies[offer.reward.currency], max(0, min(100, 100 * (price - offer.missing) // price))
    )


def _taken(redemption: Redemption, currencies: dict[str, Balance]) -> Taken:
    state = {Redemption.State.USED: "used", Redemption.State.CANCELED: "canceled"}.get(redemption.state, "ready")  # type: ignore[call-overload]
    state = supplied_state(redemption) or state
    if state == "ready" and redemption.use_until is not None and redemption.use_until <= clock.now():
        state = "late"
    returnable = state in ("ready", "late") and redemption.code_id is None and redemption.entry_id is not None
    returnable = returnable and redemption.reward.kind != "supplied"
    return Taken(redemption, redemption.reward, named(currencies, redemption.reward.currency), state, returnable)
