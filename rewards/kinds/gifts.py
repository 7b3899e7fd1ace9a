"""Donations: what members gave to a cause through the brand, and its running total."""

from __future__ import annotations

import msgspec
from django.db.models import Count, Sum

from rewards.kinds import Handing, kind_handler
from rewards.kinds.shapes import Donation as Kind
from rewards.models import Donation
from rewards.pieces import money_currency_of


class CauseTotal(msgspec.Struct, frozen=True):
    """gifts: how many redemptions stand behind it."""

    cause: str
    currency: str
    amount_minor: int
    gifts: int


def donation_issue(handing: Handing) -> None:
    kind: Kind = handing.kind
    Donation.objects.create(
        redemption=handing.redemption,
        cause=kind.cause,
        amount_minor=kind.amount_minor,
        money_currency=kind.money_currency or money_currency_of(handing.redemption.reward.program_id),
        given_at=handing.now,
    )


def donation_take_back(handing: Handing) -> None:
    Donation.objects.filter(redemption=handing.redemption).update(canceled=True)


def cause_totals(*causes: str) -> list[CauseTotal]:
    """Of each cause and currency; of every cause where none is named."""
    rows = Donation.objects.filter(canceled=False)
    if causes:
        rows = rows.filter(cause__in=causes)
    sums = rows.values_list("cause", "money_currency").annotate(total=Sum("amount_minor"), gifts=Count("pk"))
    return [CauseTotal(*each) for each in sums.order_by("cause", "money_currency")]


kind_handler("donation", issue=donation_issue, revoke=donation_take_back)
