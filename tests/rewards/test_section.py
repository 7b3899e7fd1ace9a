"""Rewards in the program's document: published they are the catalogue, and nothing is lost on the way back."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode, document_plain
from loyalty.drafts import draft_document, draft_replace
from loyalty.errors import ProgramInvalid
from loyalty.models import Program
from loyalty.publishing import program_publish
from rewards.catalogue import reward_save
from rewards.following import catalogues_due
from rewards.models import CodePool, Reward
from rewards.pieces import piece_of, piece_plain
from rewards.services import reward_redeem
from rewards.stock import stock_left
from tenants.models import Brand
from tests.loyalty import shop

pytestmark = pytest.mark.django_db

POINTS = {"points": 100, "currency": "points"}
KINDS: list[dict[str, Any]] = [
    {"kind": "discount_code", "percent": 10, "prefix": "TEN"},
    {"kind": "discount_code", "amount_minor": 500, "minimum_minor": 2000},
    {"kind": "pool_code", "pool": "Cinema"},
    {"kind": "gift_card", "amount_minor": 2500},
    {"kind": "store_credit", "amount_minor": 1000, "money_currency": "USD"},
    {"kind": "physical", "sku": "MUG-1"},
    {"kind": "free_product", "skus": ["COFFEE"]},
    {"kind": "experience", "starts_at": "2027-06-01T20:00", "place": {"en": "Town hall", "nl": "Stadhuis"}},
    {"kind": "content", "page": {"en": "Secret", "nl": "Geheim"}, "opens_at": "2027-01-01T00:00"},
    {"kind": "donation", "cause": "trees", "cause_name": "Trees", "amount_minor": 100, "goal_minor": 100000},
    {"kind": "sweepstake_entry", "sweepstake": "spring", "entries": 3},
    {"kind": "supplied", "supplier": "cards", "product": "AMZ-EU", "amount_minor": 1000},
]


def piece(code: str = "coffee", **fields: Any) -> dict[str, Any]:
    return {"code": code, "name": {"en": "Coffee", "nl": "Koffie"}, "prices": [POINTS], **fields}


def document(*pieces: dict[str, Any]) -> dict[str, Any]:
    return {**deepcopy(shop.DOCUMENT), "sections": {"rewards": {"items": list(pieces)}}}


def publish(program: Program, *pieces: dict[str, Any], **more: Any) -> Program:
    row = Program.objects.get(pk=program.pk)
    made = document_decode(document(*pieces))
    row = draft_replace(program=row, document=made, expected_revision=row.draft_revision, actor=shop.STAFF)
    program_publish(program=row, actor=shop.STAFF, expected_revision=row.draft_revision, **more)
    return Program.objects.get(pk=program.pk)


def everything() -> dict[str, Any]:
    return piece(
        "all",
        description={"en": "Long", "nl": "Lang"},
        terms="Once.",
        emoji="☕",
        kind={"kind": "gift_card", "amount_minor": 500},
        prices=[
            POINTS,
            {"points": 80, "currency": "points", "tiers": ["vip"]},
            {"points": 50, "currency": "points", "money_minor": 300},
            {"points": 60, "currency": "points", "segments": ["friends"]},
        ],
        tiers=["member", "vip"],
        segments=["friends"],
        countries=["NL", "BE"],
        stock=10,
        limit_per_member=2,
        limits=[{"times": 1, "per": "month"}],
        valid_months=11,
        hold_minutes=15,
        auto={"windows": [{"month": 2, "day": 1, "days": 3}]},
        starts_at="2026-01-01T00:00",
        ends_at="2030-01-01T00:00",
        position=3,
        unit_cost_minor=120,
        face_value_minor=500,
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["kind"])
def test_every_kind_comes_back_as_it_went_in(brand: Brand, kind: dict[str, Any]) -> None:
    made = piece(kind=kind)
    if kind["kind"] == "experience":
        made["stock"] = 20
    checked = document_decode(document(made))
    assert document_plain(checked)["sections"]["rewards"]["items"] == [made]
    assert document_decode(document_plain(checked)) == checked


def test_a_piece_with_everything_is_the_same_after_the_row(brand: Brand) -> None:
    tiers = [each.code for ladder in document_decode(shop.DOCUMENT).ladders for each in ladder.tiers]
    made = everything()
    made["tiers"] = tiers[:2]
    made["prices"][1]["tiers"] = tiers[-1:]
    program = publish(shop.program(), made)
    row = Reward.objects.get(program=program, code="all")
    assert piece_plain(piece_of(row)) == made
    assert (row.name, row.name_nl, row.price, row.currency, stock_left(row)) == ("Coffee", "Koffie", 100, "points", 10)
    assert document_plain(draft_document(program))["sections"]["rewards"]["items"] == [made]


def test_publishing_makes_changes_and_switches_off(brand: Brand) -> None:
    program = publish(shop.program(), piece("coffee"), piece("tea"))
    publish(program, piece("coffee", prices=[{"points": 70, "currency": "points"}]), piece("cake"))
    found = {row.code: (row.price, row.active) for row in Reward.objects.filter(program=program)}
    assert found == {"coffee": (70, True), "tea": (100, False), "cake": (100, True)}


def test_a_document_without_the_section_leaves_the_catalogue_alone(brand: Brand) -> None:
    program = shop.program()
    Reward.objects.create(program=program, code="old", name="Old", currency="points", price=5)
    row = Program.objects.get(pk=program.pk)
    made = deepcopy(shop.DOCUMENT)
    made["program"]["name"] = "Other"
    draft_replace(program=row, document=document_decode(made), expected_revision=row.draft_revision, actor=shop.STAFF)
    row = Program.objects.get(pk=program.pk)
    program_publish(program=row, actor=shop.STAFF, expected_revision=row.draft_revision)
    assert Reward.objects.get(code="old").active


def test_what_staff_change_stands_in_the_export_with_all_that_was_there(brand: Brand) -> None:
    program = shop.program()
    Reward.objects.create(program=program, code="old", name="Old", currency="points", price=5)
    reward_save(program=program, plain=piece("fresh"), actor=shop.STAFF)
    reward_save(program=program, plain=piece("fresh", position=4), before="fresh", actor=shop.STAFF)
    items = document_plain(draft_document(Program.objects.get(pk=program.pk)))["sections"]["rewards"]["items"]
    assert [each["code"] for each in items] == ["old", "fresh"]
    assert items[1] == piece("fresh", position=4)
    assert Reward.objects.get(code="fresh").position == 4


def test_a_version_that_takes_effect_later_changes_the_catalogue_then(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = publish(shop.program(), piece("coffee"))
    start = clock.now() + timedelta(days=3)
    publish(program, piece("coffee", prices=[{"points": 70, "currency": "points"}]), in_force_from=start)
    assert catalogues_due() == 0
    assert Reward.objects.get(code="coffee").price == 100
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=1))
    assert catalogues_due() == 1
    assert Reward.objects.get(code="coffee").price == 70
    assert catalogues_due() == 0


def test_a_version_that_another_followed_before_the_sweep_came_changes_nothing(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = publish(shop.program(), piece("coffee"))
    start = clock.now() + timedelta(days=3)
    publish(program, piece("coffee", prices=[{"points": 70, "currency": "points"}]), in_force_from=start)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=1))
    publish(program, piece("coffee", prices=[{"points": 90, "currency": "points"}]))
    assert catalogues_due() == 0
    assert Reward.objects.get(code="coffee").price == 90


def test_a_version_that_one_without_a_catalogue_followed_still_has_its_say(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = publish(shop.program(), piece("coffee"))
    start = clock.now() + timedelta(days=3)
    publish(program, piece("coffee", prices=[{"points": 70, "currency": "points"}]), in_force_from=start)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=1))
    row = Program.objects.get(pk=program.pk)
    bare = document_decode(shop.DOCUMENT)
    row = draft_replace(program=row, document=bare, expected_revision=row.draft_revision, actor=shop.STAFF)
    program_publish(program=row, actor=shop.STAFF, expected_revision=row.draft_revision)
    assert catalogues_due() == 1
    assert Reward.objects.get(code="coffee").price == 70


def test_a_pool_that_is_named_is_there_and_empty(brand: Brand) -> None:
    publish(shop.program(), piece(kind={"kind": "pool_code", "pool": "Cinema"}))
    assert CodePool.objects.get(name="Cinema").left == 0


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"prices": [{"points": 5, "currency": "gold"}]}, "prices[0].currency"),
    ({"prices": [{"points": 5}]}, "prices[0].currency"),
    ({"tiers": ["nobody"]}, "tiers[0]"),
    ({"kind": {"kind": "discount_code"}}, "kind.percent"),
    ({"kind": {"kind": "content"}}, "kind.page"),
    ({"kind": {"kind": "magic"}}, "kind"),
    ({"countries": ["Holland"]}, "countries[0]"),
    ({"valid_days": 3, "valid_months": 3}, "valid_months"),
    ({"starts_at": "2027-02-31T00:00"}, "starts_at"),
    ({"starts_at": "2027-02-02T00:00", "ends_at": "2027-02-01T00:00"}, "ends_at"),
    ({"auto": {}, "prices": []}, "prices"),
    ({"auto": {"windows": [{"month": 2, "day": 30}]}}, "auto.windows[0].day"),
    ({"kind": {"kind": "experience"}}, "stock"),
    ({"name": ""}, "name"),
    ({"limits": [{"times": 1, "per": "day"}, {"times": 2, "per": "day"}]}, "limits"),
]


@pytest.mark.parametrize(("fields", "where"), WRONG, ids=[where for _fields, where in WRONG])
def test_what_cannot_be_is_refused_with_its_place(brand: Brand, fields: dict[str, Any], where: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        document_decode(document(piece(**fields)))
    paths = [each.path for each in refusal.value.problems]
    assert any(path.startswith(f"sections.rewards.items[0].{where}") for path in paths), paths
    program = shop.program()
    with pytest.raises(ProgramInvalid):
        reward_save(program=program, plain=piece(**fields), actor=shop.STAFF)
    assert not Reward.objects.filter(program=program).exists()


def test_a_stock_below_what_is_taken_is_not_published(brand: Brand) -> None:
    program = publish(shop.program(), piece(stock=2))
    anna = shop.member()
    shop.send(shop.order(anna, 500))
    reward = Reward.objects.get(code="coffee")
    for key in ("a", "b"):
        reward_redeem(enrollment=shop.place(anna, program), reward=reward, actor=shop.PARTNER, key=key)
    with pytest.raises(ProgramInvalid) as refusal:
        publish(program, piece(stock=1))
    assert refusal.value.context["problems"][0]["path"] == "sections.rewards.items[0].stock"


def test_a_file_that_nobody_uploaded_is_not_published(brand: Brand) -> None:
    with pytest.raises(ProgramInvalid) as refusal:
        publish(shop.program(), piece(picture="a" * 64))
    assert refusal.value.context["problems"][0]["path"] == "sections.rewards.items[0].picture"
