"""The pages on which members choose a plan and join it."""

from __future__ import annotations

from typing import Any

import pytest

from billing.gateway import ask
from billing.models import Checkout, MembershipPlan, Subscription
from loyalty.models import Enrollment
from loyalty.planpoints import more_points_with
from sandbox.stripe.server import LocalStripe
from tests.billing import cast
from tests.billing.browsing import Visitor
from tests.billing.cast import DECLINES, Club
from tests.conftest import ClientFor
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of


@pytest.fixture
def anna(club: Club, client_for: ClientFor) -> Visitor:
    return Visitor(club, client_for)


def test_visitors_read_the_plans_and_joining_asks_to_log_in(club: Club, client_for: ClientFor) -> None:
    visitor = client_for(club.brand)
    plans = text_of(visitor.get("/plans/"))
    for each in ("Basic", "Plus", "€10 a month", "€100 a year", "14 days for free", "€30 once", "Free delivery"):
        assert each in plans
    page = visitor.get("/plans/plus/")
    assert page.status_code == 200
    assert "/accounts/login/?next=/plans/plus/" in page.content.decode()
    sent = visitor.post("/plans/plus/", {"key": "k" * 24, "price": "month-EUR"})
    assert (sent.status_code, sent["Location"]) == (302, "/accounts/login/?next=/plans/plus/")
    assert Checkout.objects.count() == 0


def test_a_member_joins_pays_and_is_in_before_any_webhook(club: Club, anna: Visitor) -> None:
    anna.open("/plans/plus/")
    shown = anna.send("/plans/plus/", price="year-EUR")
    assert "To the payment page" in shown
    assert Subscription.objects.count() == 0
    shown = anna.pays()
    assert anna.last.request["PATH_INFO"] == "/membership/"
    for each in ("Welcome! You’re in.", "Plus", "Active", "€100 a year", "Next payment"):
        assert each in shown
    assert (club.charged(), club.plan(anna.member)) == (10000, "plus")
    club.settle()
    assert (club.charged(), Subscription.objects.count()) == (10000, 1)


def test_a_second_click_joins_once(club: Club, anna: Visitor) -> None:
    anna.open("/plans/plus/")
    fields = {**anna.form("/plans/plus/"), "price": "month-EUR"}
    for _click in range(2):
        anna.last = anna.client.post("/plans/plus/", fields, follow=True)
    assert Checkout.objects.count() == 1
    anna.pays()
    again = anna.client.post("/plans/plus/", fields, follow=True)
    assert again.request["PATH_INFO"] == "/membership/"
    club.settle()
    assert (club.charged(), Subscription.objects.count()) == (1000, 1)


def test_another_price_from_the_same_page_is_another_wish(club: Club, anna: Visitor) -> None:
    anna.open("/plans/plus/")
    fields = anna.form("/plans/plus/")
    for price in ("month-EUR", "year-EUR"):
        anna.last = anna.client.post("/plans/plus/", {**fields, "price": price}, follow=True)
    assert sorted(Checkout.objects.values_list("state", flat=True)) == ["expired", "open"]
    anna.pays()
    assert club.charged() == 10000


def test_a_card_that_declines_and_a_page_that_is_left_are_told_plainly(club: Club, anna: Visitor) -> None:
    anna.open("/plans/plus/")
    anna.send("/plans/plus/", price="month-EUR")
    page = anna.payment_page()
    assert club.press(page, DECLINES).status == 402
    left = club.press(page, None, press="cancel")
    shown = anna.open(left.location.removeprefix("http://gem.example"))
    assert "Nothing was charged" in shown
    assert (club.charged(), Subscription.objects.count()) == (0, 0)
    assert "Active" in anna.joins(price="month-EUR")
    assert club.charged() == 1000


def test_a_page_that_wasn_t_finished_changes_nothing(club: Club, anna: Visitor) -> None:
    anna.open("/plans/plus/")
    anna.send("/plans/plus/", price="month-EUR")
    session = Checkout.objects.get().stripe_id
    shown = anna.open(f"/membership/back/?session={session}")
    assert "wasn’t finished, so nothing was charged" in shown
    assert Subscription.objects.count() == 0


def test_another_member_s_payment_page_is_nobody_s(club: Club, anna: Visitor, client_for: ClientFor) -> None:
    anna.open("/plans/plus/")
    anna.send("/plans/plus/", price="month-EUR")
    club.press(anna.payment_page())
    bob = Visitor(club, client_for, "Bob")
    bob.open(f"/membership/back/?session={Checkout.objects.get().stripe_id}")
    assert bob.last.request["PATH_INFO"] == "/plans/"
    assert Subscription.objects.count() == 0


def test_a_free_plan_is_there_at_once_and_gives_way(club: Club, anna: Visitor) -> None:
    anna.open("/plans/basic/")
    shown = anna.send("/plans/basic/")
    assert "Welcome! You’re in." in shown
    assert "It costs nothing" in shown
    assert "Active" in anna.joins(price="month-EUR")
    assert club.plan(anna.member) == "plus"


def test_the_trial_says_when_it_is_charged(club: Club, anna: Visitor) -> None:
    shown = anna.open("/plans/trial/")
    assert "14 days for free" in shown
    assert "charge it only when the trial ends" in shown
    shown = anna.joins("trial")
    assert "Your trial runs until" in shown
    assert "Then it’s €10 a month." in shown
    assert club.charged() == 0


def test_a_plan_that_left_the_shop_says_so_and_takes_nobody(club: Club, anna: Visitor) -> None:
    anna.open("/plans/plus/")
    MembershipPlan.objects.filter(code="plus").update(offered=False)
    shown = anna.send("/plans/plus/", price="month-EUR")
    assert anna.last.status_code == 409
    # Said once, not as a refusal and again as what holds anyway.
    assert shown.replace("’", "'").count("can't be joined any more") == 1
    assert "See the other plans" in shown
    assert anna.client.get("/plans/plus/").status_code == 410
    assert anna.client.get("/plans/nothing/").status_code == 404
    assert Checkout.objects.count() == 0


def test_who_has_a_plan_that_left_the_shop_is_led_to_it_and_not_to_buy_it_again(club: Club, anna: Visitor) -> None:
    assert "Buy again" in anna.joins("season")
    MembershipPlan.objects.filter(code="season").update(offered=False)
    assert "Buy again" not in anna.open("/membership/")
    shown = anna.open("/plans/season/")
    assert "can’t be joined any more. Whoever has it keeps it." in shown
    assert "See your membership" in shown


@pytest.mark.parametrize(
    ("given", "status"), [({"key": ""}, 400), ({"price": "week-EUR"}, 422), ({"price": "x" * 30}, 400)]
)
def test_what_isn_t_the_page_s_own_is_refused_and_changes_nothing(
    club: Club, anna: Visitor, given: dict[str, str], status: int
) -> None:
    anna.open("/plans/plus/")
    anna.send("/plans/plus/", **{"price": "month-EUR", **given})
    assert anna.last.status_code == status
    assert Checkout.objects.count() == 0


def test_a_brand_whose_key_was_revoked_says_it_isn_t_the_member(club: Club, anna: Visitor) -> None:
    club.control("keys", revoke=club.key)
    anna.open("/plans/plus/")
    shown = anna.send("/plans/plus/", price="month-EUR")
    assert "It’s not you or your card" in shown
    assert "restricted key" not in shown


def test_plans_in_dutch(club: Club, anna: Visitor) -> None:
    shown = anna.open("/plans/", headers={"accept-language": "nl"})
    for each in ("Abonnementen", "€ 10 per maand", "14 dagen gratis"):
        assert each in shown


def test_the_menu_and_home_lead_there(club: Club, anna: Visitor) -> None:
    assert "See the plans" in anna.open("/")
    assert 'href="/membership/"' in anna.last.content.decode()
    anna.joins(price="month-EUR")
    assert "All of it is yours." in anna.open("/")


def test_a_program_without_plans_has_no_such_page_in_its_menu(brand: Any, client_for: ClientFor) -> None:
    from tests.loyalty import cast as people
    from tests.loyalty import shop

    person = people.person(shop.program())
    client = client_for(brand, user=person.user)
    assert "/membership/" not in client.get("/").content.decode()
    assert "No plans just now" in text_of(client.get("/plans/"))


def test_what_one_s_own_orders_would_have_saved_is_told(
    stand_in: LocalStripe, key: str, brand: Any, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = {
        "code": "off", "name": "A tenth off", "gives": {"kind": "discount", "percent": "10"},
        "given_to": [{"kind": "plan", "any_of": ["plus"]}],
    }  # fmt: skip
    monkeypatch.setattr(cast, "BENEFITS", [*cast.BENEFITS, off])
    anna = Visitor(Club(stand_in, key, brand, client_for(brand)), client_for)
    shop.send(shop.order(anna.member, 40, "O-1"), shop.order(anna.member, 83, "O-2", days_ago=100))
    shop.send(shop.order(anna.member, 500, "O-3", days_ago=400), shop.order(anna.member, 70, "O-4"))
    shop.send(shop.returned(anna.member, "O-4", 70))
    assert "you’d have saved at least €12.30 on your orders" in anna.open("/plans/plus/")
    assert "you’d have saved" not in anna.open("/plans/max/")


def test_a_promotion_code_is_taken_on_the_payment_page(
    stand_in: LocalStripe, key: str, brand: Any, client_for: ClientFor
) -> None:
    plan = {
        "code": "plus", "name": "Plus", "promotion_codes": True,
        "charge": {"kind": "recurring", "prices": [cast.MONTHLY]},
    }  # fmt: skip
    club = Club(stand_in, key, brand, client_for(brand), plans=[plan])
    coupon = ask(club.connection, lambda v1: v1.coupons.create({"percent_off": 20, "duration": "once"}))["id"]
    wanted = {"promotion": {"type": "coupon", "coupon": coupon}, "code": "WELCOME"}
    ask(club.connection, lambda v1: v1.promotion_codes.create(wanted))
    anna = Visitor(club, client_for)
    assert "A promotion code can be given there too." in anna.open("/plans/plus/")
    anna.send("/plans/plus/")
    page = anna.payment_page()
    assert club.press(page, code="NOSUCH").status == 402
    back = club.press(page, code="WELCOME")
    assert back.status == 303
    shown = anna.open(back.location.removeprefix("http://" + anna.client.defaults["SERVER_NAME"]))
    assert "Active" in shown
    assert "€8 · Plus" in shown


def test_what_joiners_pay_at_first_is_told_until_they_have_had_it(
    stand_in: LocalStripe, key: str, brand: Any, client_for: ClientFor
) -> None:
    intro = {"percent": "50", "duration": "repeating", "months": 3}
    plan = {"code": "plus", "name": "Plus", "charge": {"kind": "recurring", "prices": [cast.MONTHLY], "intro": intro}}
    club = Club(stand_in, key, brand, client_for(brand), plans=[plan])
    anna = Visitor(club, client_for)
    assert "€5 a month in the first 3 months" in anna.open("/plans/plus/")
    anna.joins()
    assert club.charged() == 500
    anna.open(f"{anna.base()}/leave/")
    anna.send(f"{anna.base()}/leave/?step=reason", press="refund")
    shown = anna.open("/plans/plus/")
    assert "€10 a month" in shown
    assert "€5" not in shown


def test_a_stripe_that_is_away_on_the_way_back_is_told_and_the_webhook_does_it(club: Club, anna: Visitor) -> None:
    anna.open("/plans/plus/")
    anna.send("/plans/plus/", price="month-EUR")
    page = anna.payment_page()
    back = club.press(page)
    club.control("faults", faults=[{"kind": "status", "status": 503, "times": 100}])
    shown = anna.open(back.location.removeprefix("http://" + anna.client.defaults["SERVER_NAME"]))
    assert "it shows here in a moment" in shown
    club.control("faults", faults=[])
    club.settle()
    assert "All of it is yours." in anna.open("/membership/")
    assert club.charged() == 1000


def test_a_fee_holds_for_its_time_and_is_given_back_within_the_withdrawal(club: Club, anna: Visitor) -> None:
    assert "Holds for 12 months and ends by itself." in anna.open("/plans/season/")
    shown = anna.joins("season")
    assert "Yours until" in shown
    anna.open(f"{anna.base()}/leave/")
    shown = anna.send(f"{anna.base()}/leave/?step=reason", press="refund")
    assert "your money is on its way back" in shown
    club.settle()
    assert (club.charged(), club.state(anna.member)) == (0, "ended")


@pytest.mark.parametrize(
    ("value", "said"), [(2, "earned more in the last twelve months: 123 points, worth €2.46."), (None, "123 points.")]
)
def test_what_a_plan_multiplies_of_ones_own_points_is_told(
    stand_in: LocalStripe, key: str, brand: Any, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch,
    value: int | None, said: str,
) -> None:  # fmt: skip
    double = {
        "code": "plus_double", "name": "Double with Plus", "trigger": "order.paid", "group": "plans",
        "when": {"kind": "plan", "any_of": ["plus"]},
        "effects": [{"kind": "multiply", "currency": "points", "factor": "2"}],
    }  # fmt: skip
    monkeypatch.setattr(cast, "RULES", [*cast.RULES, double])
    [points] = [each for each in shop.DOCUMENT["currencies"] if each["code"] == "points"]
    monkeypatch.setitem(points, "value_minor_per_point", value)
    anna = Visitor(Club(stand_in, key, brand, client_for(brand)), client_for)
    shop.send(shop.order(anna.member, 40, "O-1"), shop.order(anna.member, 83, "O-2", days_ago=100))
    shop.send(shop.order(anna.member, 500, "O-3", days_ago=400), shop.order(anna.member, 70, "O-4"))
    shop.send(shop.returned(anna.member, "O-4", 70))
    assert said in anna.open("/plans/plus/").replace("\u00a0", " ")
    assert "earned more" not in anna.open("/plans/max/")
    # What the plan has multiplied already isn't more.
    anna.joins(price="month-EUR")
    anna.club.settle()
    shop.send(shop.order(anna.member, 90, "O-5"))
    assert [each.points for each in more_points_with(Enrollment.objects.get(member=anna.member), "plus")] == [123]
