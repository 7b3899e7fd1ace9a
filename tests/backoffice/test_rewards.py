"""Whoever can't program can make every kind of reward: each is typed into the admin's page and comes back the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from core import clock
from loyalty.models import Program
from members.models import Segment
from rewards.models import Reward
from rewards.pieces import piece_of, piece_plain
from tests.backoffice.conftest import House
from tests.backoffice.sent import refusals, told
from tests.backoffice.test_pages import path_of
from tests.backoffice.test_typing import posted, sending
from tests.backoffice.typist import Typist
from tests.rewards.suppliers.cast import connected
from tests.rewards.test_section import KINDS, everything, piece

pytestmark = pytest.mark.django_db
Entered = Callable[[str], Client]


def typed(client: Client, address: str, wanted: dict[str, Any]) -> Any:
    typist = Typist(told(client.get(address)), sending(client, address))
    for name, value in wanted.items():
        typist.write(f"p.{name}", value)
    return posted(client, address, typist.sent())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["kind"])
def test_every_kind_can_be_typed(house: House, entered: Entered, kind: dict[str, Any]) -> None:
    wanted = piece("typed", kind=kind)
    if kind["kind"] == "experience":
        wanted["stock"] = 20
    if kind["kind"] == "supplied":
        connected(house.program, kind["supplier"], kind["product"], kind["amount_minor"])
    answer = typed(entered("marketer"), path_of("rewards_reward_add"), wanted)
    assert answer.status_code == 302, refusals(answer)
    assert piece_plain(piece_of(Reward.objects.get(code="typed"))) == wanted


def test_a_reward_with_everything_can_be_typed_and_stands_in_the_draft(house: House, entered: Entered) -> None:
    wanted = everything()
    wanted["tiers"], wanted["prices"][1]["tiers"] = ["vip"], ["vip"]
    wanted["countries"] = sorted(wanted["countries"])  # ticked in the order in which they stand
    answer = typed(entered("marketer"), path_of("rewards_reward_add"), wanted)
    assert answer.status_code == 302, refusals(answer)
    assert piece_plain(piece_of(Reward.objects.get(code="all"))) == wanted
    items = Program.objects.get(pk=house.program.pk).sections["rewards"]["items"]
    assert wanted in items
    assert house.reward.code in [each["code"] for each in items]


def test_a_reward_gets_its_stock_through_the_buckets_and_keeps_its_code(house: House, entered: Entered) -> None:
    client = entered("marketer")
    assert typed(client, path_of("rewards_reward_add"), piece("mug", stock=10)).status_code == 302
    mug = Reward.objects.get(code="mug")
    assert (mug.stock_total, sum(each.remaining for each in mug.buckets.all())) == (10, 10)
    address = path_of("rewards_reward_change", mug.pk)
    assert typed(client, address, {"stock": 12}).status_code == 302
    assert sum(each.remaining for each in mug.buckets.all()) == 12
    answer = typed(client, address, {"starts_at": "2026-02-01T00:00", "ends_at": "2026-01-01T00:00"})
    assert answer.status_code == 422
    assert "It ends before it begins." in told(answer)


def test_what_two_change_at_once_is_told_to_the_second(house: House, entered: Entered) -> None:
    client = entered("marketer")
    address = path_of("rewards_reward_change", house.reward.pk)
    late = Typist(told(client.get(address)), sending(client, address))
    assert typed(client, address, {"position": 7}).status_code == 302
    late.write("p.position", 9)
    assert posted(client, address, late.sent()).status_code == 422
    assert Reward.objects.get(pk=house.reward.pk).position == 7


def test_who_a_reward_is_for_is_ticked_and_each_text_says_its_language(house: House, entered: Entered) -> None:
    Segment.objects.create(code="regulars", name="Our regulars", created_at=clock.now())
    page = told(entered("marketer").get(path_of("rewards_reward_add")))
    for name in ("tiers", "segments", "countries"):
        assert f'type="checkbox" name="p.{name}"' in page, name
    assert "Our regulars" in page
    assert "Netherlands" in page
    for name in ("description", "terms"):
        assert f'for="p-{name}-en">English<' in page
        assert f'for="p-{name}-nl">Nederlands<' in page


def test_an_amount_is_typed_in_the_money_that_stands_beside_it(house: House, entered: Entered) -> None:
    card = {"kind": "gift_card", "amount_minor": 1500, "money_currency": "JPY"}  # typed as 15.00
    client = entered("marketer")
    answer = typed(client, path_of("rewards_reward_add"), piece("yen", kind=card))
    assert answer.status_code == 302, refusals(answer)
    row = Reward.objects.get(code="yen")
    assert piece_plain(piece_of(row))["kind"] == {**card, "amount_minor": 15}, "yen have no cents"
    page = told(client.get(path_of("rewards_reward_change", row.pk)))
    assert 'value="15"' in page


def test_the_only_points_there_are_stand_in_a_new_price(house: House, entered: Entered) -> None:
    client, address = entered("marketer"), path_of("rewards_reward_add")
    typist = Typist(told(client.get(address)), sending(client, address))
    typist.press("add:p.prices")
    assert ("p.prices.0.currency", "points") in typist.sent()
    typist.press("add:p.prices")
    assert ("p.prices.1.currency", "points") in typist.sent()
