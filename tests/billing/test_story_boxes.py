"""Years of the programs that are paid, to the cent and to the point, with the clock moved: the subscription box, the
monthly box of the snack club, and the plan of the software club. Every figure is worked out by hand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client

from billing.boxes.choosing import box_address_set, box_delay
from billing.boxes.paying import box_add, box_quantity_set, box_send_now, send_now_preview
from billing.boxes.sending import box_move
from billing.cards import card_change
from billing.changing import subscription_change, subscription_preview
from billing.leaving import subscription_cancel
from billing.models import Shipment
from billing.pausing import subscription_skip
from billing.plans import plan_named
from core import clock
from core.addresses import Address
from loyalty.models import Enrollment
from loyalty.selectors import balances_of
from loyalty.templates import template_document
from members.models import Member
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.boxcast import address_of, boxes, sent, settle
from tests.billing.cast import DECLINES_LATER, GOOD, Club
from tests.loyalty import shop

pytestmark = pytest.mark.slow
HERE = shop.STAFF
NewClub = Callable[[str, str], Club]


@pytest.fixture
def club_of(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> Iterator[NewClub]:
    shift = brand.clock_shift

    def make(template: str, begins: str) -> Club:
        monkeypatch.setattr("tests.billing.cast.document", lambda **_section: template_document(template))
        return Club(stand_in, key, brand, client_for(brand), begins=begins)

    yield make
    brand.clock_shift = shift


def joins(club: Club, plan: str, price: str, country: str) -> Member:
    """Somebody who joins and says where the boxes go."""
    who = club.somebody()
    club.joined(who, plan, price)
    settle(club)
    for box in boxes(who):
        box_address_set(shipment=box, address=Address("Ann", "Kade 1", "1011", "Town", country), actor=HERE)
    return who


def goes_on(club: Club, who: Member, days: int = 1) -> None:
    """To the day after the period's end; what is to be sent then is sent, as the packers do."""
    row = club.subscription(who)
    assert row.period_end is not None
    club.advance(to=row.period_end + timedelta(days=days))
    settle(club)
    packs(club, who)


def packs(club: Club, who: Member) -> None:
    now = clock.now()
    for box in boxes(who):
        if box.state == Shipment.State.LOCKED and box.paid_at is not None and box.sends_at <= now:
            assert address_of(box) is not None
            sent(box, carrier="PostNL", tracking=f"3S{box.pk}")
    settle(club)


def following(who: Member) -> Shipment:
    return next(each for each in boxes(who) if each.state == "planned")


def points(who: Member) -> int:
    return balances_of(Enrollment.objects.get(member=who))[0].balance


def tier(who: Member, ladder: str) -> str:
    return Enrollment.objects.get(member=who).standings.get(ladder=ladder).tier


def card(club: Club, who: Member, number: str) -> None:
    page = card_change(
        subscription=club.subscription(who), success_url="https://gem.example/ok", cancel_url="https://gem.example/no",
        actor=HERE,
    )  # fmt: skip
    assert club.press(page.url, number).status == 303
    settle(club)


def test_a_year_of_the_subscription_box_to_the_cent_and_to_the_point(club_of: NewClub) -> None:
    club = club_of("subscription_box", "2027-01-10T09:00")
    ann = joins(club, "box", "month-EUR", "NL")

    # Paid on joining: 24.95. The first box is open for a day, then it is packed and sent: 10 credits.
    club.advance(days=1.1)
    settle(club)
    packs(club, ann)
    assert (club.charged(), points(ann)) == (24_95, 10)

    # 10 February: 49.90 and 20 credits. March and April are skipped ahead; 10 May: 74.85 and 30.
    goes_on(club, ann)
    assert (club.charged(), points(ann)) == (49_90, 20)
    subscription_skip(subscription=club.subscription(ann), cycles=2, actor=HERE)
    goes_on(club, ann)
    goes_on(club, ann)
    assert (club.charged(), points(ann)) == (49_90, 20)
    goes_on(club, ann)
    assert (club.charged(), points(ann)) == (74_85, 30)

    # June: two boxes and a mug: 2 x 24.95 + 9.95 = 59.85, in all 134.70. It is one sending: 40 credits.
    box_quantity_set(subscription=club.subscription(ann), quantity=2, actor=HERE)
    box_add(shipment=following(ann), extra="mug", count=1, key="June", actor=HERE)
    goes_on(club, ann)
    assert (club.charged(), points(ann)) == (134_70, 40)

    # July: one box again, 159.65 and 50. August's is had on 20 July, for 24.95 then: 184.60 and 60 credits.
    box_quantity_set(subscription=club.subscription(ann), quantity=1, actor=HERE)
    goes_on(club, ann)
    assert (club.charged(), points(ann)) == (159_65, 50)
    club.at("2027-07-20T09:00")
    settle(club)
    soon = following(ann)
    box_send_now(shipment=soon, due_minor=send_now_preview(soon).due_minor, actor=HERE)
    settle(club)
    packs(club, ann)
    assert (club.charged(), points(ann)) == (184_60, 60)

    # So the next is on 20 August: 209.55 and 70. On 20 September the card fails: the box waits; another card pays
    # it at once, and it goes: 234.50 and 80.
    goes_on(club, ann)
    assert (club.charged(), points(ann), f"{club.subscription(ann).period_end:%m-%d}") == (209_55, 70, "09-20")
    card(club, ann, DECLINES_LATER)
    goes_on(club, ann)
    assert (club.charged(), points(ann), club.state(ann)) == (209_55, 70, "past_due")
    card(club, ann, GOOD)
    packs(club, ann)
    assert (club.charged(), points(ann), club.state(ann)) == (234_50, 80, "active")

    # 20 October: 259.45, the ninth: 90. 20 November: 284.40, the tenth: 10 and a bonus of 50: 150.
    goes_on(club, ann)
    goes_on(club, ann)
    assert (club.charged(), points(ann)) == (284_40, 150)

    # The tenth comes back: its 60 go. It is sent anew: they are there again.
    last = [each for each in boxes(ann) if each.state == "shipped"][-1]
    box_move(shipment=last, state="returned", actor=HERE)
    settle(club)
    assert points(ann) == 90
    club.advance(days=2)
    sent(last)
    settle(club)
    assert points(ann) == 150

    # Leaving with the period: nothing more is charged, packed or earned.
    subscription_cancel(subscription=club.subscription(ann), reason="too_expensive", actor=HERE)
    goes_on(club, ann)
    assert (club.state(ann), club.charged(), points(ann)) == ("ended", 284_40, 150)
    states = [each.state for each in boxes(ann)]
    assert (states.count("shipped"), states.count("skipped")) == (10, 2)
    assert set(states) == {"shipped", "skipped", "canceled"}


def test_a_year_of_the_snack_clubs_shipments(club_of: NewClub) -> None:
    club = club_of("snack_club", "2027-01-04T15:00")
    ann = joins(club, "snack_box", "month-USD", "US")
    club.advance(days=1.1)
    settle(club)
    packs(club, ann)
    # 75 Bucks a box. After six boxes 450: an Enthusiast still; the seventh makes 525, an Advocate.
    for _month in range(5):
        goes_on(club, ann)
    assert (club.charged(), points(ann), tier(ann, "club")) == (6 * 39_00, 450, "enthusiast")
    # July is skipped: neither money nor Bucks. August is the seventh: 273.00.
    subscription_skip(subscription=club.subscription(ann), actor=HERE)
    goes_on(club, ann)
    assert (club.charged(), points(ann)) == (234_00, 450)
    goes_on(club, ann)
    assert (club.charged(), points(ann), tier(ann, "club")) == (273_00, 525, "advocate")
    # September's is sent two weeks later, and charged on the usual day.
    box_delay(shipment=following(ann), days=14, actor=HERE)
    goes_on(club, ann)
    assert (club.charged(), points(ann)) == (312_00, 525)
    club.advance(days=14)
    settle(club)
    packs(club, ann)
    assert points(ann) == 600
    # October to December: eleven boxes, 11 x 39.00 = 429.00, 11 x 75 = 825 Bucks.
    for _month in range(3):
        goes_on(club, ann)
    assert (club.charged(), points(ann), tier(ann, "club")) == (429_00, 825, "advocate")


def test_a_year_of_the_software_clubs_plan(club_of: NewClub) -> None:
    club = club_of("software_club", "2027-01-15T09:00")
    ann = club.somebody()
    # Free at first: a course gives 50.
    club.join(ann, "user_plan", "")
    club.work()
    course(club, ann, "git")
    assert (club.state(ann), club.charged(), points(ann)) == ("free", 0, 50)

    # From 1 February with Pro, 9.00 a month, which takes the free plan's place: a course gives 50 and half again: 125.
    club.at("2027-02-01T09:00")
    club.joined(ann, "pro", "month-EUR")
    course(club, ann, "sql")
    assert (club.state(ann), club.plan(ann), club.charged(), points(ann)) == ("active", "pro", 9_00, 125)

    # 1 March, April, May, June: 5 x 9.00 = 45.00. Ten days of 30 later a year instead: 9.00 x 20 / 30 = 6.00 back, so
    # 90.00 - 6.00 = 84.00, in all 129.00.
    for _month in range(4):
        goes_on(club, ann, days=0)
        club.advance(days=0.1)
        settle(club)
    assert club.charged() == 45_00
    row = club.subscription(ann)
    assert row.period_start is not None
    club.advance(to=row.period_start + timedelta(days=10))
    shown = subscription_preview(subscription=row, plan=plan_named("pro"), price="year-EUR")
    assert (shown.due_minor, shown.credit_minor) == (84_00, 6_00)
    subscription_change(
        subscription=row, plan=plan_named("pro"), price="year-EUR", shown_at=shown.shown_at,
        due_minor=shown.due_minor, actor=HERE,
    )  # fmt: skip
    settle(club)
    assert (club.charged(), f"{club.subscription(ann).period_end:%Y-%m-%d}") == (129_00, "2028-06-11")

    # Three courses in October: 3 x 75 and 75 for the challenge: 425. No boxes come of a plan without any.
    club.at("2027-10-05T09:00")
    for name in ("css", "html", "rust"):
        course(club, ann, name)
    assert (points(ann), Shipment.objects.count()) == (425, 0)

    # She says in December that she leaves: it holds until the year is over, and isn't charged again.
    club.at("2027-12-01T09:00")
    subscription_cancel(subscription=club.subscription(ann), reason="unused", actor=HERE)
    assert (club.state(ann), club.plan(ann)) == ("active", "pro")
    club.at("2028-06-11T12:00")
    settle(club)
    assert (club.state(ann), club.plan(ann), club.charged()) == ("ended", None, 129_00)


def course(club: Club, who: Member, name: str) -> None:
    """Finished, as the academy tells it."""
    now = clock.now()
    [answer] = shop.send(
        {
            "id": name, "type": "course.completed", "member": str(who.public_id), "occurred_at": now.isoformat(),
            "data": {"course": name},
        }
    )  # fmt: skip
    assert answer.error is None
    club.work()
