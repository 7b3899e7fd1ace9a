"""What other rooms tell of a member so that rules can ask for it: `plan`, `segment:<code>` and the like.

A fact is a plain value under a key, with an end or without. The rooms that know it write it; the engine reads those
that hold when an event is judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from core.outbox import outbox_add
from members.models import Member, MemberFact

# The fact beside an attribute: [when what set it happened, as text that sorts; the event's id, "" of a hand].
SET_BY = "set_by:"


def moment_text(at: datetime) -> str:
    """A moment as text that sorts."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"


def attributes_mark(*, member_id: int, names: Iterable[str], at: datetime) -> None:
    """They were set by hand then: a rule's message about what happened before that comes too late."""
    for name in names:
        member_fact_set(member_id=member_id, key=SET_BY + name, value=[moment_text(at), ""], tell=False)


def member_fact_set(*, member_id: int, key: str, value: Any, until: datetime | None = None, tell: bool = True) -> None:
    """Tell a fact, in the place of an earlier one under the same key.

    tell: let the other rooms know; not where a message of its own says so, or nobody goes by it.
    """
    with transaction.atomic():
        MemberFact.objects.update_or_create(member_id=member_id, key=key, defaults={"value": value, "until": until})
        if tell:
            _told(member_id, key)


def member_fact(*, member_id: int, key: str) -> Any:
    """What is told under the key, until whenever; None where nothing is."""
    return MemberFact.objects.filter(member_id=member_id, key=key).values_list("value", flat=True).first()


def member_fact_drop(*, member_id: int, key: str, tell: bool = True) -> None:
    """The fact holds no longer."""
    with transaction.atomic():
        gone, _by_model = MemberFact.objects.filter(member_id=member_id, key=key).delete()
        if tell and gone:
            _told(member_id, key)


def _told(member_id: int, key: str) -> None:
    member = Member.objects.only("public_id").get(pk=member_id)
    outbox_add("member.fact_changed", {"member_id": str(member.public_id), "key": key})
