"""A year and a half with the subscription box: credit a box, more for every tenth, gone half a year after the last.

Every number below is worked out by hand beside it; the shop is in Amsterdam.
"""

from __future__ import annotations

import pytest

from tests.conftest import ClientFor, NewBrand
from tests.scenarios.cast import Year, given

pytestmark = pytest.mark.slow


@pytest.fixture
def year(new_brand: NewBrand, client_for: ClientFor) -> Year:
    return Year(new_brand, client_for, "subscription_box", begins="2030-01-02T09:00")


def box(year: Year, number: int, local: str) -> dict[str, int]:
    return given(year.tell("shipment.sent", f"box-{number}", local, shipment={"number": f"box-{number}"}))


def test_a_year_and_a_half_with_the_box(year: Year) -> None:
    year.joins()
    # A box every week of January and February, nine: 90.
    for number, day in enumerate(("01-03", "01-10", "01-17", "01-24", "01-31", "02-07", "02-14", "02-21", "02-28"), 1):
        year.at(f"2030-{day}T12:00")
        assert box(year, number, f"2030-{day}T08:00") == {"box": 10}
    assert year.balances() == {"credit": 90}

    # The tenth brings 50 more. 150.
    year.at("2030-03-07T12:00")
    assert box(year, 10, "2030-03-07T08:00") == {"box": 10, "tenth_box": 50}
    # Two friends join in one month: 200. 350.
    for number in (1, 2):
        year.tell("referral.converted", f"F-{number}", "2030-03-07T09:00", friend=f"C-{number + 1}")
    assert (year.balances(), year.tier("regular")) == ({"credit": 350}, "new")

    # She skips to May. The twelfth box makes her a regular, for good. 370.
    year.night("2030-05-02T12:00")
    box(year, 11, "2030-05-02T08:00")
    year.night("2030-05-09T12:00")
    box(year, 12, "2030-05-09T08:00")
    assert (year.balances(), year.tier("regular")) == ({"credit": 370}, "regular")

    # A friend in July is no box: 100 more, 470, good for half a year of their own. The rest is counted from the box of
    # 9 May, through 9 November: 370 go.
    year.night("2030-07-01T12:00")
    year.tell("referral.converted", "F-3", "2030-07-01T09:00", friend="C-4")
    year.night("2030-11-09T23:30")
    assert year.balances() == {"credit": 470}
    year.night("2030-11-10T00:30")
    assert year.balances() == {"credit": 100}

    # She comes back in December, before the friend's 100 are over on 1 January: 110, all alive again for half a year
    # from that box, through 5 June; she stays a regular.
    year.night("2030-12-05T12:00")
    assert box(year, 13, "2030-12-05T08:00") == {"box": 10}
    year.night("2031-01-02T00:30")
    assert (year.balances(), year.tier("regular")) == ({"credit": 110}, "regular")
    # A box in May keeps all of it alive: 120 through 20 November 2031.
    year.night("2031-05-20T12:00")
    box(year, 14, "2031-05-20T08:00")
    year.night("2031-11-20T23:30")
    assert year.balances() == {"credit": 120}
    year.night("2031-11-21T00:30")
    assert year.balances() == {"credit": 0}
    year.adds_up()
