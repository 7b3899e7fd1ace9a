"""The parts of a bundle as rows follow a subscription’s items, in the transaction in which the customer is read."""

from __future__ import annotations

from collections.abc import Iterable

from billing.catalog import SHARE, ref_of
from billing.models import BundleShare, StripeConnection, Subscription, SubscriptionPart
from billing.reading import ReadItem


def parts_follow(connection: StripeConnection, row: Subscription, others: Iterable[ReadItem]) -> bool:
    """Whether the rows weren't as Stripe says. Of what is over they stay as they were."""
    there = {each.share_id: each for each in SubscriptionPart.objects.filter(subscription=row)}
    others = list(others)
    if row.ended_at is not None or not (there or others):
        return False
    wanted = _wanted(connection, others)
    changed = False
    for share_id, item in wanted.items():
        known = there.get(share_id)
        if known is None or known.item_id != item:
            SubscriptionPart.objects.update_or_create(subscription=row, share_id=share_id, defaults={"item_id": item})
            changed = True
    gone = [each.pk for share_id, each in there.items() if share_id not in wanted]
    if gone:
        SubscriptionPart.objects.filter(pk__in=gone).delete()
    return changed or bool(gone)


def _wanted(connection: StripeConnection, others: Iterable[ReadItem]) -> dict[int, str]:
    found = {ref_of(connection, SHARE, each.price): each.id for each in others}
    known = BundleShare.objects.filter(pk__in=[int(ref) for ref in found if ref is not None])
    return {pk: found[str(pk)] for pk in known.values_list("pk", flat=True)}
