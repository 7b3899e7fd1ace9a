"""A year with the gift catalogue: two rates, two weeks of waiting, everything gone with the year unless it is spent.

Every number below is worked out by hand beside it; the shop is in Amsterdam.
"""

from __future__ import annotations

import pytest

from rewards.suppliers.ordering import orders_work
from tenants.context import brand_context
from tests.conftest import ClientFor, NewBrand
from tests.rewards.suppliers import cast
from tests.rewards.suppliers.conftest import stand_in, stand_in_process  # noqa: F401  (fixtures)
from tests.rewards.suppliers.standin import StandIn
from tests.scenarios.cast import Year, given, taken

pytestmark = pytest.mark.slow


@pytest.fixture
def year(new_brand: NewBrand, client_for: ClientFor) -> Year:
    return Year(new_brand, client_for, "gift_catalogue", begins="2030-02-01T09:00")


def test_a_year_with_the_gift_catalogue(year: Year) -> None:
    year.joins()

    # 80 euros: 80 at one a euro. 150 euros: 100 for the first hundred and 100 for the fifty above. All wait two weeks.
    year.at("2030-02-03T12:00")
    assert given(year.order("A-1", "2030-02-03T10:00", 80_00)) == {"purchase": 80}
    assert given(year.order("A-2", "2030-02-03T11:00", 150_00)) == {"purchase": 200}
    assert (year.balances(), year.pending()) == ({"coins": 0}, {"coins": 280})

    # Within the two weeks 50 euros of A-2 come back: a third of its 200 is 66. 280 - 66 = 214 wait.
    year.at("2030-02-10T12:00")
    assert taken(year.returns("A-2", "2030-02-10T11:00", 50_00)) == 66
    assert year.pending() == {"coins": 214}

    # On 17 February at ten the first become active; the night writes it down, the balance shows it at once.
    year.at("2030-02-17T10:30")
    assert (year.balances(), year.pending()) == ({"coins": 80}, {"coins": 134})
    year.night("2030-02-18T00:30")
    assert (year.balances(), year.pending()) == ({"coins": 214}, {"coins": 0})

    # December: 60 euros on the 20th become active on 3 January: they live on to the end of 2031. What is active goes
    # with 31 December 2030.
    year.night("2030-12-20T12:00")
    assert given(year.order("A-3", "2030-12-20T11:00", 60_00)) == {"purchase": 60}
    year.night("2030-12-31T23:30")
    assert year.balances() == {"coins": 214}
    year.night("2031-01-01T00:30")
    assert (year.balances(), year.pending()) == ({"coins": 0}, {"coins": 60})
    year.night("2031-01-04T00:30")
    assert year.balances() == {"coins": 60}
    year.night("2031-12-31T23:30")
    assert year.balances() == {"coins": 60}
    year.night("2032-01-01T00:30")
    assert year.balances() == {"coins": 0}
    year.adds_up()


def test_a_member_spends_the_year_on_gift_cards(year: Year, stand_in: StandIn) -> None:  # noqa: F811  (a fixture, by its name)
    """The brand connects a supplier and offers three cards; one comes, one can't, one is gone before it is taken."""
    with brand_context(year.brand):
        account = cast.account(year.program, stand_in, currency="coins", rates={"EUR": "10"}, round_to=5)
        book, cinema = cast.offer(account, 1500), cast.offer(account, 1250, "lantaarn-eur")
        bicycle = cast.offer(account, 2500, "fietsfabriek-eur")
    # 15 euros at ten coins a euro: 150. 12.50: 125. 25: 250.
    assert (book.reward.price, cinema.reward.price, bicycle.reward.price) == (150, 125, 250)
    year.joins()

    # 250 euros: 100 for the first hundred, 300 for the 150 above. Two weeks later they are there.
    year.at("2030-02-03T12:00")
    assert given(year.order("A-1", "2030-02-03T10:00", 250_00)) == {"purchase": 400}
    assert year.redeems(book.reward.code).status_code == 409
    year.night("2030-02-18T00:30")
    assert year.balances() == {"coins": 400}

    # The book token: the points are gone at once, the code is there after two looks.
    year.at("2030-03-01T12:00")
    made = year.redeems(book.reward.code)
    assert (made.status_code, year.balances()) == (201, {"coins": 250})
    name = made.json()["id"]
    assert delivery(year, name) == "pending"
    work(year, "2030-03-01T12:01")
    work(year, "2030-03-01T12:05")
    assert delivery(year, name) == "delivered"
    assert stand_in.orders()[0]["code"] in year.shop.get(f"redemptions/{name}").json()["code"]

    # The cinema card is sold out there the moment it is ordered: the 125 are back.
    stand_in.fails("place", "out_of_stock")
    made = year.redeems(cinema.reward.code)
    assert made.status_code == 201
    work(year, "2030-03-01T12:10")
    assert delivery(year, made.json()["id"]) == "failed"
    assert year.balances() == {"coins": 250}

    # Overnight the supplier withdraws the bicycle shop's card: it is refused before anything is taken.
    stand_in.tell(products={"fietsfabriek-eur": {"in_stock": False}})
    with brand_context(year.brand):
        cast.read(account)
    assert year.redeems(bicycle.reward.code).status_code == 409
    assert year.balances() == {"coins": 250}
    stand_in.tell(products={"fietsfabriek-eur": {"in_stock": True}})
    year.adds_up()


def work(year: Year, local: str) -> None:
    year.at(local)
    with brand_context(year.brand):
        orders_work()


def delivery(year: Year, redemption: str) -> str:
    return str(year.shop.get(f"redemptions/{redemption}/delivery").json()["state"])
