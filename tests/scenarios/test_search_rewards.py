"""Half a year with the daily rewards: a ceiling per day and device, a daily set with a streak, a level a month.

The program's days are UTC's, the member's are New York's. Every number below is worked out by hand beside it.
"""

from __future__ import annotations

import pytest

from draws.drawing import faults_of
from tests.conftest import ClientFor, NewBrand
from tests.scenarios.cast import Year, given, taken

pytestmark = pytest.mark.slow


@pytest.fixture
def year(new_brand: NewBrand, client_for: ClientFor) -> Year:
    return Year(new_brand, client_for, "search_rewards", begins="2030-05-01T12:00")


def searches(year: Year, prefix: str, local: str, channel: str, times: int) -> int:
    """So many searches; the points that they gave in all."""
    bodies = [year.tell("search.made", f"{prefix}-{n}", local, channel=channel) for n in range(times)]
    return sum(sum(given(body).values()) for body in bodies)


def daily_set(year: Year, day: str) -> int:
    bodies = [
        year.tell("task.completed", f"{task}-{day}", f"{day}T15:00", task=task) for task in ("quiz", "poll", "story")
    ]
    return sum(sum(given(body).values()) for body in bodies)


def test_half_a_year_of_daily_rewards(year: Year) -> None:
    year.joins(time_zone="America/New_York")

    # Twelve searches on a phone at 3 points: 30 is the day's most, so ten of them give. On a desktop that counts apart:
    # four give 12. 42 in all.
    year.at("2030-05-01T20:00")
    assert searches(year, "M1", "2030-05-01T19:00", "mobile", 12) == 30
    assert searches(year, "D1", "2030-05-01T19:00", "desktop", 4) == 12

    # 2 May 02:00 UTC is still 1 May in New York: nothing. At 05:00 UTC it is 2 May there: 3. 45 in all.
    year.at("2030-05-02T06:00")
    assert searches(year, "M2", "2030-05-02T02:00", "mobile", 1) == 0
    assert searches(year, "M3", "2030-05-02T05:00", "mobile", 1) == 3
    assert year.balances() == {"points": 45}

    # 60 dollars in the store: 60. Two games on one day: 10 once. 45 + 70 = 115.
    assert sum(given(year.order("S-1", "2030-05-02T05:30", 60_00)).values()) == 60
    assert given(year.tell("game.played", "G-1", "2030-05-02T05:40")) == {"game": 10}
    assert given(year.tell("game.played", "G-2", "2030-05-02T05:50")) == {}

    # The whole set on seven days in a row, 2 to 8 May: 30 a day; the seventh adds 100 for the streak. 210 + 100 = 310;
    # 115 + 310 = 425. Below 500 in May: still level 1.
    for day in range(2, 9):
        year.at(f"2030-05-{day:02}T16:00")
        assert daily_set(year, f"2030-05-{day:02}") == (130 if day == 8 else 30)
    assert (year.balances(), year.tier("level")) == ({"points": 425}, "level_1")

    # 80 dollars: 425 + 80 = 505, earned in May: level 2. The order itself earned at the old rate.
    year.at("2030-05-09T16:00")
    assert given(year.order("S-2", "2030-05-09T15:00", 80_00)) == {"store": 80}
    assert year.tier("level") == "level_2"

    # On level 2 a day holds 90 a device: 35 searches give 30 times 3. 505 + 90 = 595. 50 dollars give 50 and a tenth
    # more, 5. 595 + 55 = 650.
    year.at("2030-05-09T20:00")
    assert searches(year, "M4", "2030-05-09T19:30", "mobile", 35) == 90
    assert given(year.order("S-3", "2030-05-09T19:40", 50_00)) == {"store": 50, "store_level_2": 5}
    assert year.balances() == {"points": 650}

    # The 9th had no set; the day that seven in a row had protected is used up by itself. The set of the 10th: 30, and
    # the streak goes on: with the six of 11 to 16 May it is 8 + 6 = 14 long, and 14 gives 100 again.
    # 30 + 6 x 30 + 100 = 310; 650 + 310 = 960.
    for day in range(10, 17):
        year.at(f"2030-05-{day:02}T16:00")
        assert daily_set(year, f"2030-05-{day:02}") == (130 if day == 16 else 30)
    assert year.balances() == {"points": 960}

    # June brings 40 dollars only, 44 with the tenth: 1,004. Level 2, reached in May, holds through June; with July it
    # is over, since June had 44 and not 500.
    year.night("2030-06-20T12:00")
    assert sum(given(year.order("S-4", "2030-06-20T11:00", 40_00)).values()) == 44

    # June's draw: an entry for nothing and one for 10 points, of the 42 of 1 May, which end first. 1,004 - 10 = 994.
    entries = "members/ext:C-1/sweepstakes/june/entries"
    assert year.shop.post(entries, {}, once="free").status_code == 201
    assert year.shop.post(entries, {}, once="again").status_code == 409
    assert year.redeems("june_entry").status_code == 201
    assert [each["way"] for each in year.shop.get(entries).json()["entries"]] == ["free", "reward"]
    year.night("2030-06-30T23:30")
    assert (year.tier("level"), year.balances()) == ("level_2", {"points": 994})

    # July: it is closed and drawn by itself. She was alone, so it is hers: accepted, the gift card comes for no points.
    year.night("2030-07-01T00:30")
    assert (year.tier("level"), year.balances()) == ("level_1", {"points": 994})
    drawn = year.shop.get("sweepstakes/june").json()
    assert (drawn["state"], drawn["entries"], [each["state"] for each in drawn["drawn"]]) == ("drawn", 2, ["won"])
    assert faults_of(year.shop.get("sweepstakes/june/draw/file").json()) == []
    assert year.shop.post("members/ext:C-1/sweepstakes/june/prize", {}, once="mine").status_code == 200
    year.night("2030-07-01T00:40")
    cards = year.shop.get("redemptions?member=ext:C-1&reward=gift_card").json()["results"]
    assert [each["price"] for each in cards] == [0]

    # S-3 goes back whole: 55. 994 - 55 = 939.
    assert taken(year.returns("S-3", "2030-07-01T00:50", 50_00)) == 55
    assert year.balances() == {"points": 939}

    # Points hold 18 months: what is left of 1 May 2030 goes with 1 November 2031 (the last day is the 1st): 32 of the
    # 42. 939 - 32 = 907.
    year.night("2031-11-01T23:30")
    assert year.balances() == {"points": 939}
    year.night("2031-11-02T00:30")
    assert year.balances() == {"points": 907}
    year.adds_up()
