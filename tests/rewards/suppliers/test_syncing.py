"""The catalogue comes in whole or changes nothing that is sold; what is offered follows it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from core.errors import DomainError
from loyalty.models import Program
from rewards.models import Reward
from rewards.suppliers.accounts import connection_save
from rewards.suppliers.errors import NoRate, NotForSale, OfferedAlready
from rewards.suppliers.models import SupplierConnection, SupplierProduct, SupplierSync
from rewards.suppliers.offering import offer_make
from rewards.suppliers.pricing import points_for
from rewards.suppliers.syncing import sync_request, sync_run, syncs_sweep
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.suppliers import cast
from tests.rewards.suppliers.standin import StandIn

pytestmark = pytest.mark.django_db
RATES = {"EUR": "100", "JPY": "0.625", "USD": "92.5"}


@pytest.fixture
def account(brand: Brand, stand_in: StandIn) -> SupplierConnection:
    return cast.account(shop.program(), stand_in)


@pytest.fixture
def program(account: SupplierConnection) -> Program:
    return account.program


@pytest.mark.parametrize(
    ("minor", "currency", "rounding", "round_to", "points"),
    [
        (1000, "EUR", "up", 1, 1000),
        (1001, "EUR", "up", 10, 1010),
        (1001, "EUR", "half_up", 10, 1000),
        (1005, "EUR", "half_up", 10, 1010),
        (1009, "EUR", "down", 10, 1000),
        (1000, "JPY", "up", 1, 625),
        (1000, "JPY", "up", 50, 650),
        (999, "USD", "up", 1, 925),
        (1, "EUR", "down", 100, 100),
        (1000, "NOK", "up", 1, None),
        (10**11, "EUR", "up", 1, 10**11),
    ],
)
def test_a_price_is_the_amount_by_the_rate_rounded_as_the_brand_says(
    minor: int, currency: str, rounding: str, round_to: int, points: int | None
) -> None:
    assert points_for(minor, currency, rates=RATES, rounding=rounding, round_to=round_to) == points


def test_a_currency_with_digits_is_priced_in_its_minor_units() -> None:
    assert points_for(1050, "EUR", rates={"EUR": "1"}, rounding="up", round_to=1, scale=2) == 1100


def test_the_whole_catalogue_is_there_with_what_fits_the_brand(account: SupplierConnection) -> None:
    rows = {each.external_id: each for each in SupplierProduct.objects.filter(connection=account)}
    assert len(rows) == 10
    fitting = {name for name, each in rows.items() if each.fits}
    assert "boekenbeurs-eur" in fitting
    assert "anywhere-eur" in fitting  # sold everywhere
    assert "sakura-jpy" not in fitting  # a rate, but not in the Netherlands
    assert "maplewood-usd" not in fitting  # no rate
    assert rows["boekenbeurs-eur"].values == [1000, 1500, 2500]
    assert (rows["groenmarkt-eur"].least_minor, rows["groenmarkt-eur"].most_minor) == (500, 15_000)


def test_reading_again_changes_nothing_that_did_not_change(account: SupplierConnection) -> None:
    again = cast.read(account)
    assert (again.state, again.seen, again.added, again.changed, again.withdrawn) == ("done", 10, 0, 0, 0)
    assert again.percent == 100


def test_a_withdrawn_product_stops_being_sold_and_comes_back(account: SupplierConnection, stand_in: StandIn) -> None:
    offer = cast.offer(account)
    [kept] = [each for each in stand_in.tell()["products"] if each["id"] == "boekenbeurs-eur"]
    stand_in.tell(products={"boekenbeurs-eur": None})
    assert cast.read(account).withdrawn == 1
    assert not Reward.objects.get(pk=offer.reward_id).active
    stand_in.tell(products={"boekenbeurs-eur": kept})
    assert cast.read(account).changed == 1
    assert Reward.objects.get(pk=offer.reward_id).active


def test_what_staff_took_off_stays_off(account: SupplierConnection, stand_in: StandIn) -> None:
    offer = cast.offer(account)
    Reward.objects.update(active=False)
    stand_in.tell(products={"boekenbeurs-eur": {"in_stock": False}})
    cast.read(account)
    stand_in.tell(products={"boekenbeurs-eur": {"in_stock": True}})
    cast.read(account)
    assert not Reward.objects.get(pk=offer.reward_id).active


def test_a_denomination_that_is_gone_is_not_sold_any_more(account: SupplierConnection, stand_in: StandIn) -> None:
    offer = cast.offer(account, 1500)
    stand_in.tell(products={"boekenbeurs-eur": {"denominations_minor": [1000, 2500]}})
    cast.read(account)
    assert not Reward.objects.get(pk=offer.reward_id).active
    stand_in.tell(products={"boekenbeurs-eur": {"denominations_minor": [1000, 1500, 2500]}})


def test_a_new_rate_changes_the_prices_that_go_by_it_alone(account: SupplierConnection) -> None:
    by_rate = cast.offer(account, 1000)
    by_hand = offer_make(product=cast.product(account), value_minor=2500, price=999, actor=shop.STAFF)
    connection_save(connection=account, fields={"rates": {"EUR": "120"}}, actor=shop.STAFF)
    assert Reward.objects.get(pk=by_rate.reward_id).price == 1200
    assert Reward.objects.get(pk=by_hand.reward_id).price == 999
    connection_save(connection=account, fields={"rates": {"USD": "1"}}, actor=shop.STAFF)
    assert not Reward.objects.get(pk=by_rate.reward_id).active


def test_a_reading_that_breaks_off_withdraws_nothing(account: SupplierConnection, stand_in: StandIn) -> None:
    offer = cast.offer(account)
    for fault in ("silent_before", "garbled", "error_before"):
        stand_in.fails("products", "", fault)
        broken = cast.read(account)
        assert broken.state == "failed"
        assert broken.problem
    assert Reward.objects.get(pk=offer.reward_id).active
    assert not SupplierProduct.objects.exclude(withdrawn_at=None).exists()


def test_an_empty_catalogue_is_a_fault_and_not_an_empty_shop(account: SupplierConnection, stand_in: StandIn) -> None:
    offer = cast.offer(account)
    kept = {each["id"]: each for each in stand_in.tell()["products"]}
    stand_in.tell(products=dict.fromkeys(kept))
    assert cast.read(account).state == "failed"
    assert Reward.objects.get(pk=offer.reward_id).active
    stand_in.tell(products=kept)


def test_a_card_that_makes_no_sense_is_left_out_and_the_others_come(
    account: SupplierConnection, stand_in: StandIn
) -> None:
    stand_in.tell(products={"broken": {"name": "", "currency": "euro"}, "unsold": {"name": "X", "currency": "EUR"}})
    found = cast.read(account)
    assert found.state == "done"
    assert not SupplierProduct.objects.filter(external_id__in=("broken", "unsold")).exists()
    stand_in.tell(products={"broken": None, "unsold": None})


def test_one_reading_at_a_time_and_one_that_died_begins_again(account: SupplierConnection) -> None:
    first = sync_request(connection=account, actor=shop.STAFF, wakes=False)
    assert sync_request(connection=account, actor=shop.STAFF, wakes=False).pk == first.pk
    SupplierSync.objects.filter(pk=first.pk).update(state="running", beat_at=clock.now(), seen=7)
    assert sync_run(first.pk).seen == 7
    assert syncs_sweep() == 0
    SupplierSync.objects.filter(pk=first.pk).update(beat_at=clock.now() - timedelta(minutes=6))
    assert syncs_sweep() == 1
    done = SupplierSync.objects.get(pk=first.pk)
    assert (done.state, done.seen) == ("done", 10)


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("boekenbeurs-eur", 999, NotForSale),
        ("groenmarkt-eur", 501, NotForSale),
        ("groenmarkt-eur", 15_500, NotForSale),
        ("maplewood-usd", 1000, NotForSale),
    ],
)
def test_what_the_supplier_does_not_sell_so_is_not_offered(
    account: SupplierConnection, name: str, value: int, refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal):
        cast.offer(account, value, name)
    assert not Reward.objects.exists()


def test_a_product_is_offered_once_at_an_amount_and_says_what_it_costs_us(account: SupplierConnection) -> None:
    made = cast.offer(account, 1250, "lantaarn-eur")
    assert (made.reward.price, made.reward.unit_cost_minor, made.reward.face_value_minor) == (1250, 1150, 1250)
    assert made.reward.name == "Lantaarn cinema card, 12.50 EUR"
    with pytest.raises(OfferedAlready):
        cast.offer(account, 1250, "lantaarn-eur")
    assert Reward.objects.count() == 1


def test_without_a_rate_there_is_no_price(account: SupplierConnection) -> None:
    product = cast.product(account)
    product.connection.rates = {}
    with pytest.raises(NoRate):
        offer_make(product=product, value_minor=1000, actor=shop.STAFF)
