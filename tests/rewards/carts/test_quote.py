"""A quote: the discounts with their reason, the very points that the order earns, points as money, rewards in reach."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from loyalty.models import Event, PointsEntry, Program
from members.models import Member
from rewards.benefits.uses import benefit_use
from rewards.models import Reward
from tests.api.cast import Api, key_made, refused
from tests.loyalty import shop
from tests.rewards.benefits.cast import BENEFITS, somebody
from tests.rewards.carts.cast import cart, club, document, line

pytestmark = pytest.mark.django_db

TEA = line("TEA", 2000, tax=347, quantity=2, category="tea")
CUP = line("CUP", 1500, tax=260, category="cups")


@pytest.fixture
def api(brand, client_for) -> Api:
    _row, key = key_made()
    return Api(client_for(brand), key)


def quote(api: Api, basket: dict[str, Any], member: str | None = "ext:C-1", **more: Any) -> Any:
    return api.post("carts/quote", {"member": member, "cart": basket, **more})


def test_a_quote_says_what_goes_off_and_why_in_both_languages(api):
    somebody(club(), 600, external_id="C-1")
    body = quote(api, cart(TEA, CUP, shipping_minor=495)).json()
    [off] = body["discounts"]
    assert (body["total_minor"], off["amount_minor"], body["after_minor"]) == (3995, 200, 3795)
    assert off["reason"] == {
        "en": "Members’ price: 10% off on articles where category is tea",
        "nl": "Ledenprijs: 10% korting op artikelen waarvan categorie is tea",
    }
    assert off["lines"] == [{"line": 0, "amount_minor": 200}]
    order = body["order"]
    assert order["total_minor"] == order["net_minor"] + order["tax_minor"] + order["shipping_minor"] == 3795


def test_the_points_are_those_that_the_order_earns_and_nothing_is_written(api):
    place = somebody(club(), 600, external_id="C-1")
    events, entries = Event.objects.count(), PointsEntry.objects.count()
    body = quote(api, cart(TEA, CUP)).json()
    assert (Event.objects.count(), PointsEntry.objects.count()) == (events, entries)
    sent = {
        "id": "W-1", "type": "order.paid", "member": str(place.member.public_id), "occurred_at": shop.when(0),
        "data": {"order": {**body["order"], "number": "W-1"}},
    }  # fmt: skip
    [answer] = shop.send(sent)
    assert answer.error is None, answer
    assert [(each["rule"], each["points"]) for each in answer.body["awards"]] == [
        (each["rule"], each["points"]) for each in body["earns"]
    ]
    assert sum(each["points"] for each in body["earns"]) == 33


def test_a_guest_is_told_what_they_would_earn_by_joining(api):
    rules = document()
    rules["rules"].append(
        {
            "code": "hello", "name": "Hello", "trigger": "member.enrolled", "group": "hello",
            "effects": [{"kind": "points_fixed", "currency": "points", "points": 50}],
        }
    )  # fmt: skip
    shop.program(rules)
    members = Member.objects.count()
    body = quote(api, cart(TEA, CUP), member=None).json()
    assert (body["earns"], body["discounts"], body["rewards"]) == ([], [], [])
    told = {each["rule"]: each["points"] for each in body["by_joining"]}
    assert told["hello"] == 50
    assert (Member.objects.count(), Event.objects.count(), PointsEntry.objects.count()) == (members, 0, 0)
    # The same as for who joins and buys it.
    place = somebody(Program.objects.get(), name="New", external_id="C-9")
    sent = {
        "id": "W-9", "type": "order.paid", "member": str(place.member.public_id), "occurred_at": shop.when(0),
        "data": {"order": {**body["order"], "number": "W-9"}},
    }  # fmt: skip
    [answer] = shop.send(sent)
    got = {each["rule"]: each["points"] for each in answer.body["awards"]}
    assert got == {rule: points for rule, points in told.items() if rule != "hello"}
    assert quote(api, cart(TEA), member="ext:C-9").json()["by_joining"] == []


CARTS = [
    cart(line("A", 1)),
    cart(line("A", 99)),
    cart(line("A", 100), line("B", 101, tax=21)),
    cart(line("A", 0), shipping_minor=995),
    cart(line("T", 1999, tax=347, category="tea"), line("C", 12_345, category="cups"), shipping_minor=1),
    cart(*[line(f"N{n}", 137 * n, tax=11 * n, quantity=n, category="tea" if n % 2 else "cups") for n in range(1, 20)]),
    cart(line("T", 100_000, category="tea"), channel="web", store="S1"),
]


@pytest.mark.parametrize("basket", CARTS, ids=range(len(CARTS)))
@pytest.mark.parametrize("points", [0, 300])
def test_whatever_the_cart_the_dry_run_and_the_order_come_to_the_same(api, basket, points):
    rules = deepcopy(document())
    rules["rules"] += [
        {
            "code": "web", "name": "Web", "trigger": "order.paid", "group": "web",
            "when": {"kind": "attribute", "path": "order.channel", "operator": "eq", "value": "web"},
            "effects": [{"kind": "multiply", "currency": "points", "factor": 2, "groups": ["base"]}],
        },
        {
            "code": "tea", "name": "Tea", "trigger": "order.paid", "group": "tea",
            "when": {"kind": "line", "where": [{"path": "category", "operator": "eq", "value": "tea"}]},
            "effects": [{"kind": "points_fixed", "currency": "points", "points": 7}],
            "limits": [{"per": "member", "period": "day", "measure": "times", "at_most": 1}],
        },
    ]  # fmt: skip
    place = somebody(shop.program(rules), 900, external_id="C-1")
    total = sum(each["net_minor"] + each["tax_minor"] for each in basket["lines"])
    pay: Any = {"pay_with": {"currency": "points", "points": points}} if points and total > 1000 else {}
    told = quote(api, basket, **pay)
    assert told.status_code == 200, told.content
    body = told.json()
    row = {
        "id": "W-1", "type": "order.paid", "member": str(place.member.public_id), "occurred_at": shop.when(0),
        "data": {"order": {**body["order"], "number": "W-1"}},
    }  # fmt: skip
    [answer] = shop.send(row)
    assert answer.error is None, answer
    earned = [{key: each[key] for key in ("rule", "currency", "points", "reason")} for each in answer.body["awards"]]
    assert earned == [{key: each[key] for key in ("rule", "currency", "points", "reason")} for each in body["earns"]]


def test_the_part_paid_in_points_earns_nothing(api):
    somebody(club(), 1600, external_id="C-1")
    whole = quote(api, cart(CUP)).json()
    part = quote(api, cart(CUP), pay_with={"currency": "points", "points": 700}).json()
    assert (whole["earns"][0]["points"], part["earns"][0]["points"]) == (15, 8)
    assert (part["order"]["paid_in_points_minor"], part["to_pay_minor"]) == (700, 800)


def test_points_as_money_keep_to_the_share_the_least_and_the_balance(api):
    somebody(club(), 600, external_id="C-1")
    [usable] = quote(api, cart(CUP)).json()["points_as_money"]
    assert (usable["points"], usable["amount_minor"], usable["balance"]) == (600, 600, 600)
    [usable] = quote(api, cart(line("A", 1001))).json()["points_as_money"]
    assert (usable["points"], usable["reason"]) == (500, None)
    [usable] = quote(api, cart(line("A", 150))).json()["points_as_money"]
    assert (usable["points"], usable["reason"]) == (0, "cart_too_small")
    problem = refused(
        quote(api, cart(CUP), pay_with={"currency": "points", "points": 601}), 409, "part_payment_refused"
    )
    assert (problem["at_least"], problem["at_most"]) == (100, 600)
    refused(quote(api, cart(CUP), pay_with={"currency": "points", "points": 99}), 409, "part_payment_refused")
    refused(quote(api, cart(CUP), pay_with={"currency": "gold", "points": 100}), 409, "part_payment_refused")


def test_rewards_in_reach_and_how_much_is_missing_for_the_next(api):
    place = somebody(club(), 600, external_id="C-1")
    for code, price in (("mug", 300), ("teapot", 900), ("trip", 9000)):
        Reward.objects.create(program=place.program, code=code, name=code.title(), currency="points", price=price)
    body = quote(api, cart(CUP)).json()
    assert [each["code"] for each in body["rewards"]] == ["mug"]
    assert (body["next_reward"]["code"], body["next_reward"]["missing"]) == ("teapot", 300)


def test_a_guest_sees_the_price_and_nothing_that_is_a_member_s(api):
    somebody(club(), 600, external_id="C-1")
    body = quote(api, cart(TEA), member=None).json()
    assert (body["member"], body["discounts"], body["earns"]) == (None, [], [])
    assert (body["total_minor"], body["after_minor"], body["points_as_money"]) == (2000, 2000, [])


def test_a_discount_with_an_allowance_counts_while_some_is_left(api):
    once = {**BENEFITS[2], "allowance": {"uses": 1, "period": "month"}}
    place = somebody(club(once), external_id="C-1")
    assert quote(api, cart(TEA)).json()["discounts"]
    benefit_use(enrollment=place, code="members_price", external_id="U", actor=shop.PARTNER)
    assert quote(api, cart(TEA)).json()["discounts"] == []


def test_a_cart_that_is_none_is_refused_with_its_place(api):
    somebody(club(), external_id="C-1")
    refused(quote(api, cart(TEA), member="ext:nobody"), 422, "unknown_member", "member")
    refused(quote(api, {**cart(TEA), "currency": "USD"}), 422, "invalid_input", "cart.currency")
    refused(quote(api, cart()), 422, "invalid_input", "cart.lines")
    refused(quote(api, cart({"sku": "A", "net_minor": -1})), 422, "invalid_input", "cart.lines[0].net_minor")
    refused(quote(api, cart({"sku": "A"})), 422, "invalid_input", "cart.lines[0].net_minor")
    refused(quote(api, cart(line("A", 10**11), line("B", 10**11))), 422, "invalid_input", "cart.lines")
    refused(api.post("carts/quote", {"cart": cart(TEA)}), 422, "invalid_input", "member")
