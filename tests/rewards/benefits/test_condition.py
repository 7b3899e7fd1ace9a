"""Whether a benefit was used, as a question of a rule: ever, lately, or since the last charge."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from loyalty.definition.facts import CHARGED_FACT
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode
from loyalty.models import Enrollment
from members.facts import member_fact_set
from rewards.benefits.uses import benefit_use, benefit_use_take_back
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.benefits.cast import document, somebody

pytestmark = pytest.mark.django_db
_numbers = iter(range(10_000))


def rule(**test: Any) -> dict[str, Any]:
    """7 points more on every order for whom the question is true."""
    return {
        "code": "asked", "name": "Asked", "trigger": "order.paid", "group": "asked",
        "when": {"kind": "benefit", "any_of": ["coffee"], **test},
        "effects": [{"kind": "points_fixed", "currency": "points", "points": 7}],
    }  # fmt: skip


def club(**test: Any) -> Enrollment:
    made = deepcopy(document())
    made["rules"].append(rule(**test))
    return somebody(shop.program(made), 600)


def fires(place: Enrollment) -> bool:
    [answer] = shop.send(shop.order(place.member, 1, f"Q-{next(_numbers)}"))
    assert answer.error is None, answer
    return any(each["rule"] == "asked" for each in answer.body["awards"])


def use(place: Enrollment, days_ago: float = 0) -> Any:
    return benefit_use(
        enrollment=place, code="coffee", external_id=f"U-{next(_numbers)}", actor=shop.PARTNER,
        used_at=clock.now() - timedelta(days=days_ago) if days_ago else None,
    )  # fmt: skip


def charged(place: Enrollment, days_ago: float) -> None:
    at = clock.now() - timedelta(days=days_ago)
    member_fact_set(member_id=place.member_id, key=CHARGED_FACT, value=at.isoformat())


def test_never_used_turns_false_with_the_first_use_and_true_again_when_it_is_taken_back(brand: Brand) -> None:
    place = club(used=False)
    assert fires(place)
    made = use(place)
    assert not fires(place)
    benefit_use_take_back(use=made, actor=shop.STAFF, reason="mistake")
    assert fires(place)


def test_used_is_the_opposite_question(brand: Brand) -> None:
    place = club(used=True)
    assert not fires(place)
    use(place)
    assert fires(place)


def test_unused_since_the_last_charge(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    place = club(used=False, since="last_charge")
    assert fires(place), "who was never charged has used nothing since"
    use(place)
    assert fires(place)
    charged(place, days_ago=1)
    assert not fires(place)
    # Charged anew: the use before it counts no more.
    moment = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: moment)
    charged(place, days_ago=0)
    assert fires(place)


def test_unused_in_the_last_days_begins_again_when_they_are_over(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    place = club(used=False, since="days", days=30)
    use(place)
    assert not fires(place)
    moment = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert fires(place)


@pytest.mark.parametrize(
    ("test", "where"),
    [({"any_of": []}, "any_of"), ({"since": "days"}, "days"), ({"since": "ever", "days": 3}, "days")],
)
def test_a_question_that_makes_no_sense_is_told_with_its_place(test: dict[str, Any], where: str) -> None:
    made = deepcopy(document())
    made["rules"].append(rule(**test))
    with pytest.raises(DefinitionError) as refused:
        document_decode(made)
    assert [each.path.rsplit(".", 1)[-1] for each in refused.value.problems] == [where]
