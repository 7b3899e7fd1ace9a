"""Opens the books of a trial's brand and checks them afterwards; also from the command line, for another database:

python -m tests.trials.clerk open|check <schema>        prints JSON
"""

from __future__ import annotations

import json
import sys
from typing import Any

MEMBERS = 3
PRICE = 2


def books_open() -> dict[str, Any]:
    """A program, members with points, a reward, a key. Returns what a partner system needs to know."""
    from rewards.models import Reward
    from tests.api.cast import key_made
    from tests.loyalty import shop

    program = shop.program()
    people = [shop.member(f"P{n}") for n in range(MEMBERS)]
    for who in people:
        shop.send(shop.order(who, 1000, f"opening-{who.pk}"))
    Reward.objects.create(program=program, code="tea", name="Tea", currency="points", price=PRICE)
    _row, key = key_made(rate_per_minute=1_000_000)
    return {"key": key, "members": [str(who.public_id) for who in people]}


def books_check() -> dict[str, Any]:
    """What is there: events by external id, redemptions and points of each member, messages, broken promises."""
    from django.db.models import Count

    from core.tables import IdempotencyRecord, OutboxMessage
    from loyalty.ledger import ledger_invariants
    from loyalty.models import Event, PointsAccount
    from rewards.models import Redemption
    from tests.trials.receiver import TOPICS

    orders = Event.objects.filter(type="order.paid").exclude(external_id__startswith="opening-")
    accounts = PointsAccount.objects.values_list("enrollment__member__public_id", "issued", "spent", "balance")
    messages = OutboxMessage.objects.filter(topic__in=TOPICS)
    return {
        "events": list(orders.values_list("external_id", flat=True)),
        "redemptions": Redemption.objects.count(),
        "per_key": max(
            Redemption.objects.values("entry__effect", "enrollment")
            .annotate(n=Count("id"))
            .values_list("n", flat=True),
            default=0,
        ),
        "keys": IdempotencyRecord.objects.filter(status__isnull=False).count(),
        "accounts": {str(who): [issued, spent, balance] for who, issued, spent, balance in accounts},
        "messages": sorted(messages.values_list("id", flat=True)),
        "waiting": messages.filter(delivered_at=None).count(),
        "failed": messages.exclude(failed_at=None).count(),
        "broken": ledger_invariants(),
    }


def main() -> None:
    import django

    django.setup()
    from django.db import connection

    from tenants import registry

    brand = registry.brand_by_schema(sys.argv[2])
    assert brand is not None
    connection.set_tenant(brand)  # type: ignore[attr-defined]  # django-tenants'
    print(json.dumps({"open": books_open, "check": books_check}[sys.argv[1]]()))


if __name__ == "__main__":
    main()
