"""What other rooms tell of a member so that rules can ask for it: `plan`, `segment:<code>` and the like.

A fact is a plain value under a key, with an end or without. The rooms that know it write it; the engine reads those
that hold when an event is judged.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from members.models import MemberFact


def member_fact_set(*, member_id: int, key: str, value: Any, until: datetime | None = None) -> None:
    """Tell a fact, in the place of an earlier one under the same key."""
    MemberFact.objects.update_or_create(member_id=member_id, key=key, defaults={"value": value, "until": until})


def member_fact(*, member_id: int, key: str) -> Any:
    """What is told under the key, until whenever; None where nothing is."""
    return MemberFact.objects.filter(member_id=member_id, key=key).values_list("value", flat=True).first()


def member_fact_drop(*, member_id: int, key: str) -> None:
    """The fact holds no longer."""
    MemberFact.objects.filter(member_id=member_id, key=key).delete()
