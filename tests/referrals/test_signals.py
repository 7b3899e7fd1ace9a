"""What speaks against a referral, and what the program makes of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core import clock
from referrals.models import Referral, ReferralTrace
from referrals.signals import edits, mailbox, similar_emails
from referrals.traces import trace_note, traces_forget
from tenants.models import Brand
from tests.loyalty import cast as people
from tests.loyalty import shop
from tests.referrals import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(brand: Brand) -> people.Person:
    return people.person(cast.program())


def kinds(row: Referral) -> list[str]:
    return [each["kind"] for each in row.signals]


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("anna.bakker@gmail.com", "annabakker@googlemail.com", True),
        ("anna@example.com", "anna+club@example.com", True),
        ("anna.bakker@example.com", "a.n.n.abakker@example.com", True),
        ("annabakker1@example.com", "annabakker2@example.com", True),
        ("annabakker@example.com", "annabakker@other.example", False),
        ("anna@example.com", "hanna@example.com", False),  # short names are near by nature
        ("annabakker@example.com", "piet.jansen@example.com", False),
        ("", "anna@example.com", False),
    ],
)
def test_mailboxes_that_are_nearly_the_same(one: str, other: str, near: bool) -> None:
    assert similar_emails(one, other) is near
    assert similar_emails(other, one) is near


def test_edits_are_counted_up_to_the_most_that_is_asked() -> None:
    assert [edits("kitten", other, 3) for other in ("kitten", "kittens", "sitting", "something else")] == [0, 1, 3, 4]
    assert mailbox("A.B+x@GoogleMail.com") == ("ab", "gmail.com")


def test_the_same_phone_is_the_same_person_and_gets_nothing(anna: people.Person) -> None:
    anna.member.phone = "+31 6 1234 5678"
    anna.member.save()
    row = cast.buys(cast.comes(anna.enrollment, "Bo", phone="06-12345678"), 50)
    assert (row.state, row.because, kinds(row)) == ("blocked", "signals", ["same_person"])


def test_the_same_name_and_birthday_is_the_same_person(anna: people.Person) -> None:
    anna.member.birth_date = date(1990, 5, 5)
    anna.member.save()
    same = cast.newcomer("Anna", birth_date=date(1990, 5, 5), email="other@other.example")
    row = cast.buys(cast.bound(anna.enrollment, same), 50)
    assert kinds(row) == ["same_person"]


def test_a_card_an_address_or_a_crowd_from_one_place_is_looked_at(anna: people.Person) -> None:
    rows = [cast.comes(anna.enrollment, name) for name in ("Bo", "Cas", "Dee")]
    for row in rows:
        trace_note(member=row.friend.member, kind="ip", value="203.0.113.7")
    for who in (anna.member, rows[0].friend.member):
        trace_note(member=who, kind="card", value="fp_123")
    trace_note(member=anna.member, kind="address", value="Oudegracht 1, 3511 AA  Utrecht")
    trace_note(member=rows[1].friend.member, kind="address", value="oudegracht 1 3511aa utrecht")
    found = [cast.buys(row, 50) for row in rows]
    # The first two came when there weren't three yet.
    assert [kinds(each) for each in found] == [["same_card"], ["same_address"], ["many_from_ip"]]
    assert {each.state for each in found} == {"flagged"}


def test_a_friend_who_bought_before_is_no_new_customer(anna: people.Person) -> None:
    old = cast.newcomer("Bo")
    shop.place(old, anna.enrollment.program)
    shop.send(shop.order(old, 30, days_ago=2))
    row = cast.buys(cast.bound(anna.enrollment, old), 50)
    assert (row.state, kinds(row)) == ("blocked", ["not_first_order"])


def test_light_signals_flag_together_and_what_is_off_is_not_looked_at(brand: Brand) -> None:
    light = {"does": "flag", "weight": 40}
    signals = {"similar_email": light, "same_card": light, "not_first_order": {"does": "off"}}
    anna = people.person(cast.program(signals=signals, flag_at=80))
    one = cast.comes(anna.enrollment, "Bo", email="anna+1@example.com")
    both = cast.comes(anna.enrollment, "Cas", email="anna+2@example.com")
    shop.send(shop.order(one.friend.member, 5, days_ago=3))
    for who in (anna.member, both.friend.member):
        trace_note(member=who, kind="card", value="fp_123")
    one, both = cast.buys(one, 50), cast.buys(both, 50)
    assert (one.state, one.score, kinds(one)) == ("pending", 40, ["similar_email"])
    assert (both.state, both.score) == ("flagged", 80)


def test_traces_are_hashes_of_the_brand_and_are_forgotten(anna: people.Person, brand: Brand) -> None:
    trace_note(member=anna.member, kind="ip", value="203.0.113.7")
    trace_note(member=anna.member, kind="ip", value="203.0.113.7")
    [kept] = ReferralTrace.objects.all()
    assert b"203" not in bytes(kept.digest)
    assert len(bytes(kept.digest)) == 32
    brand.clock_shift += timedelta(days=89)
    assert traces_forget() == 0
    brand.clock_shift += timedelta(days=2)
    assert traces_forget() == 1
    assert clock.now() > kept.seen_at
