"""A pass on the members' pages: bought, how much of it is left and until when, over, and bought again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from billing.portal.passes import time_words
from loyalty.drafts import section_put
from loyalty.models import Enrollment
from loyalty.publishing import program_publish
from rewards.benefits.uses import benefit_use
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import Club
from tests.billing.test_passes import PASS
from tests.conftest import ClientFor
from tests.loyalty import shop

VISIT: dict[str, Any] = {
    "code": "visit", "name": "A visit", "gives": {"kind": "bonus"}, "allowance": {"uses": 10, "period": "lifetime"},
    "given_to": [{"kind": "plan", "any_of": ["week"]}],
}  # fmt: skip


@pytest.fixture
def anna(stand_in: LocalStripe, key: str, brand: Brand, client_for: ClientFor) -> Iterator[Visitor]:
    before = brand.clock_shift
    club = Club(stand_in, key, brand, client_for(brand), plans=[PASS])
    program = section_put(program=club.program, name="benefits", plain={"benefits": [VISIT]})
    program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)
    yield Visitor(club, client_for)
    brand.clock_shift = before


def test_a_pass_is_bought_counts_down_and_is_bought_again(anna: Visitor) -> None:
    club = anna.club
    assert "Holds for 7 days and ends by itself." in anna.open("/plans/week/")
    assert "Welcome! You’re in." in anna.joins("week")
    club.settle()
    club.advance(days=2)
    place = Enrollment.objects.get(member=anna.member)
    benefit_use(enrollment=place, code="visit", external_id="1", actor=shop.PARTNER, units=3)
    shown = anna.open("/membership/")
    assert "4 days" in shown
    assert "Your pass holds until" in shown
    assert "A visit: 7 of 10 left" in shown
    assert 'href="/plans/week/"' in anna.last.content.decode()
    assert "Bought again, it holds that much longer" in anna.open("/plans/week/")
    assert "Buy Week pass again" in anna.open("/plans/")
    row = club.subscription(anna.member)
    assert row.period_end is not None
    club.advance(to=row.period_end + timedelta(seconds=1))
    club.settle()
    shown = anna.open("/membership/")
    assert "Buy again" in shown
    assert "Your pass holds until" not in shown
    anna.joins("week")
    club.settle()
    assert "6 days" in anna.open("/membership/")
    assert club.charged() == 2500


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=2), "2 days"),
        (timedelta(days=1, hours=23), "47 hours"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(seconds=59), "less than a minute"),
    ],
)
def test_what_is_left_never_says_too_much(left: timedelta, words: str) -> None:
    assert time_words(left) == words
