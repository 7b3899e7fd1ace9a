"""Product panels follow the version in force: one published ahead brings its own when it takes effect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from loyalty.errors import ProgramInvalid
from loyalty.models import ProgramVersion
from loyalty.publishing import version_republish
from loyalty.withdrawing import version_withdraw
from panels import following
from panels.models import Panel
from panels.tasks import panels_follow
from tenants.models import Brand
from tests.loyalty import shop
from tests.panels import cast

pytestmark = pytest.mark.django_db


def over(brand: Brand, days: float) -> None:
    brand.clock_shift += timedelta(days=days)


def ahead(days: float) -> Any:
    return clock.now() + timedelta(days=days)


def codes() -> list[str]:
    return list(Panel.objects.order_by("code").values_list("code", flat=True))


def boots() -> dict[str, Any]:
    return cast.piece(code="boots", opens_at=cast.local(4), closes_at=cast.local(20))


def test_what_a_version_brings_is_there_when_it_takes_effect_and_goes_with_a_roll_back(brand: Brand) -> None:
    jacket = cast.piece()
    made = shop.program(cast.document(jacket))
    shop.publish(made, cast.document({**jacket, "units": 5}, boots()), in_force_from=ahead(3))
    assert panels_follow() == 0
    assert (codes(), cast.panel().units) == (["jacket"], 2)
    over(brand, 3.01)
    assert panels_follow() == 1
    assert (codes(), cast.panel().units) == (["boots", "jacket"], 5)
    assert panels_follow() == 0, "followed once"
    first = ProgramVersion.objects.get(program=made, number=1)
    version_republish(version=first, actor=shop.STAFF, expected_newest=2)
    assert (codes(), cast.panel().units) == (["jacket"], 2)


def test_of_a_version_that_is_withdrawn_nothing_comes(brand: Brand) -> None:
    jacket = cast.piece()
    made = shop.program(cast.document(jacket))
    version = shop.publish(made, cast.document(jacket, boots()), in_force_from=ahead(3))
    version_withdraw(version=version, actor=shop.STAFF)
    over(brand, 5)
    assert panels_follow() == 0
    assert codes() == ["jacket"]


def test_what_will_have_opened_by_then_keeps_its_terms(brand: Brand) -> None:
    late = cast.piece(opens_at=cast.local(2))
    made = shop.program(cast.document(late))
    with pytest.raises(ProgramInvalid) as refused:
        shop.publish(made, cast.document({**late, "min_age": 18}), in_force_from=ahead(3))
    assert refused.value.context["problems"][0]["path"] == "sections.panels.items[0].min_age"
    with pytest.raises(ProgramInvalid):
        shop.publish(made, cast.document(), in_force_from=ahead(3))


def test_what_goes_on_while_a_version_waits_must_stand_in_it_too(brand: Brand) -> None:
    jacket, other = cast.piece(opens_at=cast.local(6), closes_at=cast.local(12)), boots()
    made = shop.program(cast.document(jacket, other))
    waiting = shop.publish(made, cast.document({**jacket, "name": "Other"}), in_force_from=ahead(3))
    open_now = {"opens_at": cast.local(0)}
    with pytest.raises(ProgramInvalid) as refused:
        shop.publish(made, cast.document(jacket, {**other, **open_now}))
    [problem] = refused.value.context["problems"]
    assert problem["path"] == "sections.panels.items[1]", "gone while members apply"
    assert "Version 2" in problem["problem"]
    with pytest.raises(ProgramInvalid) as refused:
        shop.publish(made, cast.document({**jacket, **open_now}, other))
    assert [each["path"] for each in refused.value.context["problems"]] == ["sections.panels.items[0]"], "opens later"
    shop.publish(made, cast.document({**jacket, "units": 3}, other))
    version_withdraw(version=waiting, actor=shop.STAFF)
    shop.publish(made, cast.document({**jacket, **open_now}, {**other, **open_now}))
    assert panels_follow() == 0


def test_what_was_promised_meanwhile_stays_promised_and_what_opened_keeps_its_terms(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that was written before others were chosen, and before it opened by another, takes neither away.

    Of a brand that published it when nobody looked yet at what waits.
    """
    monkeypatch.setattr(following, "openings_taken_away", lambda *_asked, **_more: iter(()))
    jacket = cast.piece(opens_at=cast.local(6), closes_at=cast.local(12))
    made = shop.program(cast.document(jacket))
    shop.publish(made, cast.document({**jacket, "units": 1, "min_age": 18}), in_force_from=ahead(3))
    now = cast.local(0)
    shop.publish(made, cast.document({**jacket, "opens_at": now, "units": 3}))
    for each in cast.crowd(made, 2):
        cast.chosen(each)
    over(brand, 3.01)
    panels_follow()
    row = cast.panel()
    assert (row.units, row.spec["min_age"], row.spec["opens_at"]) == (2, None, now)
    assert panels_follow() == 0
