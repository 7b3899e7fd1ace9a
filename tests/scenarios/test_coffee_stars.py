"""Half a year with coffee stars: by tender, without gift cards, double on the member's own day, gone after six months.

Every number below is worked out by hand beside it; the shop is in Los Angeles.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ClientFor, NewBrand
from tests.scenarios.cast import Year, given, taken

pytestmark = pytest.mark.slow


@pytest.fixture
def year(new_brand: NewBrand, client_for: ClientFor) -> Year:
    return Year(new_brand, client_for, "coffee_stars", begins="2030-03-01T08:00")


def line(sku: str, cents: int, category: str = "drinks") -> dict[str, Any]:
    return {"sku": sku, "net_minor": cents, "category": category}


def paid(**tenders: int) -> list[dict[str, Any]]:
    return [{"kind": kind, "amount_minor": cents} for kind, cents in tenders.items()]


def test_half_a_year_of_stars(year: Year) -> None:
    year.joins(birth_date="1990-05-05", attributes={"star_day": 15})
    year.joins("C-2", birth_date="2020-01-01")

    # 12 dollars by card: 12. By the preloaded balance 8: 16. Split, 4 by card and 6 preloaded: 4 + 12 = 16. 44 in all.
    year.at("2030-03-10T12:00")
    body = year.order(
        "A-1", "2030-03-10T09:00", 12_00, lines=[line("latte", 5_00), line("beans", 7_00)], tenders=paid(card=12_00)
    )
    assert given(body) == {"purchase": 12}
    body = year.order("A-2", "2030-03-10T10:00", 8_00, lines=[line("mocha", 8_00)], tenders=paid(preloaded=8_00))
    assert given(body) == {"purchase": 16}
    body = year.order(
        "A-3", "2030-03-10T11:00", 10_00, lines=[line("lunch", 10_00)], tenders=paid(card=4_00, preloaded=6_00)
    )
    assert given(body) == {"purchase": 16}

    # A coffee of 10 and a gift card of 20, paid by card: the third that is coffee earns, 10. 54 in all.
    goods = [line("coffee", 10_00), line("present", 20_00, "gift_card")]
    assert given(year.order("A-4", "2030-03-10T11:30", 30_00, lines=goods, tenders=paid(card=30_00))) == {
        "purchase": 10
    }

    # Somebody of ten earns nothing.
    child = year.order("K-1", "2030-03-10T11:40", 9_00, "C-2", lines=[line("cocoa", 9_00)], tenders=paid(card=9_00))
    assert given(child) == {}

    # The 15th is her day: 7 preloaded give 14 and 14 again. 54 + 28 = 82. On the 16th there is no doubling: 14. 96.
    year.at("2030-03-16T12:00")
    body = year.order("A-5", "2030-03-15T09:00", 7_00, lines=[line("latte", 7_00)], tenders=paid(preloaded=7_00))
    assert given(body) == {"purchase": 14, "star_day": 14}
    body = year.order("A-6", "2030-03-16T09:00", 7_00, lines=[line("latte", 7_00)], tenders=paid(preloaded=7_00))
    assert given(body) == {"purchase": 14}
    assert year.balances() == {"stars": 96}

    # Half of A-5 goes back: half of 14 and half of 14. 96 - 14 = 82.
    assert taken(year.returns("A-5", "2030-03-16T10:00", 3_50)) == 14
    assert year.balances() == {"stars": 82}

    # In May 20 dollars by card: 20. 102. In June nothing.
    year.night("2030-05-20T12:00")
    year.order("A-7", "2030-05-20T09:00", 20_00, lines=[line("beans", 20_00)], tenders=paid(card=20_00))
    assert year.balances() == {"stars": 102}

    # March's stars hold six months after March: through 30 September. On the 30th all are there, on 1 October 20 are.
    year.night("2030-09-30T23:30")
    assert year.balances() == {"stars": 102}
    year.night("2030-10-01T00:30")
    assert year.balances() == {"stars": 20}
    # May's through 30 November.
    year.night("2030-12-01T00:30")
    assert year.balances() == {"stars": 0}
    year.adds_up()
