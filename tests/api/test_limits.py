"""Requests per key and minute."""

from __future__ import annotations

import pytest

from core.actor import Actor
from core.api import limits
from core.api.auth import Principal
from core.models import RateWindow
from tests.api.cast import Api, key_made, refused, statements


@pytest.fixture
def minute(monkeypatch):
    """A clock that stands still, a second into a minute."""
    now = [60_000_001.0]
    monkeypatch.setattr(limits, "seconds_now", lambda: now[0])
    return now


def principal(limit: int) -> Principal:
    return Principal("shop", frozenset(), limit, Actor("partner", "api:shop", "api"))


def taken(limit: int, tries: int) -> int:
    count = 0
    for _each in range(tries):
        try:
            limits.request_count(principal(limit))
            count += 1
        except limits.Exhausted:
            pass
    return count


def test_the_answer_says_what_is_left_and_the_one_too_many_is_refused(brand, client_for, minute):
    _row, key = key_made(rate_per_minute=3)
    api = Api(client_for(brand), key)
    left = [api.get("members")["RateLimit-Remaining"] for _each in range(3)]
    assert left == ["2", "1", "0"]
    answer = api.get("members")
    refused(answer, 429, "too_many_requests")
    seconds = str(60 - int(minute[0] % 60))
    assert answer["Retry-After"] == seconds
    assert (answer["RateLimit-Limit"], answer["RateLimit-Remaining"], answer["RateLimit-Reset"]) == ("3", "0", seconds)
    assert answer["RateLimit-Policy"] == "3;w=60"
    minute[0] += 60
    assert api.get("members").status_code == 200


def test_thin_views_count_the_same_requests(brand, client_for, minute):
    _row, key = key_made(rate_per_minute=2)
    api = Api(client_for(brand), key)
    assert api.get("members").status_code == 200
    assert api.get("events").status_code == 200
    refused(api.get("events"), 429, "too_many_requests")


@pytest.mark.parametrize("limit", [1, 2, 7, 19, 20, 21, 100, 6000])
def test_exactly_the_allowance_is_granted(brand, minute, limit):
    assert taken(limit, limit + 30) == limit


def test_two_processes_share_one_allowance(brand, minute):
    here: dict = {}
    there: dict = {}
    granted = 0
    for turn in range(400):
        limits._counters = here if turn % 2 else there
        granted += taken(100, 1)
    limits._counters = {}
    assert granted == 100


def test_a_minute_of_requests_costs_twenty_statements(brand, minute):
    assert len(statements(lambda: taken(6000, 6000))) == limits.SHARES
    assert taken(6000, 1) == 0


def test_an_exhausted_key_costs_no_statements(brand, minute):
    taken(5, 6)
    assert statements(lambda: taken(5, 50)) == []


def test_old_minutes_are_swept_away(brand, minute):
    for _each in range(limits.KEPT_WINDOWS + 5):
        taken(5, 1)
        minute[0] += 60
    assert RateWindow.objects.count() <= limits.KEPT_WINDOWS + 1


def test_brands_dont_share_an_allowance(brand, other_brand, minute):
    from tenants.context import brand_context

    assert taken(2, 3) == 2
    with brand_context(other_brand):
        assert taken(2, 3) == 2
