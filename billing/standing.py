"""How a subscription stands: from what billing says to whether, and until when, what the plan gives holds. Pure.

Billing and access are two fields, and this is the one place where the second follows the first, by the brand's terms.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

State = Literal[
    "free", "pending", "trialing", "active", "paused", "past_due", "suspended", "ended", "one_time", "duplicate"
]
# A renewal is heard of a little after its time; who is paid up isn't locked out meanwhile.
HEARSAY = timedelta(days=1)


class Terms(Struct, frozen=True, kw_only=True):
    """The brand's own: see BillingSection."""

    grace_days: int = 7
    access_in_pause: bool = False
    suspend_on_dispute: bool = True

    @property
    def grace(self) -> timedelta:
        return timedelta(days=self.grace_days)


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of a subscription. kind: free, one_fee or recurring; the rest as in models.Subscription."""

    kind: str
    billing: str
    period_end: datetime | None = None
    paid_until: datetime | None = None
    trial_end: datetime | None = None
    cancel_at: datetime | None = None
    ended_at: datetime | None = None
    collection_paused: bool = False
    first_failed_at: datetime | None = None
    disputed: bool = False
    duplicate: bool = False


class Standing(Struct, frozen=True):
    """access: none, held, suspended or over, as from now; until: when what is held ends by what is known now."""

    access: str
    until: datetime | None = None


NONE, SUSPENDED, OVER = Standing("none"), Standing("suspended"), Standing("over")


def standing_of(facts: Facts, terms: Terms) -> Standing:
    """Where it stands by the two. Whether it still holds is a question of the clock: until is never asked here."""
    if facts.duplicate:
        return NONE
    if facts.billing in ("incomplete", "incomplete_expired"):
        return NONE
    if facts.ended_at is not None or facts.billing == "canceled":
        return OVER
    if facts.disputed and terms.suspend_on_dispute:
        return SUSPENDED
    if facts.kind != "recurring":
        return Standing("held", facts.period_end)
    return _recurring(facts, terms)


def standing_at(facts: Facts, terms: Terms, now: datetime) -> Standing:
    """The same by the clock: what was held until then is over, or held back while it may come back."""
    found = standing_of(facts, terms)
    if found.access != "held" or found.until is None or found.until > now:
        return found
    left = facts.kind != "recurring" or (facts.cancel_at is not None and facts.cancel_at <= now)
    return OVER if left else SUSPENDED


def _recurring(facts: Facts, terms: Terms) -> Standing:
    if facts.billing == "unpaid":
        return SUSPENDED
    if facts.billing == "past_due":
        began = facts.first_failed_at or facts.paid_until or facts.period_end
        return _held(began + terms.grace if began is not None else None, facts.cancel_at)
    if facts.billing == "paused" or facts.collection_paused:
        if terms.access_in_pause:
            return _held(None, facts.cancel_at)
        paid = facts.paid_until or (facts.trial_end if facts.billing == "paused" else None)
        return _held(paid, facts.cancel_at) if paid is not None else SUSPENDED
    end = facts.trial_end if facts.billing == "trialing" else facts.period_end
    return _held(end + max(HEARSAY, terms.grace) if end is not None else None, facts.cancel_at)


def _held(*ends: datetime | None) -> Standing:
    return Standing("held", min((each for each in ends if each is not None), default=None))


def state_of(facts: Facts, terms: Terms, now: datetime) -> State:
    """One word for people and partners, by the clock."""
    standing = standing_at(facts, terms, now)
    if facts.duplicate:
        return "duplicate"
    if facts.billing == "incomplete":
        return "pending"
    if standing.access == "over" or facts.billing == "incomplete_expired":
        return "ended"
    if facts.kind != "recurring":
        return "suspended" if standing.access == "suspended" else _unbilled(facts.kind)
    if facts.disputed and terms.suspend_on_dispute:
        return "suspended"
    if facts.collection_paused or facts.billing == "paused":
        return "paused" if facts.paid_until is None or facts.paid_until <= now else "active"
    if facts.billing == "past_due" and standing.access == "held":
        return "past_due"
    if facts.billing in ("past_due", "unpaid"):
        return "suspended"
    return "trialing" if facts.billing == "trialing" else "active"


def _unbilled(kind: str) -> State:
    return "free" if kind == "free" else "one_time"
