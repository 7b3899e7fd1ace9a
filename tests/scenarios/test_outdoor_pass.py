"""A year with the outdoor pass: a point a dollar, a hundred a year for being outside, credit for gear, a debt.

Every number below is worked out by hand beside it; the shop is in Denver.
"""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from claims.errors import ClaimedOften
from claims.pictures import Upload, upload_read
from core.actor import Actor
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_plain, draft_replace
from loyalty.models import Program
from loyalty.publishing import program_publish
from panels.lending import answers_send, invitation_accept
from panels.models import Participation
from rewards.fulfilment import Address
from tenants import registry
from tenants.context import brand_context
from tests.conftest import ClientFor, NewBrand
from tests.scenarios.cast import Year, given, taken

pytestmark = pytest.mark.slow


@pytest.fixture
def year(new_brand: NewBrand, client_for: ClientFor) -> Year:
    return Year(new_brand, client_for, "outdoor_pass", begins="2030-01-10T09:00")


def photo(shade: int) -> Upload:
    drawn = BytesIO()
    picture = Image.new("RGB", (64, 64), (shade, 90, 40))
    picture.putpixel((shade % 64, 3), (0, 0, 0))
    picture.save(drawn, "PNG")
    return upload_read(drawn.getvalue(), kind="photo")


PANEL = {
    "code": "winter_jacket", "name": {"en": "Winter jacket", "nl": "Winterjas"}, "product": "A jacket for next winter",
    "units": 1, "opens_at": "2030-10-20T00:00", "closes_at": "2030-10-30T00:00", "benefit": "product_testing",
    "questions": [{"kind": "scale", "code": "warm", "name": {"en": "How warm is it?", "nl": "Hoe warm is hij?"}}],
}  # fmt: skip
STAFF = Actor("staff", "user:1", "admin")


def product_tested(year: Year) -> None:
    """The panel is published; somebody below the Summit is refused; she applies, is drawn, answers, keeps it."""
    with brand_context(year.brand):
        draft = Program.objects.get(pk=year.program.pk)
        plain = draft_plain(draft)
        plain["sections"] = {**plain["sections"], "panels": {"items": [PANEL]}}
        revision = draft.draft_revision
        draft = draft_replace(
            program=draft, document=document_decode(plain), expected_revision=revision, actor=STAFF
        )  # fmt: skip
        program_publish(program=draft, actor=STAFF, expected_revision=draft.draft_revision)
    registry.forget_all()
    year.shop.post("members", {"external_id": "C-9", "name": "Bo"})
    refused = year.shop.post("members/ext:C-9/panels/winter_jacket/application", {}, once="a-9")
    assert refused.json()["reasons"] == ["benefit"]
    assert year.shop.post("members/ext:C-1/panels/winter_jacket/application", {}, once="a-1").status_code == 201
    year.at("2030-10-30T09:00")
    assert year.shop.post("panels/winter_jacket/draw", {"reserves": 2}).json()["units_left"] == 0
    year.shop.post("panels/winter_jacket/settle", {})
    with brand_context(year.brand):
        one = Participation.objects.get()
        home = Address(name="Ann", street="1 Trail", postcode="80202", city="Denver", country="US")
        invitation_accept(participation=one, address=home, actor=STAFF)
    move = f"panels/winter_jacket/testers/{one.pk}/move"
    assert year.shop.post(move, {"to": "shipped", "carrier": "Post", "tracking": "3S"}).status_code == 200
    assert year.shop.post(move, {"to": "received"}).status_code == 200
    year.at("2030-11-10T12:00")
    with brand_context(year.brand):
        answers_send(participation=one, answers={"warm": 5}, actor=STAFF)
    told = year.shop.get("members/ext:C-1/panels/winter_jacket/application").json()["application"]
    assert (told["tester"]["state"], told["tester"]["outcome"]) == ("closed", "kept")
    assert year.shop.get("panels/winter_jacket/results").json()["questions"][0]["mean"] == 5.0
    assert year.balances()["points"] == 109


def test_a_year_with_the_outdoor_pass(year: Year) -> None:
    year.joins(birth_date="1988-06-20")
    year.offers("ten_off", 100, "points")

    # Two friends come by her code and buy on the 10th. Fourteen days later nothing can be returned any more: the night
    # of 25 January gives 25 for each. 50.
    code = year.shop.get("members/ext:C-1/referral-code").json()["code"]
    for friend in ("C-2", "C-3"):
        year.joins(friend)
        assert year.shop.post(f"members/ext:{friend}/referral", {"code": code}).status_code == 201
        year.order(f"F-{friend}", "2030-01-10T09:30", 40_00, member=friend)
    year.night("2030-01-24T12:00")
    assert year.balances() == {"points": 0, "credit": 0}
    year.night("2030-01-25T12:00")
    assert year.balances() == {"points": 50, "credit": 0}

    # 120 dollars with 10 of tax: 110. Half a dollar earns nothing: 59.50 is 59. 169.
    year.at("2030-01-26T12:00")
    assert given(year.order("A-1", "2030-01-26T10:00", 120_00, tax_minor=10_00)) == {"purchase": 110}
    assert given(year.order("A-2", "2030-01-26T11:00", 59_50)) == {"purchase": 59}

    # Two friends 50, three check-ins with the app 30, five at stores and parks would be 25 but only 20 of the
    # hundred are left: the fifth gives nothing. 169 + 100 = 269.
    for number in (1, 2, 3):
        year.tell("app.checked_in", f"P-{number}", "2030-01-26T11:40", screen="home")
    given_at_places = [
        sum(given(year.tell("store.checked_in", f"S-{n}", "2030-01-26T11:50", place={"code": "denver"})).values())
        for n in range(5)
    ]
    assert given_at_places == [5, 5, 5, 5, 0]
    assert year.balances() == {"points": 269, "credit": 0}

    # Used gear, three times: 2, 3 and 3 items at 10 dollars: 20 + 30 + 30 = 80. A fourth time is refused at once.
    for shade, items in ((10, 2), (90, 3), (170, 3)):
        year.claims("gear", files=(photo(shade),), staff={"items": items})
    assert year.balances() == {"points": 269, "credit": 80}
    with pytest.raises(ClaimedOften):
        year.claims("gear", files=(photo(250),), staff={"items": 1})

    # Ten dollars off for 100 points, twice: 69 left.
    assert year.redeems("ten_off").status_code == 201
    assert year.redeems("ten_off").status_code == 201
    assert year.balances() == {"points": 69, "credit": 80}

    # Then A-1 comes back whole: 110 are owed, 69 are there: a debt of 41. The next 100 dollars pay it: 59.
    assert taken(year.returns("A-1", "2030-01-26T11:55", 120_00)) == 69
    assert year.balances()["points"] == 0
    year.at("2030-02-01T12:00")
    assert given(year.order("A-3", "2030-02-01T10:00", 100_00)) == {"purchase": 100}
    assert year.balances()["points"] == 59

    # Her birthday brings ten dollars of credit, once: the night of 20 June sees to it. 90.
    year.night("2030-06-19T12:00")
    assert year.balances()["credit"] == 80
    year.night("2030-06-20T00:30")
    year.night("2030-06-20T12:00")
    assert year.balances()["credit"] == 90

    # Earned this year: 59 + 100 + 100 = 259. 300 dollars more, 559: on the Summit, to the end of 2031.
    assert year.tier("pass") == "explorer"
    year.at("2030-07-01T12:00")
    year.order("A-4", "2030-07-01T10:00", 300_00)
    assert (year.balances()["points"], year.tier("pass")) == (359, "summit")

    # On the Summit she may test a product. She answers in November, in time: 50 points.
    year.night("2030-10-20T09:00")
    product_tested(year)

    # Credit holds eleven months: January's 80 through 26 December, June's 10 into the next year.
    year.night("2030-12-26T23:30")
    # The window of 15 October found 359 points: three times ten dollars off, 59 were left. Valid for eleven months.
    assert year.balances()["points"] == 109
    codes = year.shop.get("redemptions?member=ext:C-1&reward=ten_dollars").json()["results"]
    assert [(each["price"], each["use_until"][:10]) for each in codes] == [(100, "2031-09-16")] * 3
    assert year.balances()["credit"] == 90
    year.night("2030-12-27T00:30")
    assert year.balances()["credit"] == 10

    # A new year, a new hundred outside: 5.
    year.night("2031-01-02T12:00")
    assert given(year.tell("store.checked_in", "S-9", "2031-01-02T11:00", place={"code": "moab"})) == {
        "place_check_in": 5
    }
    year.adds_up()
