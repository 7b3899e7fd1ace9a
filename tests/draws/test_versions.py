"""Sweepstakes follow the version in force: one published ahead brings its own when it takes effect, and not before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.outbox import outbox_drain
from draws.closing import sweepstake_cancel, sweepstake_draw
from draws.models import Sweepstake, SweepstakeEntry
from draws.tasks import sweepstakes_sweep
from loyalty.errors import ProgramInvalid
from loyalty.models import ProgramVersion
from loyalty.publishing import version_republish
from loyalty.withdrawing import version_withdraw
from tenants.models import Brand
from tests.draws import cast
from tests.loyalty import shop

pytestmark = pytest.mark.django_db


def over(brand: Brand, days: float) -> None:
    brand.clock_shift += timedelta(days=days)


def codes() -> list[str]:
    return list(Sweepstake.objects.order_by("code").values_list("code", flat=True))


def ahead(days: float) -> Any:
    return clock.now() + timedelta(days=days)


def autumn(**more: Any) -> dict[str, Any]:
    return cast.piece(**{"code": "autumn", "opens_at": cast.local(4), "closes_at": cast.local(20), **more})


def test_what_a_version_brings_is_there_when_it_takes_effect_and_not_before(brand: Brand) -> None:
    summer = cast.piece()
    made = shop.program(cast.document(summer))
    shop.publish(made, cast.document(summer, autumn()), in_force_from=ahead(3))
    assert sweepstakes_sweep() == 0
    assert codes() == ["summer"]
    over(brand, 3.01)
    assert sweepstakes_sweep() == 1
    assert codes() == ["autumn", "summer"]
    assert len(Sweepstake.objects.get(code="autumn").commitment) == 64
    assert sweepstakes_sweep() == 0, "followed once"


def test_words_change_with_the_version_and_go_back_with_a_roll_back(brand: Brand) -> None:
    summer = cast.piece()
    made = shop.program(cast.document(summer))
    second = shop.publish(made, cast.document({**summer, "name": "Late summer"}), in_force_from=ahead(3))
    assert cast.sweepstake().spec["name"] == summer["name"]
    over(brand, 3.01)
    sweepstakes_sweep()
    before = cast.sweepstake()
    assert before.spec["name"] == "Late summer"
    first = ProgramVersion.objects.get(program=made, number=1)
    version_republish(version=first, actor=shop.STAFF, expected_newest=second.number)
    assert cast.sweepstake().spec["name"] == summer["name"]
    assert cast.sweepstake().commitment == before.commitment
    assert sweepstakes_sweep() == 0, "the older version isn't followed again"


def test_a_roll_back_takes_out_what_has_not_opened_and_nobody_entered(brand: Brand) -> None:
    summer = cast.piece()
    made = shop.program(cast.document(summer))
    shop.publish(made, cast.document(summer, autumn()))
    assert codes() == ["autumn", "summer"]
    first = ProgramVersion.objects.get(program=made, number=1)
    version_republish(version=first, actor=shop.STAFF, expected_newest=2)
    assert codes() == ["summer"]


def test_of_a_version_that_is_withdrawn_nothing_comes(brand: Brand) -> None:
    summer = cast.piece()
    made = shop.program(cast.document(summer))
    version = shop.publish(made, cast.document(summer, autumn()), in_force_from=ahead(3))
    version_withdraw(version=version, actor=shop.STAFF)
    over(brand, 5)
    assert sweepstakes_sweep() == 0
    assert codes() == ["summer"]


def test_a_version_published_meanwhile_holds_until_the_one_ahead_takes_effect(brand: Brand) -> None:
    """And a round that comes late follows what is in force then, not what took effect in between."""
    summer = cast.piece()
    made = shop.program(cast.document(summer))
    shop.publish(made, cast.document(summer, autumn(opens_at=cast.local(9))), in_force_from=ahead(3))
    over(brand, 3.01)
    first = ProgramVersion.objects.get(program=made, number=1)
    version_republish(version=first, actor=shop.STAFF, expected_newest=2)
    assert sweepstakes_sweep() == 0
    assert codes() == ["summer"]


def test_what_will_have_opened_by_then_keeps_its_terms(brand: Brand) -> None:
    late = cast.piece(opens_at=cast.local(2))
    made = shop.program(cast.document(late))
    with pytest.raises(ProgramInvalid) as refused:
        shop.publish(made, cast.document({**late, "alternates": 9}), in_force_from=ahead(3))
    assert refused.value.context["problems"][0]["path"] == "sections.sweepstakes.items[0].alternates"
    with pytest.raises(ProgramInvalid):
        shop.publish(made, cast.document(), in_force_from=ahead(3))
    shop.publish(made, cast.document({**late, "alternates": 9}), in_force_from=ahead(1))
    over(brand, 1.01)
    sweepstakes_sweep()
    assert cast.sweepstake().spec["alternates"] == 9


def test_what_goes_on_while_a_version_waits_must_stand_in_it_too(brand: Brand) -> None:
    summer = cast.piece()
    made = shop.program(cast.document(summer))
    waiting = shop.publish(made, cast.document({**summer, "name": "Other"}), in_force_from=ahead(5))
    with pytest.raises(ProgramInvalid) as refused:
        shop.publish(made, cast.document(summer, autumn()))
    [problem] = refused.value.context["problems"]
    assert problem["path"] == "sections.sweepstakes.items[1]"
    assert "Version 2" in problem["problem"]
    version_withdraw(version=waiting, actor=shop.STAFF)
    shop.publish(made, cast.document(summer, autumn()))
    assert codes() == ["autumn", "summer"]


def test_whoever_is_entered_by_a_rule_before_the_round_came_by_is_in(brand: Brand) -> None:
    made = shop.program(cast.document())
    rule = {
        "code": "chance", "name": "A chance", "trigger": "order.paid",
        "effects": [{"kind": "enter_sweepstake", "sweepstake": "autumn", "entries": 2}],
    }  # fmt: skip
    document = cast.document(autumn(opens_at=cast.local(2)))
    shop.publish(made, {**document, "rules": [*document["rules"], rule]}, in_force_from=ahead(3))
    anna = shop.place(shop.member(), made)
    over(brand, 3.01)
    shop.send(shop.order(anna.member, 50))
    outbox_drain()
    assert SweepstakeEntry.objects.filter(enrollment=anna, sweepstake__code="autumn").count() == 2


@pytest.mark.parametrize("end", ["drawn", "canceled"])
def test_what_is_over_says_for_ever_what_it_was(brand: Brand, end: str) -> None:
    summer = cast.piece()
    made = shop.program(cast.document(summer))
    cast.crowd(made, 2)
    row = cast.sweepstake()
    if end == "canceled":
        sweepstake_cancel(sweepstake_id=row.pk, reason="No bike", actor=shop.STAFF)
    over(brand, 11)
    if end == "drawn":
        sweepstake_draw(sweepstake_id=row.pk, actor=shop.STAFF)
    shop.publish(made, cast.document({**summer, "name": "Another"}), in_force_from=ahead(1))
    over(brand, 1.01)
    assert sweepstakes_sweep() == 0
    assert cast.sweepstake().spec["name"] == summer["name"]
