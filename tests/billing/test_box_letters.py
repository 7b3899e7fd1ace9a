"""What is written about a box before it is packed: that it needs an address, that it closes soon; once for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from billing.boxes.choosing import box_address_set
from billing.boxes.noticing import box_notices_sweep, box_reminders_set
from billing.models import Shipment
from billing.pausing import subscription_skip
from core import clock
from members.models import Member
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.boxcast import HOME, PLANS, boxes, member, settle
from tests.billing.cast import Club
from tests.loyalty import shop

ASKED, CLOSES = "Your box needs an address", "Your box closes soon"


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), begins="2027-01-05T09:00", plans=PLANS)
    brand.clock_shift = shift


def joined(club: Club, **fields: Any) -> Member:
    """Somebody whose boxes have no address yet."""
    who = club.somebody(**fields)
    club.joined(who, "snacks")
    settle(club)
    return who


def told(club: Club, headline: str) -> list[Any]:
    """The letters of this headline after a round of the sweep; two rounds write no more than one."""
    box_notices_sweep()
    settle(club)
    found = [each for each in mail.outbox if each.subject == headline]
    box_notices_sweep()
    settle(club)
    assert len([each for each in mail.outbox if each.subject == headline]) == len(found)
    return found


def test_a_paid_box_without_an_address_asks_for_one_once(club: Club) -> None:
    ann = joined(club)
    first = boxes(ann)[0]
    assert told(club, ASKED) == []  # the page asks at first
    club.advance(days=0.1)
    [letter] = told(club, ASKED)
    assert "we don’t know where to send it" not in letter.body
    assert "We don’t know yet where to send your box of 5 January. Tell us until 6 January 10:00" in letter.body
    assert f"/boxes/{first.public_id}/address/" in letter.body
    club.advance(days=3)
    settle(club)
    assert boxes(ann)[0].state == Shipment.State.LOCKED
    assert len(told(club, ASKED)) == 1


def test_the_next_box_asks_when_it_is_about_to_close_and_not_after_the_address_is_known(club: Club) -> None:
    ann = joined(club)
    club.at("2027-01-31T08:00")
    assert len(told(club, ASKED)) == 1  # the first one
    club.at("2027-01-31T10:00")
    assert len(told(club, ASKED)) == 2
    assert told(club, CLOSES) == []  # one letter about it is enough
    bob = joined(club, name="Bob")
    box_address_set(shipment=boxes(bob)[0], address=HOME, actor=shop.STAFF)
    club.advance(days=0.1)
    assert len(told(club, ASKED)) == 2
    assert len(boxes(ann)) == 2


def test_a_box_that_closes_soon_is_told_once_with_what_is_in_it(club: Club) -> None:
    member(club)
    assert told(club, CLOSES) == []
    club.at("2027-01-31T08:59")
    assert told(club, CLOSES) == []
    club.at("2027-01-31T09:01")
    [letter] = told(club, CLOSES)
    assert "Until 2 February 10:00 you can change your box of 5 February" in letter.body
    assert "2 × Nuts, 1 × Tea" in letter.body
    club.at("2027-02-02T08:00")
    assert len(told(club, CLOSES)) == 1
    club.at("2027-02-06T09:00")
    settle(club)
    club.at("2027-03-01T10:00")
    settle(club)
    assert len(told(club, CLOSES)) == 2


def test_what_is_skipped_or_was_just_made_is_not_told(club: Club) -> None:
    ann = member(club)
    subscription_skip(subscription=club.subscription(ann), actor=shop.STAFF)
    club.at("2027-02-01T09:00")
    assert told(club, CLOSES) == []
    bob = member(club)  # their first box closes tomorrow: they have just seen it
    assert boxes(bob)[0].cut_off_at - clock.now() <= timedelta(days=1)
    assert told(club, CLOSES) == []


def test_who_does_not_want_to_be_reminded_is_not_but_is_asked_for_an_address(club: Club) -> None:
    ann, bob = member(club), joined(club, name="Bob")
    for who in (ann, bob):
        box_reminders_set(subscription=club.subscription(who), wanted=False, actor=shop.STAFF)
    club.at("2027-01-31T10:00")
    assert told(club, CLOSES) == []
    assert len(told(club, ASKED)) == 2
    box_reminders_set(subscription=club.subscription(ann), wanted=True, actor=shop.STAFF)
    assert len(told(club, CLOSES)) == 1


def test_the_letters_speak_dutch_to_who_reads_dutch(club: Club) -> None:
    ann, bob = member(club), joined(club, name="Bob")
    Member.objects.filter(pk__in=[ann.pk, bob.pk]).update(language="nl")
    club.at("2027-01-31T10:00")
    box_notices_sweep()
    settle(club)
    subjects = {each.subject for each in mail.outbox}
    assert {"Je box sluit binnenkort", "Je box heeft een adres nodig"} <= subjects
    assert "5 februari" in "".join(str(each.body) for each in mail.outbox)


def test_who_has_no_address_for_mail_gets_none(club: Club) -> None:
    ann = member(club)
    Member.objects.filter(pk=ann.pk).update(email=None)
    club.at("2027-01-31T10:00")
    assert told(club, CLOSES) == []
