"""What visitors and members read about points."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from loyalty.pooling import pool_join
from loyalty.selectors import Balance, entries_of
from loyalty.templatetags import points as filters
from members.models import User
from tenants.models import Brand
from tests.conftest import ClientFor
from tests.loyalty import cast, shop

pytestmark = pytest.mark.django_db


def invariants() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_invariants()")
        rows: list[tuple[object, ...]] = cursor.fetchall()
        return rows


def text_of(response: Any) -> str:
    """The page's words: tags out, spaces (the unbreakable ones too) as one."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body).replace("\u00a0", " ")).replace(" .", ".")


def test_a_visitor_reads_how_one_collects_and_what_levels_there_are(brand: Brand, client_for: ClientFor) -> None:
    shop.program()
    page = text_of(client_for(brand).get("/"))
    assert "When you buy something 1 point for every €1 spent" in page
    assert "Advocate from 500 points in a calendar year" in page
    assert "Join for free" in page


def test_a_visitor_of_a_brand_without_a_program_is_told_so(brand: Brand, client_for: ClientFor) -> None:
    from loyalty.models import Program

    if Program.objects.exists():
        pytest.skip("this brand came with a program")
    assert "still being put together" in text_of(client_for(brand).get("/"))


def test_a_member_sees_balance_tier_and_what_is_missing(brand: Brand, client_for: ClientFor) -> None:
    who = cast.person(shop.program())
    shop.send(shop.order(who.member, 380))
    page = text_of(client_for(brand, user=who.user).get("/"))
    assert "Hello Anna" in page
    assert "380 points" in page
    assert "120 points more in" in page
    assert "makes you Advocate" in page
    assert "A point for every euro" in page
    assert invariants() == []


def test_a_member_reads_it_in_dutch(brand: Brand, client_for: ClientFor) -> None:
    who = cast.person(shop.program())
    shop.send(shop.order(who.member, 1234))
    client = client_for(brand, user=who.user)
    client.cookies["django_language"] = "nl"
    page = text_of(client.get("/"))
    assert "1.234 punten" in page
    assert "Een punt voor elke euro" in page
    assert invariants() == []


def test_a_log_in_without_a_member_gets_a_friendly_page(brand: Brand, client_for: ClientFor) -> None:
    staff = User.objects.create_user("boss@example.com", "a long enough password", is_staff=True)
    client = client_for(brand, user=staff)
    for path in ("/", "/activity/", "/rewards/", "/my-rewards/"):
        response = client.get(path)
        assert response.status_code == 200
        assert "You’re here as staff" in text_of(response)


@pytest.mark.parametrize("path", ["/activity/", "/rewards/", "/my-rewards/"])
def test_a_visitor_is_asked_to_log_in(brand: Brand, client_for: ClientFor, path: str) -> None:
    response = client_for(brand).get(path)
    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={path}"


def test_activity_goes_on_where_the_page_before_ended(brand: Brand, client_for: ClientFor) -> None:
    who = cast.person(shop.program())
    shop.send(*[shop.order(who.member, 10 + n, f"N-{n:02d}", days_ago=n) for n in range(30)])
    client = client_for(brand, user=who.user)
    first = client.get("/activity/")
    shown = set(re.findall(r"N-\d\d", first.content.decode()))
    assert len(shown) == 25
    before = re.findall(r"before=(\d+)", first.content.decode())[0]
    plain = client.get("/activity/", {"before": before})
    assert len(set(re.findall(r"N-\d\d", plain.content.decode())) | shown) == 30
    assert "That’s everything." in text_of(plain)
    more = client.get("/activity/", {"before": before}, HTTP_HX_REQUEST="true")
    assert b"<html" not in more.content
    assert len(set(re.findall(r"N-\d\d", more.content.decode()))) == 5
    assert invariants() == []


@pytest.mark.parametrize("before", ["x", "-1", "1e9", "٣", "9" * 30, "1;drop"])
def test_a_made_up_place_in_the_activity_shows_the_newest(brand: Brand, client_for: ClientFor, before: str) -> None:
    who = cast.person(shop.program())
    shop.send(shop.order(who.member, 10, "N-1"))
    response = client_for(brand, user=who.user).get("/activity/", {"before": before})
    assert response.status_code == 200
    assert b"N-1" in response.content
    assert invariants() == []


def test_what_is_brought_in_late_stands_where_it_happened(brand: Brand, client_for: ClientFor) -> None:
    who = cast.person(shop.program())
    shop.send(shop.order(who.member, 10, "N-NEW", days_ago=1))
    shop.send(shop.order(who.member, 10, "N-OLD", days_ago=70))
    shop.send(shop.order(who.member, 10, "N-MID", days_ago=35))
    page = text_of(client_for(brand, user=who.user).get("/activity/"))
    assert page.index("N-NEW") < page.index("N-MID") < page.index("N-OLD")
    assert invariants() == []


def test_another_members_entry_is_no_place_to_go_on_from(brand: Brand, client_for: ClientFor) -> None:
    program = shop.program()
    anna, bob = cast.person(program), cast.person(program, "Bob")
    shop.send(shop.order(anna.member, 10, "N-1"), shop.order(bob.member, 10, "N-2"))
    theirs = entries_of(bob.enrollment).get().pk
    assert b"N-1" in client_for(brand, user=anna.user).get("/activity/", {"before": theirs}).content
    assert invariants() == []


def test_a_return_is_told_with_its_sign_and_word(brand: Brand, client_for: ClientFor) -> None:
    who = cast.person(shop.program())
    shop.send(shop.order(who.member, 100, "N-1"))
    shop.send(shop.returned(who.member, "N-1", 40))
    page = text_of(client_for(brand, user=who.user).get("/activity/"))
    assert "\u221240 points" in page
    assert "Taken back" in page
    assert "+100 points" in page
    assert invariants() == []


def test_a_page_of_one_member_is_kept_by_no_cache(brand: Brand, client_for: ClientFor) -> None:
    who = cast.person(shop.program())
    assert "no-store" in client_for(brand, user=who.user).get("/")["Cache-Control"]


def currency(scale: int = 0) -> Balance:
    return Balance(
        currency="km", name_one={"en": "mile", "nl": "mijl"}, name_many={"en": "miles", "nl": "mijlen"}, symbol="",
        scale=scale, spendable=True, balance=0, pending=0, reserved=0, debt=0, expiring=0, expiring_at=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "minor", "scale", "shown"),
    [
        ("en", 1, 0, "1 mile"),
        ("en", 1234567, 0, "1,234,567 miles"),
        ("nl", 1234567, 0, "1.234.567 mijlen"),
        ("en", 100, 2, "1.00 mile"),
        ("nl", 123456, 2, "1.234,56 mijlen"),
        ("en", 0, 0, "0 miles"),
    ],
)
def test_points_are_written_as_the_reader_writes_them(language: str, minor: int, scale: int, shown: str) -> None:
    with translation.override(language):
        assert filters.points(minor, currency(scale)) == shown.replace(" ", "\u00a0")


def test_signs_are_words_too() -> None:
    assert filters.signed(5) == "+5"
    assert filters.signed(-1200) == "\u22121,200"
    assert filters.signed(0) == "0"


def test_something_that_ends_at_midnight_ends_on_the_day_before() -> None:
    from zoneinfo import ZoneInfo

    from django.utils import timezone

    with timezone.override(ZoneInfo("Europe/Amsterdam")):
        assert str(filters.last_day(datetime(2026, 12, 31, 23, tzinfo=UTC))) == "2026-12-31"
        assert str(filters.last_day(datetime(2026, 12, 31, 22, 59, tzinfo=UTC))) == "2026-12-31"
    assert filters.last_day(None) is None


def test_may_is_a_month_in_dutch_however_short() -> None:
    with translation.override("nl"):
        assert filters.short_day(datetime(2026, 5, 7, 12, tzinfo=UTC)) == "7 mei 2026"


def test_who_shares_a_balance_reads_with_whom(brand: Brand, client_for: ClientFor) -> None:
    program = shop.program()
    who = cast.person(program)
    assert "One balance, shared with" not in text_of(client_for(brand, user=who.user).get("/"))
    pool_join(
        enrollment=shop.place(who.member, program), head=shop.place(shop.member("Bram"), program), actor=shop.STAFF
    )
    assert "One balance, shared with Bram." in text_of(client_for(brand, user=who.user).get("/"))
