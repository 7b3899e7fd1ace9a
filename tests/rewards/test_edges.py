"""What lies between the rooms' ordinary ways: a reward that became something else, a hold that somebody else closes,
a line that nobody is in front of any more."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from core.actor import Actor
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from loyalty.models import PointsHold, Program
from loyalty.pooling import pool_join
from rewards.carts.payments import Bill, payment_capture, payment_refund, payment_reserve
from rewards.carts.quoting import PayWith
from rewards.catalogue import reward_save
from rewards.errors import AlreadyUsed, ContentSeen
from rewards.fulfilment import Address, address_set, parcel_move
from rewards.models import Fulfilment, Redemption, Reward, StoreCredit, WaitingPlace
from rewards.pieces import piece_of, piece_plain
from rewards.reserving import redemption_capture
from rewards.services import redemption_cancel
from rewards.stock import stock_left
from rewards.vouchers import code_of, voucher_redeem
from rewards.waiting import waiting_join
from tenants.models import Brand
from tests.api.cast import Api, key_made, refused
from tests.loyalty import cast as people
from tests.loyalty import shop
from tests.rewards.benefits.cast import somebody
from tests.rewards.carts.cast import club, document
from tests.rewards.catalog import later, made, rich, take

pytestmark = pytest.mark.django_db
HOME = Address("Anna", "Kade 12", "1011 AB", "Amsterdam", "NL")


@pytest.fixture
def program(brand: Brand) -> Program:
    return shop.program()


@pytest.fixture
def api(brand: Brand, client_for: Any) -> Api:
    return Api(client_for(brand), key_made()[1])


def cancel(row: Redemption, actor: Any = shop.STAFF) -> Redemption:
    return redemption_cancel(redemption=row, actor=actor, reason="sorry")


def becomes(reward: Reward, **changes: Any) -> Reward:
    """Staff make another thing of it."""
    fresh = Reward.objects.get(pk=reward.pk)
    plain = {**piece_plain(piece_of(fresh)), **changes}
    plain = {name: value for name, value in plain.items() if value is not None}
    return reward_save(program=fresh.program, plain=plain, actor=shop.STAFF, before=fresh.code)


# --- a reward that became something else -----------------------------------------------------------------------------
def test_a_gift_card_in_use_stays_used_when_its_reward_became_something_else(program: Program) -> None:
    place = rich(program)
    reward = made(program, kind={"kind": "gift_card", "amount_minor": 2500})
    row = take(place, reward)
    text = code_of(row)
    assert text is not None
    voucher_redeem(code=text, amount_minor=2000, currency="EUR", actor=shop.PARTNER)
    becomes(reward, kind={"kind": "donation", "cause": "trees", "cause_name": "Trees", "amount_minor": 100})
    with pytest.raises(AlreadyUsed):
        cancel(row)
    assert shop.balance(place) == 400


def test_store_credit_goes_with_its_redemption_when_its_reward_became_something_else(program: Program) -> None:
    place = rich(program)
    reward = made(program, kind={"kind": "store_credit", "amount_minor": 1000})
    row = take(place, reward)
    becomes(reward, kind={"kind": "free_product"})
    cancel(row)
    assert (shop.balance(place), StoreCredit.objects.get().balance_minor) == (500, 0)


def test_a_parcel_is_stopped_when_its_reward_became_something_else(program: Program) -> None:
    place = rich(program)
    reward = made(program, kind={"kind": "physical", "sku": "MUG"})
    row = take(place, reward)
    address_set(redemption=row, address=HOME, actor=shop.PARTNER)
    becomes(reward, kind={"kind": "free_product"})
    cancel(row)
    assert (shop.balance(place), Fulfilment.objects.get().state) == (500, "canceled")


# --- holds that stand behind something -------------------------------------------------------------------------------
def test_the_hold_of_a_reservation_is_closed_with_it_and_not_beside_it(program: Program, api: Api) -> None:
    place = rich(program)
    row = take(place, made(program, stock=1), reserve=timedelta(minutes=30))
    hold = PointsHold.objects.get()
    for what, body in (("capture", {"points": 1}), ("capture", {}), ("release", {})):
        refused(api.post(f"holds/{hold.pk}/{what}", body, once=f"h-{what}-{len(body)}"), 409, "hold_kept")
    redemption_capture(redemption=row, actor=shop.PARTNER)
    row.refresh_from_db()
    assert (row.state, shop.balance(place)) == ("redeemed", 400)


def test_the_hold_of_a_cart_s_payment_too(brand: Brand, api: Api) -> None:
    somebody(club(), 900, external_id="C-1")
    asked = {"member": "ext:C-1", "currency": "points", "points": 600, "money": "EUR", "total_minor": 3000}
    payment = api.post("carts/payments", asked, once="p").json()
    problem = refused(api.post(f"holds/{payment['hold']}/capture", {"points": 1}, once="h"), 409, "hold_kept")
    assert problem["kept_for"] == "cart_payment"


# --- waiting ---------------------------------------------------------------------------------------------------------
TASTING: dict[str, Any] = {"kind": {"kind": "experience"}, "stock": 1}


def test_who_waits_gets_a_seat_when_there_is_no_limit_any_more(program: Program) -> None:
    place, waiting, third = rich(program), rich(program, name="Bo"), rich(program, name="Cas")
    reward = made(program, **TASTING)
    take(place, reward)
    waiting_join(enrollment=waiting, reward=reward, actor=shop.PARTNER)
    becomes(reward, stock=None, kind={"kind": "experience", "waiting_list": False})
    outbox_drain()
    assert WaitingPlace.objects.get().state == "promoted"
    take(third, Reward.objects.get(pk=reward.pk))


def test_a_seat_that_is_given_back_is_told_of_also_when_nobody_waits_yet(program: Program) -> None:
    """Somebody who joins the line at the same moment may not be seen; they were told that there is no seat."""
    place = rich(program)
    row = take(place, made(program, **TASTING))
    cancel(row)
    assert OutboxMessage.objects.filter(topic="seat.freed").exists()


# --- parcels ---------------------------------------------------------------------------------------------------------
def test_a_parcel_that_came_back_can_be_canceled_and_its_points_come_back(program: Program) -> None:
    place = rich(program)
    row = take(place, made(program, kind={"kind": "physical", "sku": "MUG"}, stock=3))
    address_set(redemption=row, address=HOME, actor=shop.PARTNER)
    parcel = Fulfilment.objects.get()
    for state in ("shipped", "returned"):
        parcel_move(parcel=parcel, state=state, actor=shop.PARTNER)
    cancel(row)
    assert (shop.balance(place), stock_left(row.reward)) == (500, 3)


# --- content ---------------------------------------------------------------------------------------------------------
def test_what_a_member_could_read_they_cant_give_back(program: Program) -> None:
    place = rich(program)
    reward = made(program, kind={"kind": "content", "page": "The recipe."}, limit_per_member=1)
    row = take(place, reward)
    with pytest.raises(ContentSeen):
        cancel(row, Actor("member", "member:1", "web"))
    cancel(row)
    early = made(program, "early", kind={"kind": "content", "page": "Soon.", "opens_at": "2099-01-01T00:00"})
    cancel(take(place, early), Actor("member", "member:1", "web"))
    assert shop.balance(place) == 500


# --- households ------------------------------------------------------------------------------------------------------
def test_a_refund_to_a_shared_account_gives_no_new_day_to_what_was_past_its_day(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came back may get a new day; what lay there and is past its own may not."""
    made_of = document()
    made_of["currencies"][0]["restore_policy"] = {"kind": "regrant", "days": 30}
    program = shop.program(made_of)
    head, other = rich(program, 900), rich(program, 0, "Bo")
    pool_join(enrollment=other, head=head, actor=shop.STAFF)
    payment = payment_reserve(
        enrollment=other, pay=PayWith("points", 600), bill=Bill(30_00), actor=shop.PARTNER, key="p"
    )
    payment_capture(payment=payment, order_number="W-1", actor=shop.PARTNER)
    later(monkeypatch, days=400)
    payment_refund(payment=payment, actor=shop.PARTNER)
    assert shop.balance(head) == 600


# --- odd input -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("currency", ["EUR\n", "eur", "EU", "€€€"])
def test_a_currency_is_three_letters_and_nothing_else(api: Api, program: Program, currency: str) -> None:
    rich(program, external_id="C-1")
    body = {"amount_minor": 1, "currency": currency}
    refused(api.post("members/ext:C-1/store-credit", body, once="s"), 422, "invalid_input", "currency")


def test_a_country_is_two_letters_and_nothing_else(api: Api, program: Program) -> None:
    row = take(rich(program), made(program, kind={"kind": "physical", "sku": "MUG"}))
    body = {"name": "A", "street": "B 1", "postcode": "1", "city": "C", "country": "NL\n"}
    refused(api.send("PUT", f"redemptions/{row.pk}/address", body), 422, "invalid_input", "country")


PLACES = (
    ("GET", "rewards/{}"), ("POST", "rewards/{}/waiting-list"), ("DELETE", "rewards/{}/waiting-list?member=ext:C-1"),
    ("GET", "members/{}/store-credit"), ("GET", "members/{}/benefits"), ("GET", "members/ext:C-1/benefits/{}/uses"),
    ("POST", "members/ext:C-1/benefits/{}/uses"), ("GET", "members/{}/entitlements"),
    ("GET", "sweepstakes/{}"), ("GET", "sweepstakes/{}/file"), ("POST", "sweepstakes/{}/draw"),
    ("GET", "members/ext:C-1/sweepstakes/{}/entries"), ("POST", "members/ext:C-1/sweepstakes/{}/entries"),
    ("GET", "referral-codes/{}"), ("GET", "members/{}/referral-code"), ("GET", "members/{}/referral"),
    ("GET", "parcels?state={}"), ("GET", "rewards?member={}"), ("GET", "referrals?referrer={}"),
    ("GET", "redemptions?reward={}"), ("GET", "redemptions?cursor={}"), ("POST", "parcels/{}"),
)  # fmt: skip
NAMES = ("%00", "%FF", "9" * 40)


def test_a_name_that_nothing_can_have_is_refused(api: Api, program: Program) -> None:
    rich(program, external_id="C-1")
    bodies: dict[str, Any] = {
        "waiting": {"member": "ext:C-1"}, "uses": {"id": "u-1"}, "draw": {}, "entries": {},
        "parcels": {"state": "packed"},
    }  # fmt: skip
    for method, path in PLACES:
        body: Any = next((each for part, each in bodies.items() if part in path), {}) if method == "POST" else None
        for name in NAMES:
            answer = api.send(method, path.format(name), body, once=f"{path[:20]}{name[:2]}" if body else None)
            told = (method, path, name[:9], answer.content[:300])
            assert answer.status_code < 500, told
            assert answer.status_code >= 400 or b'"results":[]' in answer.content, told


# --- what was agreed to ----------------------------------------------------------------------------------------------
def test_a_price_that_rose_since_the_page_was_read_is_shown_before_anything_is_taken(
    brand: Brand, client_for: Any
) -> None:
    anna = people.person(shop.program())
    shop.send(shop.order(anna.member, 500))
    reward = made(anna.enrollment.program)
    client = client_for(brand, user=anna.user)
    page = client.get("/rewards/coffee/").content.decode()
    fields = dict(re.findall(r'name="(key|priced|pay_with)" value="([^"]+)"', page))
    becomes(reward, prices=[{"points": 400, "currency": "points"}])
    answer = client.post("/rewards/coffee/", fields)
    assert (answer.status_code, shop.balance(anna.enrollment)) == (409, 500)
    assert "400" in answer.content.decode()
    [seen] = re.findall(r'name="priced" value="([^"]+)"', answer.content.decode())
    client.post("/rewards/coffee/", {**fields, "priced": seen})
    assert shop.balance(anna.enrollment) == 100
