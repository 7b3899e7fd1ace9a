"""Statements: opening plus lines is closing; the same on the page, in the file, for staff and over the API."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.urls import reverse

from loyalty.services import points_adjust
from loyalty.transferring import points_transfer
from tests.api.cast import Api, key_made, refused
from tests.loyalty import shop
from tests.loyalty.cast import person
from tests.loyalty.ledger.cast import Time, document, totals


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch, "2025-12-30T12:00:00+00:00")


@pytest.fixture
def anna(brand: Any, time: Time) -> Any:
    program = shop.program(document(transfer={"allowed": True}))
    anna = person(program, "Anna")
    shop.send(shop.order(anna.member, 60, "A"))
    time.set("2026-03-02T12:00:00+00:00")
    shop.send(shop.order(anna.member, 40, "B"))
    place, why = anna.enrollment, "=HYPERLINK('x')"
    points_adjust(enrollment=place, currency="points", points=-25, reason=why, actor=shop.STAFF, key="k")
    return anna


def rows(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_page_shows_this_year_with_what_there_was_before(anna, brand, client_for):
    page = client_for(brand, user=anna.user).get("/statement/")
    text = page.content.decode()
    assert page.status_code == 200
    [(total, found)] = page.context["accounts"]
    assert (total.opening, total.came, total.went, total.closing) == (60, 40, 25, 75)
    assert [line.entry.points for line in found] == [40, -25]
    assert "1 Jan 2026" in text
    assert "2 Mar 2026" in text


def test_a_day_ends_at_the_programs_own_midnight(anna, brand, client_for, time):
    time.set("2026-03-02T23:30:00+00:00")  # half past midnight on the third in Amsterdam
    shop.send(shop.order(anna.member, 7, "C"))
    client = client_for(brand, user=anna.user)
    [(second, _)] = client.get("/statement/?since=2026-03-02&until=2026-03-02").context["accounts"]
    [(third, _)] = client.get("/statement/?since=2026-03-03&until=2026-03-03").context["accounts"]
    assert (second.closing, third.opening, third.came, third.closing) == (75, 75, 7, 82)


def test_the_file_holds_every_line_and_runs_nothing_in_a_spreadsheet(anna, brand, client_for):
    answer = client_for(brand, user=anna.user).get("/statement/?since=2025-01-01&until=2026-12-31&format=csv")
    head, *lines = rows(answer)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert [(line[head.index("points")], line[head.index("holdings after")]) for line in lines] == [
        ("60", "60"),
        ("40", "100"),
        ("-25", "75"),
    ]
    assert lines[2][head.index("reason")] == "'=HYPERLINK('x')"


def test_the_file_tells_moments_by_the_program_s_days(anna, brand, client_for, time):
    time.set("2026-03-02T23:30:00+00:00")  # half past midnight on the third in Amsterdam
    shop.send(shop.order(anna.member, 7, "C"))
    head, line = rows(client_for(brand, user=anna.user).get("/statement/?since=2026-03-03&until=2026-03-03&format=csv"))
    assert line[head.index("recorded at")] == "2026-03-03T00:30:00+01:00"


def test_a_period_that_cant_be_is_told_and_nothing_breaks(anna, brand, client_for):
    client = client_for(brand, user=anna.user)
    for query in ("since=2026-03-02&until=2026-03-01", "since=nonsense", "since=0001-01-01", "until=9999-12-31"):
        assert client.get(f"/statement/?{query}").status_code == 422, query


def test_staff_get_the_same_file(anna, brand, client_for):
    from tests.backoffice.conftest import staff

    client = client_for(brand, user=staff("support"))
    address = reverse("admin:loyalty_pointsentry_statement", urlconf="config.urls_brand", args=[anna.member.pk])
    assert client.get(address).status_code == 200
    head, *lines = rows(client.get(f"{address}?since=2025-01-01&until=2026-12-31&format=csv"))
    assert [line[head.index("points")] for line in lines] == ["60", "40", "-25"]


def test_partners_read_it_as_json_or_as_the_file(anna, brand, client_for):
    _row, key = key_made(["ledger:read"])
    api, address = Api(client_for(brand), key), f"members/{anna.member.public_id}/statement"
    body = api.get(address).json()
    assert body["totals"] == [
        {"currency": "points", "scale": 0, "opening": 60, "came": 40, "went": 25, "closing": 75, "debt": 0}
    ]
    assert [line["points"] for line in body["lines"]] == [40, -25]
    assert [each["points"] for each in body["lines"][1]["draws"]] == [-25]
    assert len(rows(api.get(f"{address}?format=csv"))) == 3
    refused(api.get(f"{address}?since=2026-03-02&until=2026-03-01"), 422, "invalid_input", "until")
    refused(api.get(f"{address}?format=pdf"), 400, "invalid_query", "format")


def test_giving_takes_two_steps_and_nothing_happens_in_the_first(anna, brand, client_for):
    bram = person(anna.enrollment.program, "Bram")
    client = client_for(brand, user=anna.user)
    key = client.get("/give/").context["form"].initial["key"]
    sent = {"to": "bram@example.com", "currency": "points", "points": "30", "note": "Enjoy", "key": key}
    first = client.post("/give/", sent)
    assert first.status_code == 200
    assert "bram@example.com" in first.content.decode()
    assert totals(bram.enrollment, "balance") == (0,)
    for _twice in range(2):
        assert client.post("/give/", {**sent, "sure": "1"}).status_code == 302
    assert (totals(anna.enrollment, "balance"), totals(bram.enrollment, "balance")) == ((45,), (30,))


def test_what_cant_be_given_is_said_beside_the_field(anna, brand, client_for):
    client = client_for(brand, user=anna.user)
    sent = {"to": "nobody@example.com", "currency": "points", "points": "30", "key": "k" * 32}
    assert client.post("/give/", sent).status_code == 422
    assert client.post("/give/", {**sent, "points": "1.5"}).status_code == 422
    assert client.post("/give/", {**sent, "points": "0"}).status_code == 422
    bram = person(anna.enrollment.program, "Bram")
    many = {**sent, "to": bram.member.email, "points": "76", "sure": "1"}
    assert client.post("/give/", many).status_code == 409
    assert totals(bram.enrollment, "balance") == (0,)


def test_a_line_of_a_transfer_stands_in_both_statements(anna, brand, client_for):
    bram = person(anna.enrollment.program, "Bram")
    points_transfer(
        sender=anna.enrollment, recipient=bram.enrollment, currency="points", points=70, actor=shop.PARTNER, key="t"
    )
    [(total, found)] = client_for(brand, user=bram.user).get("/statement/").context["accounts"]
    assert (total.closing, [line.entry.points for line in found]) == (70, [35, 35])
