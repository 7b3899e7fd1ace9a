"""Birthdays: told by the night that begins them, once, also when nights are caught up."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from core.actor import Actor
from loyalty.models import Event, Program
from loyalty.nightly import nightly_run
from tenants.models import Brand
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


def document(*, waits: bool = True) -> dict[str, Any]:
    made = deepcopy(shop.DOCUMENT)
    if waits:
        made["rules"].append(
            {
                "code": "birthday",
                "name": "Birthday",
                "trigger": "member.birthday",
                "effects": [{"kind": "points_fixed", "currency": "points", "points": 50}],
            }
        )
    return made


def nights(program: Program, *days: date) -> None:
    for day in days:
        nightly_run(program=program, today=day)


def told() -> list[str]:
    return list(Event.objects.filter(type="member.birthday").order_by("id").values_list("member__name", flat=True))


def test_a_birthday_is_told_once_however_often_the_night_runs(brand: Brand) -> None:
    program = shop.program(document())
    place = shop.place(shop.member("Anna", birth_date=date(1990, 7, 2)), program)
    shop.place(shop.member("Bob", birth_date=date(1990, 7, 3)), program)
    nights(program, date(2032, 7, 1), date(2032, 7, 2), date(2032, 7, 2))
    assert told() == ["Anna"]
    assert shop.balance(place) == 50


def test_days_that_were_missed_are_caught_up_each_with_its_own(brand: Brand) -> None:
    program = shop.program(document())
    for name, day in (("Anna", 2), ("Bob", 3), ("Cas", 5)):
        shop.place(shop.member(name, birth_date=date(1990, 7, day)), program)
    nights(program, date(2032, 7, 1), date(2032, 7, 4))
    assert told() == ["Anna", "Bob"]


def test_who_was_born_on_a_leap_day_has_the_28th_where_there_is_no_29th(brand: Brand) -> None:
    program = shop.program(document())
    shop.place(shop.member("Anna", birth_date=date(1996, 2, 29)), program)
    nights(program, date(2031, 2, 27), date(2031, 2, 28))
    assert told() == ["Anna"]
    nights(program, date(2032, 2, 28))
    assert told() == ["Anna"]
    nights(program, date(2032, 2, 29))
    assert told() == ["Anna", "Anna"]


def test_no_birthday_is_told_where_no_rule_waits_for_one(brand: Brand) -> None:
    program = shop.program(document(waits=False))
    shop.place(shop.member("Anna", birth_date=date(1990, 7, 2)), program)
    nights(program, date(2032, 7, 1), date(2032, 7, 2))
    assert told() == []


def test_a_partner_cannot_say_that_it_is_a_birthday(brand: Brand) -> None:
    program = shop.program(document())
    anna = shop.member("Anna")
    shop.place(anna, program)
    event = {**shop.review(anna), "type": "member.birthday", "data": {}}
    [answer] = shop.send(event, actor=Actor("partner", "api:test", "shop"))
    assert (answer.status, answer.body["field"]) == (422, "type")
