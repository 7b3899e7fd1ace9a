"""One teller of the bank trial: a process of its own, with its own connection, that moves points until told to stop.

    python -m tests.concurrency.ledger_bank <schema> <program id> <seed> <seconds> <with locks: 1 or 0>

Prints one JSON line: {"writes": n, "refused": n, "broken": n}. Settings and database come from the environment.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from typing import Any

import django


def main() -> None:
    django.setup()
    from django.db import connection

    from core.errors import Busy, DomainError
    from loyalty.models import Enrollment
    from tenants import registry

    schema, program_id, seed, seconds, locked = sys.argv[1], *map(int, sys.argv[2:6])
    brand = registry.brand_by_schema(schema)
    assert brand is not None
    connection.set_tenant(brand)  # type: ignore[attr-defined]  # django-tenants'
    places = list(Enrollment.objects.filter(program_id=program_id).select_related("member", "program").order_by("id"))
    hot, cold = places[:5], places[5:]
    dice = random.Random(seed)
    if not locked:
        _forget_locks()
    counts: Counter[str] = Counter()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        place = dice.choice(hot if dice.random() < 0.5 else cold)
        try:
            _move(place, dice, f"{seed}-{sum(counts.values())}")
            counts["writes"] += 1
        except Busy:
            counts["busy"] += 1
        except DomainError:
            counts["refused"] += 1
        except Exception as error:
            counts["broken"] += 1
            counts[type(error).__name__] += 1
    print(json.dumps(counts))


def _forget_locks() -> None:
    from loyalty import ledger
    from loyalty.models import Enrollment

    def version(enrollment_id: int) -> int:
        return Enrollment.objects.get(pk=enrollment_id).version

    ledger.enrollment_lock = version


def _move(place: Any, dice: random.Random, name: str) -> None:
    """Earn, give, or take, so that accounts hover above nothing: there a missing lock shows."""
    from loyalty.services import points_adjust
    from tests.loyalty import shop

    kind = dice.random()
    if kind < 0.25:
        [answer] = shop.send(shop.order(place.member, dice.randint(1, 20), f"T-{name}"))
        if answer.error is not None:
            raise answer.error
    else:
        points = dice.randint(1, 15) * (1 if kind < 0.35 else -1)
        points_adjust(enrollment=place, currency="points", points=points, reason="bank", actor=shop.STAFF, key=name)


if __name__ == "__main__":
    main()
