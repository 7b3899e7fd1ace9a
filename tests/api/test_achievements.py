"""Achievements and leaderboards over REST."""

from __future__ import annotations

import pytest

from loyalty.models import LeaderboardPlayer
from tests.api.cast import refused, statements
from tests.loyalty import shop
from tests.loyalty.engine.test_achieved import DOCUMENT

PATH = "members/ext:C-1/leaderboards"


@pytest.fixture
def club(brand):
    return shop.program(DOCUMENT)


def test_a_members_achievements_are_read_as_they_are_now(api, anna):
    shop.send(shop.order(anna, 10))
    body = api.get("members/ext:C-1/achievements").json()
    assert [(each["code"], each["progress"], each["goal"]) for each in body["challenges"]] == [("three", 1, 3)]
    [card] = body["stamp_cards"]
    assert (card["stamps"], card["needed"], card["gives"]["nl"]) == (1, 2, "40 punten en een beloning")
    assert body["streaks"][0]["length"] == 1
    assert body["streaks"][0]["latest"][-1]["state"] == "done"
    assert body["badges"][0]["held"] is False
    shop.send(*(shop.order(anna, 10) for _ in range(2)))
    body = api.get("members/ext:C-1/achievements").json()
    assert body["challenges"][0]["done"] is True
    assert body["badges"][0]["last_day"].endswith("-12-31")


def test_reading_achievements_takes_the_same_few_statements_whatever_there_is(api, anna):
    one = len(statements(lambda: api.get("members/ext:C-1/achievements")))
    shop.send(*(shop.order(anna, 10, days_ago=each) for each in range(9)))
    assert len(statements(lambda: api.get("members/ext:C-1/achievements"))) <= one


def test_a_member_is_put_on_the_leaderboards_renamed_and_taken_off(api, anna):
    shop.send(shop.order(anna, 10))
    before = api.get(PATH).json()
    assert (before["playing"], before["name"]) == (False, None)
    assert {each["code"]: each["my_rank"] for each in before["leaderboards"]}["spenders"] is None
    put = api.send("PUT", PATH, {"name": "Silver Fox"})
    assert put.status_code == 200, put.content
    boards = {each["code"]: each for each in put.json()["leaderboards"]}
    assert boards["spenders"]["rows"] == [{"rank": 1, "name": "Silver Fox", "score": 10, "me": True}]
    assert api.send("PUT", PATH, {"name": "Red Fox"}).json()["name"] == "Red Fox"
    public = api.get("leaderboards/spenders").json()
    assert public["rows"] == [{"rank": 1, "name": "Red Fox", "score": 10, "me": False}]
    assert (public["my_rank"], public["my_score"]) == (None, None)
    assert api.send("DELETE", PATH).json()["playing"] is False
    assert api.send("DELETE", PATH).status_code == 200
    assert not LeaderboardPlayer.objects.exists()
    assert api.get("leaderboards/spenders").json()["rows"] == []


def test_a_name_that_is_taken_or_cant_be_is_refused(api, anna, club):
    ben = shop.member("Ben", external_id="C-2")
    shop.place(ben, club)
    assert api.send("PUT", PATH, {"name": "Silver Fox"}).status_code == 200
    refused(api.send("PUT", "members/ext:C-2/leaderboards", {"name": "SILVER fox"}), 409, "player_name_taken", "name")
    refused(api.send("PUT", "members/ext:C-2/leaderboards", {"name": "a@b.nl"}), 422, "invalid_input", "name")
    refused(api.send("PUT", "members/ext:C-2/leaderboards", {"name": "Ben"}), 422, "invalid_input", "name")
    refused(api.send("PUT", "members/ext:C-2/leaderboards", {}), 422, "invalid_input", "name")
    assert LeaderboardPlayer.objects.count() == 1


def test_an_unknown_leaderboard_or_member_is_told(api, anna):
    refused(api.get("leaderboards/moon"), 404, "leaderboard_not_found")
    refused(api.get("leaderboards/spenders?program=moon"), 422, "unknown_program", "program")
    refused(api.get("members/ext:C-9/achievements"), 404, "member_not_found")
