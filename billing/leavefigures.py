"""How leaving goes, by counts: what was seen on the way out, why they go, what made them stay, who came back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Q
from msgspec import Struct

from billing.models import SubscriptionChange, WinBackOffer
from billing.staying import STEPS
from core import clock

DAYS = 90


class LeaveFigures(Struct, frozen=True, kw_only=True):
    """Of the last days; test members are left out. steps: subscriptions that saw each. reasons: those who asked to
    leave, by why. stayed: took the offer. kept: took their leaving back. ended: those that are gone, however."""

    since: datetime
    steps: list[tuple[str, int]]
    reasons: list[tuple[str, int]]
    asked: int
    stayed: int
    kept: int
    ended: int
    written: int
    back: int


def leave_figures() -> LeaveFigures:
    since = clock.now() - timedelta(days=DAYS)
    rows = SubscriptionChange.objects.filter(at__gte=since, subscription__member__is_test=False).order_by()
    seen = dict(
        rows.filter(kind="cancel_step").values_list("details__step").annotate(Count("subscription", distinct=True))
    )
    asked = rows.filter(kind="cancel_asked")
    why = asked.values_list("details__reason").annotate(n=Count("subscription", distinct=True)).order_by("-n")
    kinds = dict(
        rows.filter(kind__in=("cancel_asked", "offer_taken", "kept", "ended"))
        .values_list("kind")
        .annotate(Count("subscription", distinct=True))
    )
    offers = WinBackOffer.objects.filter(sent_at__gte=since, member__is_test=False)
    sent = offers.aggregate(written=Count("pk"), back=Count("pk", filter=Q(redeemed_at__isnull=False)))
    return LeaveFigures(
        since=since,
        steps=[(step, seen.get(step, 0)) for step in STEPS],
        reasons=[(str(code or "other"), number) for code, number in why],
        asked=kinds.get("cancel_asked", 0),
        stayed=kinds.get("offer_taken", 0),
        kept=kinds.get("kept", 0),
        ended=kinds.get("ended", 0),
        written=sent["written"],
        back=sent["back"],
    )
