"""A year with the gift catalogue: two rates, two weeks of waiting, everything gone with the year unless it is spent.

Every number below is worked out by hand beside it; the shop is in Amsterdam.
"""

from __future__ import annotations

import pytest

from tests.conftest import ClientFor, NewBrand
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
