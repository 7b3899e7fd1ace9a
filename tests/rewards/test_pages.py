"""What members see of rewards, and taking one on the pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from core import clock
from loyalty.models import TierStanding
from loyalty.services import points_adjust
from rewards.catalogue import reward_save
from rewards.errors import TierTooLow
from rewards.models import CodePool, Redemption, Reward
from rewards.pools import pool_import
from rewards.selectors import offer_of
from rewards.services import redemption_cancel, redemption_use, reward_redeem
from rewards.stock import stock_set
from tenants.models import Brand
from tests.conftest import ClientFor
from tests.loyalty import cast, shop
from tests.loyalty.test_pages import invariants, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(brand: Brand) -> cast.Person:
    """A member with 300 points."""
    who = cast.person(shop.program())
    shop.send(shop.order(who.member, 300))
    return who


def reward(who: cast.Person, code: str = "coffee", price: int = 100, **fields: object) -> Reward:
    return Reward.objects.create(
        program=who.enrollment.program, code=code, name=code.title(), currency="points", price=price, **fields
    )


def test_who_is_not_known_to_live_anywhere_is_asked_instead_of_refused(
    brand: Brand, client_for: ClientFor, anna: cast.Person
) -> None:
    reward_save(
        program=anna.enrollment.program, actor=shop.STAFF,
        plain={"code": "mug", "name": "Mug", "countries": ["NL"], "prices": [{"points": 10, "currency": "points"}]},
    )  # fmt: skip
    client = client_for(brand, user=anna.user)
    assert "Where do you live?" in text_of(client.get("/rewards/"))
    page = client.get("/rewards/mug/").content.decode()
    assert 'href="/profile/?next=/rewards/mug/#id_country"' in page
    said = {"name": "Anna", "phone": "", "birth_date": "", "language": "en"}
    assert client.post("/profile/?next=/rewards/mug/", {**said, "country": "NL"})["Location"] == "/rewards/mug/"
    assert "Take it for 10 points" in text_of(client.get("/rewards/mug/"))


def key_on(page: bytes) -> str:
    found: bytes = re.findall(rb'name="key" value="([^"]+)"', page)[0]
    return found.decode()


def test_what_can_be_taken_comes_first_and_the_rest_says_what_it_needs(
    brand: Brand, client_for: ClientFor, anna: cast.Person
) -> None:
    reward(anna, "car", 10_000)
    reward(anna, "coffee", 100)
    reward(anna, "vipnight", 50, tiers=["vip"])
    gone = reward(anna, "mug", 50)
    stock_set(reward=gone, total=0, actor=shop.STAFF)
    page = text_of(client_for(brand, user=anna.user).get("/rewards/"))
    assert page.index("Coffee") < page.index("Car ")
    assert "9,700 points to go" in page
    assert "Sold out" in page
    assert "For another level" in page
    assert invariants() == []


def test_taking_a_reward_shows_its_code_and_pays_once(brand: Brand, client_for: ClientFor, anna: cast.Person) -> None:
    pool = CodePool.objects.create(name="Codes")
    pool_import(pool=pool, codes=["SECRET-1", "SECRET-2"], actor=shop.STAFF)
    reward(anna, pool=pool, name_nl="Koffie")
    client = client_for(brand, user=anna.user)
    key = key_on(client.get("/rewards/coffee/").content)
    first = client.post("/rewards/coffee/", {"key": key})
    again = client.post("/rewards/coffee/", {"key": key})
    assert first.status_code == again.status_code == 302
    assert first["Location"] == again["Location"]
    assert Redemption.objects.count() == 1
    assert shop.balance(anna.enrollment) == 200
    page = client.get(first["Location"])
    assert "SECRET-1" in text_of(page)
    assert "Ready to use" in text_of(client.get("/my-rewards/"))
    assert invariants() == []


def test_two_visits_of_the_page_are_two_wishes(brand: Brand, client_for: ClientFor, anna: cast.Person) -> None:
    reward(anna)
    client = client_for(brand, user=anna.user)
    for _ in range(2):
        client.post("/rewards/coffee/", {"key": key_on(client.get("/rewards/coffee/").content)})
    assert Redemption.objects.count() == 2
    assert invariants() == []


def test_a_refusal_stands_beside_the_button_and_takes_nothing(
    brand: Brand, client_for: ClientFor, anna: cast.Person
) -> None:
    reward(anna)
    client = client_for(brand, user=anna.user)
    key = key_on(client.get("/rewards/coffee/").content)
    points_adjust(
        enrollment=anna.enrollment, currency="points", points=-250, reason="test", actor=shop.STAFF, key="take"
    )
    response = client.post("/rewards/coffee/", {"key": key})
    assert response.status_code == 409
    assert b'role="alert"' in response.content
    assert "There are not enough points." in text_of(response)
    assert shop.balance(anna.enrollment) == 50
    assert invariants() == []


@pytest.mark.parametrize("key", ["", "short", "x" * 200, "a b c d e f g h i j k l m n"])
def test_a_form_without_its_key_takes_nothing(brand: Brand, client_for: ClientFor, anna: cast.Person, key: str) -> None:
    reward(anna)
    response = client_for(brand, user=anna.user).post("/rewards/coffee/", {"key": key})
    assert response.status_code == 400
    assert "Nothing was taken" in text_of(response)
    assert Redemption.objects.count() == 0
    assert invariants() == []


def test_giving_back_asks_first_and_returns_the_points(brand: Brand, client_for: ClientFor, anna: cast.Person) -> None:
    reward(anna)
    client = client_for(brand, user=anna.user)
    where = client.post("/rewards/coffee/", {"key": key_on(client.get("/rewards/coffee/").content)})["Location"]
    asked = client.get(f"{where}cancel/")
    assert "Yes, give it back" in text_of(asked)
    assert Redemption.objects.get().state == "redeemed", "a GET changes nothing"
    done = client.post(f"{where}cancel/", follow=True)
    assert "Your points are on your balance again" in text_of(done)
    assert shop.balance(anna.enrollment) == 300
    again = client.post(f"{where}cancel/", follow=True)
    assert "canceled already" in text_of(again)
    assert shop.balance(anna.enrollment) == 300
    assert invariants() == []


def test_who_has_a_code_keeps_it_and_only_staff_can_cancel(
    brand: Brand, client_for: ClientFor, anna: cast.Person
) -> None:
    pool = CodePool.objects.create(name="Codes")
    pool_import(pool=pool, codes=["SECRET-1"], actor=shop.STAFF)
    reward(anna, pool=pool)
    client = client_for(brand, user=anna.user)
    where = client.post("/rewards/coffee/", {"key": key_on(client.get("/rewards/coffee/").content)})["Location"]
    assert "Give it back" not in text_of(client.get(where))
    asked = text_of(client.get(f"{where}cancel/"))
    assert "Yes, give it back" not in asked
    assert "You have this reward’s code" in asked
    assert "You have this reward’s code" in text_of(client.post(f"{where}cancel/", follow=True))
    assert Redemption.objects.get().state == "redeemed"
    assert shop.balance(anna.enrollment) == 200
    redemption_cancel(redemption=Redemption.objects.get(), actor=shop.STAFF, reason="the code was refused")
    assert shop.balance(anna.enrollment) == 300
    assert "SECRET-1" not in text_of(client.get(where))
    assert invariants() == []


def test_a_tier_counts_until_its_time_is_over_and_not_until_the_night_has_noticed(
    brand: Brand, client_for: ClientFor, anna: cast.Person
) -> None:
    night = reward(anna, "vipnight", 50, tiers=["vip"])
    standing = TierStanding.objects.filter(enrollment=anna.enrollment)
    for valid_until, reason in (
        (None, None),
        (clock.now() + timedelta(minutes=1), None),
        (clock.now() - timedelta(minutes=1), "tier_too_low"),
    ):
        standing.update(tier="vip", valid_until=valid_until)
        assert offer_of(night, anna.enrollment, {"points": 300}).reason == reason
    with pytest.raises(TierTooLow):
        reward_redeem(enrollment=anna.enrollment, reward=night, actor=shop.PARTNER, key="too late")
    assert shop.balance(anna.enrollment) == 300
    assert invariants() == []


def test_a_used_reward_can_not_be_given_back(brand: Brand, client_for: ClientFor, anna: cast.Person) -> None:
    reward(anna)
    client = client_for(brand, user=anna.user)
    where = client.post("/rewards/coffee/", {"key": key_on(client.get("/rewards/coffee/").content)})["Location"]
    redemption_use(redemption=Redemption.objects.get(), actor=shop.STAFF)
    assert "Used on" in text_of(client.get(where))
    assert "Give it back" not in text_of(client.get(where))
    assert "used already" in text_of(client.post(f"{where}cancel/", follow=True))
    assert invariants() == []


def test_another_members_reward_is_not_there(brand: Brand, client_for: ClientFor, anna: cast.Person) -> None:
    reward(anna)
    client = client_for(brand, user=anna.user)
    where = client.post("/rewards/coffee/", {"key": key_on(client.get("/rewards/coffee/").content)})["Location"]
    bob = cast.person(anna.enrollment.program, "Bob")
    stranger = client_for(brand, user=bob.user)
    assert stranger.get(where).status_code == 404
    assert stranger.get(f"{where}cancel/").status_code == 404
    assert stranger.post(f"{where}cancel/").status_code == 404
    assert Redemption.objects.get().state == "redeemed"
    assert invariants() == []


@pytest.mark.parametrize("path", ["/rewards/nothing/", "/my-rewards/00000000-0000-7000-8000-000000000000/"])
def test_what_is_not_there_is_404(brand: Brand, client_for: ClientFor, anna: cast.Person, path: str) -> None:
    assert client_for(brand, user=anna.user).get(path).status_code == 404


def test_a_reward_that_is_not_offered_any_more_keeps_its_redemptions(
    brand: Brand, client_for: ClientFor, anna: cast.Person
) -> None:
    coffee = reward(anna)
    client = client_for(brand, user=anna.user)
    where = client.post("/rewards/coffee/", {"key": key_on(client.get("/rewards/coffee/").content)})["Location"]
    Reward.objects.filter(pk=coffee.pk).update(active=False)
    assert client.get("/rewards/coffee/").status_code == 404
    assert client.get(where).status_code == 200
    assert client.get("/my-rewards/").status_code == 200
    assert invariants() == []


def test_rewards_for_points_that_the_program_dropped_are_told_by_their_code(
    brand: Brand, client_for: ClientFor, anna: cast.Person
) -> None:
    coffee = reward(anna)
    client = client_for(brand, user=anna.user)
    where = client.post("/rewards/coffee/", {"key": key_on(client.get("/rewards/coffee/").content)})["Location"]
    Reward.objects.filter(pk=coffee.pk).update(currency="shells")
    Redemption.objects.update(currency="shells")
    assert client.get("/rewards/coffee/").status_code == 404
    assert "Coffee" not in text_of(client.get("/rewards/"))
    assert "100 shells" in text_of(client.get(where))
    assert "100 shells" in text_of(client.get("/my-rewards/"))
    assert client.get("/").status_code == 200
    assert invariants() == []
