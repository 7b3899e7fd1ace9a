"""The member's page for sharing, the page that a friend's link leads to, and joining by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.http import client_ip
from core.outbox import outbox_drain
from loyalty.nightly import nightly_run
from members.joining import address_proven
from members.models import JoinIntent, Member, User
from referrals.codes import TRIES, code_choose, code_ensure
from referrals.models import Referral, ReferralCode, ReferralTrace
from tenants.models import Brand
from tests.conftest import ClientFor
from tests.loyalty import cast as people
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of
from tests.referrals import cast

pytestmark = pytest.mark.django_db
SIGNUP = {
    "name": "Bo",
    "email": "bo@example.net",
    "password1": "a long enough password",
    "language": "en",
    "terms": "on",
}


@pytest.fixture
def anna(brand: Brand) -> people.Person:
    return people.person(cast.program(landing_text={"en": "Good coffee.", "nl": "Goede koffie."}))


@pytest.fixture
def annas(anna: people.Person, brand: Brand, client_for: ClientFor) -> Client:
    return client_for(brand, user=anna.user)


def test_the_page_shows_the_link_what_it_brings_and_how_far_one_is(annas: Client, anna: people.Person) -> None:
    row = cast.buys(cast.comes(anna.enrollment, "Bo"), 50)
    page = annas.get("/friends/")
    shown, code = text_of(page), ReferralCode.objects.get()
    assert f"/r/{code.code}/" in shown
    assert f'data-share="http://{page.wsgi_request.get_host()}/r/{code.code}/"' in page.content.decode()
    for each in ("100 points", "50 points", "2 friends", "500 points", "almost there", "0 friends count."):
        assert each in shown
    assert row.friend.member.name not in shown, "who came is theirs to tell"


def test_in_dutch(annas: Client, anna: people.Person) -> None:
    shown = text_of(annas.get("/friends/", headers={"accept-language": "nl"}))
    assert "Breng een vriend mee" in shown
    assert "100 punten" in shown


def test_the_name_that_friends_see_is_chosen_and_can_be_no_address(annas: Client, anna: people.Person) -> None:
    assert annas.post("/friends/", {"display_name": "Anna B"}).status_code == 302
    refused = annas.post("/friends/", {"display_name": "www.evil.example"})
    assert (refused.status_code, ReferralCode.objects.get().display_name) == (422, "Anna B")
    assert "without addresses" in text_of(refused)


def test_a_code_is_chosen_where_the_program_lets_members(brand: Brand, client_for: ClientFor) -> None:
    anna = people.person(cast.program(own_codes=True))
    bob = people.person(anna.enrollment.program, "Bob")
    page = client_for(brand, user=anna.user)
    assert page.post("/friends/", {"display_name": "", "code": "anna 2030"}).status_code == 302
    taken = client_for(brand, user=bob.user).post("/friends/", {"display_name": "", "code": "Anna-2030"})
    assert taken.status_code == 422
    assert "Somebody else has this code." in text_of(taken)
    short = page.post("/friends/", {"display_name": "", "code": "a!"})
    assert short.status_code == 422


def test_there_is_no_page_where_friends_bring_nothing(brand: Brand, client_for: ClientFor) -> None:
    anna = people.person(shop.program())
    page = client_for(brand, user=anna.user)
    assert page.get("/friends/").status_code == 404
    assert "/friends/" not in page.get("/").content.decode()


def test_a_friend_reads_what_they_get_and_nothing_of_the_member(
    anna: people.Person, brand: Brand, client_for: ClientFor
) -> None:
    code = code_ensure(enrollment=anna.enrollment)
    page = client_for(brand).get(f"/r/{code.code.lower()}/")
    shown = text_of(page)
    assert "A friend invites you" in shown
    assert "50 points" in shown
    assert "Good coffee." in shown
    assert page["X-Robots-Tag"] == "noindex"
    for secret in ("Anna", anna.user.email, str(anna.member.public_id)):
        assert secret not in page.content.decode()
    dutch = client_for(brand).get(f"/r/{code.code}/", headers={"accept-language": "nl"})
    assert "Goede koffie." in text_of(dutch)


def test_who_joins_by_the_link_is_bound_when_the_address_is_proven(
    anna: people.Person, brand: Brand, client_for: ClientFor
) -> None:
    code, visitor = code_ensure(enrollment=anna.enrollment), client_for(brand)
    seen = visitor.get(f"/r/{code.code}/")
    assert visitor.post("/accounts/signup/", SIGNUP).status_code == 302
    user = User.objects.get(email="bo@example.net")
    assert JoinIntent.objects.get(user=user).acquisition["referral"] == code.code
    assert client_ip(seen.wsgi_request) not in str(JoinIntent.objects.get(user=user).acquisition)
    member = address_proven(user=user)
    assert member is not None
    row = Referral.objects.get()
    assert (row.referrer_id, row.friend.member_id, row.initiated_by) == (anna.enrollment.pk, member.pk, "member")
    assert ReferralTrace.objects.get().member == member
    assert Member.objects.get(pk=member.pk).acquisition_channel == "referral"
    cast.buys(row, 50)
    outbox_drain()
    assert Referral.objects.get().event is not None


def test_joining_goes_on_when_the_code_is_gone(anna: people.Person, brand: Brand, client_for: ClientFor) -> None:
    code, visitor = code_ensure(enrollment=anna.enrollment), client_for(brand)
    visitor.get(f"/r/{code.code}/")
    visitor.post("/accounts/signup/", SIGNUP)
    ReferralCode.objects.all().delete()
    assert address_proven(user=User.objects.get(email="bo@example.net")) is not None
    assert not Referral.objects.exists()


def test_a_member_who_just_joined_says_who_brought_them(
    anna: people.Person, brand: Brand, client_for: ClientFor
) -> None:
    bob = people.person(anna.enrollment.program, "Bob")
    code, page = code_ensure(enrollment=anna.enrollment), client_for(brand, user=bob.user)
    assert "brought me" in text_of(page.get(f"/r/{code.code}/"))
    assert page.post(f"/r/{code.code}/").status_code == 302
    assert Referral.objects.get().friend == bob.enrollment
    own = client_for(brand, user=anna.user)
    assert "your own link" in text_of(own.get(f"/r/{code.code}/"))
    own.post(f"/r/{code.code}/")
    assert Referral.objects.count() == 1


def test_a_code_that_is_none_is_not_there_and_guessing_is_locked_out(brand: Brand, client_for: ClientFor) -> None:
    anna = people.person(cast.program())
    code_choose(enrollment=anna.enrollment, code="RIGHT", actor=shop.STAFF)
    visitor: Any = client_for(brand)
    assert {visitor.get(f"/r/WRONG{n}/").status_code for n in range(TRIES)} == {404}
    assert visitor.get("/r/RIGHT/").status_code == 429


def test_what_was_taken_back_is_said_in_words_to_both(
    annas: Client, anna: people.Person, brand: Brand, client_for: ClientFor
) -> None:
    user = User.objects.create_user("bo@example.net", "a long enough password")
    row = cast.comes(anna.enrollment, "Bo", user=user)
    friend = client_for(brand, user=user)
    assert "What you get comes after your first step." in text_of(friend.get("/friends/"))
    cast.buys(row, 50, "B-1")
    assert "once your order can’t be returned any more" in text_of(friend.get("/friends/"))
    brand.clock_shift += timedelta(days=15)
    nightly_run(program=row.program)
    outbox_drain()
    assert "you got what is yours" in text_of(friend.get("/friends/"))
    cast.returns(row, "B-1", 50)
    assert "The order was returned, so what you got for it was taken back." in text_of(annas.get("/friends/"))
    assert "You returned the order, so what you got for it was taken back." in text_of(friend.get("/friends/"))


def test_a_reward_is_called_by_its_name(brand: Brand, client_for: ClientFor) -> None:
    coffee = {"code": "free_cup", "name": {"en": "A cup", "nl": "Een kop"}, "kind": {"kind": "free_product"}}
    document = {
        **shop.DOCUMENT,
        "sections": {
            "rewards": {"items": [{**coffee, "prices": [{"currency": "points", "points": 10}]}]},
            "referrals": {"referrer": {"effects": [{"kind": "issue_reward", "reward": "free_cup"}]}},
        },
    }
    who = people.person(shop.program(document))
    shown = text_of(client_for(brand, user=who.user).get("/friends/"))
    assert "A cup" in shown
    assert "free_cup" not in shown
