"""A budget over all members: fifty at once never get more than there is, and all of it is given."""

from __future__ import annotations

import re
import time
from copy import deepcopy
from functools import partial
from typing import Any

import pytest

from core.database import identifier, owner_connection
from core.ids import uuid7
from loyalty.models import Budget, PointsEntry
from members.models import Member
from tenants.models import Brand
from tests.concurrency.crowd import CROWD, Crowd, crowd_of
from tests.loyalty import shop

pytestmark = pytest.mark.race

CONTROL_SECONDS = 30.0
AT_MOST = 105


def _document(event_type: str) -> dict[str, Any]:
    made = deepcopy(shop.DOCUMENT)
    made["rules"] = [
        {
            "code": "gift",
            "name": "Gift",
            "trigger": event_type,
            "effects": [{"kind": "points_fixed", "currency": "points", "points": 10}],
            "limits": [{"per": "budget", "period": "lifetime", "at_most": AT_MOST}],
        }
    ]
    return made


def _rush(crowd: Crowd, people: list[Member]) -> int:
    """Everyone reviews at once; how many points that gave in all."""
    rows = [shop.review(who, f"V-{uuid7().hex}") for who in people]
    outcomes = crowd.rush([partial(_sent, row) for row in rows])
    assert {each.value for each in outcomes} == {201}, [each.word for each in outcomes if each.error]
    ids = [row["id"] for row in rows]
    return sum(PointsEntry.objects.filter(event__external_id__in=ids).values_list("points", flat=True))


def _sent(row: dict[str, Any]) -> int:
    return shop.send(row)[0].status


def _people() -> list[Member]:
    program = shop.program(_document("review.posted"))
    people = [shop.member(f"P{n}") for n in range(CROWD)]
    for who in people:
        shop.place(who, program)
    return people


def test_fifty_at_once_get_the_budget_and_not_a_point_more(committed_brand: Brand) -> None:
    people = _people()
    with crowd_of(committed_brand) as crowd:
        assert _rush(crowd, people) == AT_MOST
        assert _rush(crowd, people) == 0
    assert Budget.objects.get().value == AT_MOST


def test_the_control_without_the_look_at_the_limit_gives_more(committed_brand: Brand) -> None:
    people = _people()
    with owner_connection() as owner:
        owner.execute(f"SET search_path = {identifier(committed_brand.schema_name)}".encode())
        row = owner.execute("SELECT pg_get_functiondef('loyalty_book_budgeted'::regproc)").fetchone()
        assert row is not None
        bare = re.sub(r"WHERE v_budget.delta <= 0 OR [^;]*;", ";", str(row[0]))
        assert bare != row[0]
        owner.execute(bare.encode(), prepare=False)
    begun = time.monotonic()
    with crowd_of(committed_brand) as crowd:
        while time.monotonic() - begun < CONTROL_SECONDS:
            Budget.objects.all().delete()
            if _rush(crowd, people) > AT_MOST:
                return
    pytest.fail("the budget holds without looking at it: it is no race")
