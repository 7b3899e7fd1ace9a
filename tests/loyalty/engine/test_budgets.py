"""A budget over all members: shared, kept within a batch, given back by returns, its own for each period."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from loyalty.models import Budget, ProgressCounter
from tenants.models import Brand
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


def document(**limit: Any) -> dict[str, Any]:
    made = deepcopy(shop.DOCUMENT)
    made["rules"][0]["limits"] = [{"per": "budget", "period": "lifetime", "at_most": 100, **limit}]
    return made


def given(*rows: dict[str, Any]) -> list[int]:
    return [sum(each["points"] for each in answer.body["awards"]) for answer in shop.send(*rows)]


def test_all_members_share_it_also_within_a_batch(brand: Brand) -> None:
    program = shop.program(document())
    anna, bert = shop.member("Anna"), shop.member("Bert")
    for who in (anna, bert):
        shop.place(who, program)
    assert given(shop.order(anna, 40), shop.order(bert, 40), shop.order(anna, 40)) == [40, 40, 20]
    assert given(shop.order(bert, 40)) == [0]
    assert Budget.objects.get().value == 100
    assert not ProgressCounter.objects.filter(key__startswith="budget:").exists()


def test_a_budget_may_refuse_what_does_not_fit_whole(brand: Brand) -> None:
    shop.place(anna := shop.member(), shop.program(document(on_excess="reject")))
    assert given(shop.order(anna, 70), shop.order(anna, 40), shop.order(anna, 30)) == [70, 0, 30]


@pytest.mark.parametrize(("frees", "left"), [(True, 60), (False, 0)])
def test_a_return_gives_the_room_back_where_the_limit_says_so(brand: Brand, frees: bool, left: int) -> None:
    shop.place(anna := shop.member(), shop.program(document(reversal_frees=frees)))
    shop.send(shop.order(anna, 100, "A"))
    shop.send(shop.returned(anna, "A", 60))
    assert given(shop.order(anna, 80)) == [left]


def test_each_period_has_a_budget_of_its_own(brand: Brand) -> None:
    shop.place(anna := shop.member(), shop.program(document(period="day")))
    assert given(shop.order(anna, 80), shop.order(anna, 80)) == [80, 20]
    assert given(shop.order(anna, 80, days_ago=3)) == [80]


def test_room_that_a_return_gives_back_is_there_for_the_next_member_of_the_same_batch(brand: Brand) -> None:
    program = shop.program(document())
    anna, bert = shop.member("Anna"), shop.member("Bert")
    for who in (anna, bert):
        shop.place(who, program)
    shop.send(shop.order(anna, 100, "A"))
    assert given(shop.returned(anna, "A", 60), shop.order(bert, 80), shop.order(anna, 10)) == [0, 60, 0]
    assert Budget.objects.get().value == 100
