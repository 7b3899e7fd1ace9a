"""A year and more in the software club: courses, answers, a story; a plan's bonus; ranks over the last twelve months.

Every number below is worked out by hand beside it; the club is in Amsterdam. That somebody has a plan is told by the
members' room: selling plans comes later.
"""

from __future__ import annotations

import pytest

from loyalty.definition.translation import text_in
from loyalty.models import Achievement, Enrollment
from members.facts import member_fact_set
from members.models import Member
from rewards.benefits.dates import member_dates
from tenants.context import brand_context
from tests.conftest import ClientFor, NewBrand
from tests.scenarios.cast import Year, given

pytestmark = pytest.mark.slow


@pytest.fixture
def year(new_brand: NewBrand, client_for: ClientFor) -> Year:
    return Year(new_brand, client_for, "software_club", begins="2030-02-01T09:00")


def badges(year: Year) -> set[str]:
    with brand_context(year.brand):
        return set(Achievement.objects.filter(kind="badge").values_list("code", flat=True))


def calendar(year: Year) -> dict[str, list[str]]:
    """Name of a date → its days, of what stands in the member's calendar."""
    found: dict[str, list[str]] = {}
    with brand_context(year.brand):
        for each in member_dates(Enrollment.objects.get()):
            found.setdefault(text_in(each.name, "en"), []).append(f"{each.starts_at:%Y-%m-%d %H:%M}")
    return found


def test_a_year_in_the_software_club(year: Year) -> None:
    year.joins()

    # Her calendar has the month's article, which is everybody's: from a month ago to a year ahead.
    assert calendar(year) == {
        "The month's article": [*(f"2030-{month:02d}-05 09:00" for month in range(1, 13)), "2031-01-05 09:00"]
    }

    # A survey in the first days gives nothing: the first month must be over. A course: 50. The same course again: 0.
    year.at("2030-02-03T12:00")
    assert given(year.tell("survey.answered", "Q-1", "2030-02-03T10:00", score=9)) == {}
    assert given(year.tell("course.completed", "K-1", "2030-02-03T10:10", course="git")) == {"course": 50}
    assert given(year.tell("course.completed", "K-2", "2030-02-03T10:20", course="git")) == {}

    # Five answers in a week at 15: 60 is the week's most. 110.
    answers = [given(year.tell("answer.accepted", f"A-{n}", "2030-02-03T11:00", question=n)) for n in range(5)]
    assert [each.get("answer", 0) for each in answers] == [15, 15, 15, 15, 0]
    assert year.balances() == {"bits": 110}

    # Two more courses in February: 100, and the third of the month completes the challenge: 75 and a badge. 285.
    year.at("2030-02-20T12:00")
    assert given(year.tell("course.completed", "K-3", "2030-02-20T10:00", course="sql")) == {"course": 50}
    third = given(year.tell("course.completed", "K-4", "2030-02-20T11:00", course="css"))
    assert third == {"course": 50, "three_courses": 75}
    assert (badges(year), year.balances()) == ({"learner"}, {"bits": 285})

    # In March a survey: 25, 310: a Maker. Another one within 90 days gives nothing; in June one does: 335.
    year.night("2030-03-10T12:00")
    assert given(year.tell("survey.answered", "Q-2", "2030-03-10T10:00", score=8)) == {"survey": 25}
    assert (year.balances(), year.tier("rank")) == ({"bits": 310}, "maker")

    # A Maker is invited and in early, each quarter: four evenings and four weeks until next March. In by the week.
    dates = calendar(year)
    assert len(dates.pop("The month's article")) == 13
    quarters = ("2030-04", "2030-07", "2030-10", "2031-01")
    assert dates == {
        "A week with what is new": [f"{quarter}-05 09:00" for quarter in quarters],
        "Open evening": [f"{quarter}-15 19:00" for quarter in quarters],
    }
    for day, until in (("04-05T08:59", None), ("04-05T09:00", "2030-04-12T07:00:00Z"), ("04-12T09:00", None)):
        year.at(f"2030-{day}")
        access = year.shop.get("members/ext:C-1/entitlements").json()["early_access"]
        assert [each["until"] for each in access] == ([until] if until else [])
    year.night("2030-06-07T12:00")
    assert given(year.tell("survey.answered", "Q-3", "2030-06-07T10:00", score=8)) == {}
    year.night("2030-06-09T12:00")
    assert given(year.tell("survey.answered", "Q-4", "2030-06-09T10:00", score=8)) == {"survey": 25}

    # With a plan a course gives half as many again: 50 + 25. 410. A story once a year: 100 and a badge. 510.
    with brand_context(year.brand):
        member_fact_set(member_id=Member.objects.get().pk, key="plan", value="pro")
    body = year.tell("course.completed", "K-5", "2030-06-09T11:00", course="go")
    assert given(body) == {"course": 50, "plan_bonus": 25}
    assert given(year.tell("testimonial.approved", "T-1", "2030-06-09T11:30", quote="Good")) == {"story": 100}
    assert given(year.tell("testimonial.approved", "T-2", "2030-06-09T11:40", quote="Fine")) == {}
    assert (badges(year), year.balances()) == ({"learner", "storyteller"}, {"bits": 510})

    # A rank needs 300 in the last twelve months. February's 285 drop out in February 2031: on 3 February 110 go, on
    # the 20th 175; 510 - 285 = 225 remain, below 300. Then she has fourteen days of grace, and is a User again.
    year.night("2031-02-19T12:00")
    assert year.tier("rank") == "maker"
    year.night("2031-03-05T12:00")
    assert year.tier("rank") == "maker"
    year.night("2031-03-08T00:30")
    assert (year.tier("rank"), year.balances()) == ("user", {"bits": 510})

    # Bits hold two years: February's first 110 go with 3 February 2032.
    year.night("2032-02-03T23:30")
    assert year.balances() == {"bits": 510}
    year.night("2032-02-04T00:30")
    assert year.balances() == {"bits": 400}
    year.adds_up()
