"""Two years with the snack club: boxes, a follow that staff approve, reviews, three tiers, bucks spent and gone.

Every number below is worked out by hand beside it; the club is in New York.
"""

from __future__ import annotations

import pytest
from django.core import mail

from tests.conftest import ClientFor, NewBrand
from tests.scenarios.cast import Year, given

pytestmark = pytest.mark.slow


@pytest.fixture
def year(new_brand: NewBrand, client_for: ClientFor) -> Year:
    return Year(new_brand, client_for, "snack_club", begins="2030-01-10T09:00")


def box(year: Year, month: int) -> dict[str, int]:
    day = f"2030-{month:02}-15"
    year.night(f"{day}T12:00")
    return given(year.tell("shipment.sent", f"box-{month}", f"{day}T10:00", shipment={"number": f"box-{month}"}))


def test_two_years_with_the_snack_club(year: Year) -> None:
    year.joins(email="ann@example.com", language="nl")
    year.offers("vitamins", 200, "bucks")

    # January: the box 75. She follows on Instagram, staff approve: 25. Saying it again gives nothing; Facebook counts
    # apart: 25. Three reviews, of which two a month give 20. 75 + 50 + 40 = 165.
    assert box(year, 1) == {"box": 75}
    year.claims("following", link="https://instagram.com/ann", fields={"network": "instagram"})
    year.claims("following", link="https://instagram.com/ann.too", fields={"network": "instagram"})
    year.claims("following", link="https://facebook.com/ann", fields={"network": "facebook"})
    for number in (1, 2, 3):
        year.tell("review.posted", f"V-{number}", "2030-01-15T11:00", stars=5)
    assert year.balances() == {"bucks": 165}

    # February: 75, and five times joining in, of which four a month give 10. 165 + 115 = 280.
    box(year, 2)
    for number in range(5):
        year.tell("community.engaged", f"J-{number}", "2030-02-15T11:00", what="recipe")
    assert year.balances() == {"bucks": 280}

    # March 355, April 430, May 505: an Advocate with May's box.
    for month in (3, 4):
        box(year, month)
    assert (year.balances(), year.tier("club")) == ({"bucks": 430}, "enthusiast")
    box(year, 5)
    assert (year.balances(), year.tier("club")) == ({"bucks": 505}, "advocate")

    # A letter for each box, in her language, by the message of that name: the fifth told her of the 505.
    told = [each for each in mail.outbox if each.subject == "Je box is onderweg: 75 Bucks"]
    assert [each.to for each in told] == [["ann@example.com"]] * 5
    assert "Je hebt nu 505\xa0Bucks en bent Ambassadeur van Snackclub." in str(told[4].body)

    # In June (580) vitamins for 200: 380. They come out of January's 165, then 35 of February's 115.
    box(year, 6)
    assert year.redeems("vitamins").status_code == 201
    assert year.balances() == {"bucks": 380}

    # July to November: five boxes, 380 + 375 = 755; earned 165 + 115 + 9 x 75 = 955. Spending costs no tier.
    for month in range(7, 12):
        box(year, month)
    assert (year.balances(), year.tier("club")) == ({"bucks": 755}, "advocate")
    # December: 830; earned 1,030: VIP.
    box(year, 12)
    assert (year.balances(), year.tier("club")) == ({"bucks": 830}, "vip")

    # January's bucks would go with January 2031: they are spent. February's go with February 2031: 115 - 35 = 80.
    year.night("2031-02-01T00:30")
    assert year.balances() == {"bucks": 830}
    year.night("2031-02-28T23:30")
    assert year.balances() == {"bucks": 830}
    year.night("2031-03-01T00:30")
    assert year.balances() == {"bucks": 750}

    # She earns nothing in 2031. VIP holds to its end, then one step down; Advocate for 2032, then Enthusiast. Every
    # month of 2031 from March's on takes 75 with it: ten boxes, 750.
    year.night("2031-12-31T23:30")
    assert (year.balances(), year.tier("club")) == ({"bucks": 75}, "vip")
    year.night("2032-01-01T00:30")
    assert (year.balances(), year.tier("club")) == ({"bucks": 0}, "advocate")
    year.night("2033-01-01T00:30")
    assert year.tier("club") == "enthusiast"
    year.adds_up()
