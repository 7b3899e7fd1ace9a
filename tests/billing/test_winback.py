"""Who left is asked back once, with money off that is used once; who uses nothing is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from billing.leavefigures import leave_figures
from billing.leaving import subscription_cancel
from billing.models import Checkout, Subscription, SubscriptionChange, WinBackOffer
from billing.timeline import happened
from billing.unused import unused_tell
from billing.winback import offers_send, winback_open
from core import clock
from loyalty.drafts import section_put
from loyalty.publishing import program_publish
from members.models import Member
from members.services import consent_record
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import Club, document
from tests.loyalty import shop

WIN_BACK = {"offer": {"percent": "50"}, "after_days": 10, "valid_days": 7}


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Any) -> Any:
    """A club that asks back who left, and tells who uses nothing."""
    before = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), win_back=WIN_BACK, unused_notice_days=20)
    brand.clock_shift = before


def consent(who: Member, *, granted: bool) -> None:
    consent_record(member=who, purpose="marketing_email", granted=granted, text_version="1", source="web")


def left(club: Club, name: str = "Ann", *, offers: bool = True) -> Member:
    """Somebody who was on Plus, and left at once."""
    who = club.somebody(name)
    if offers:
        consent(who, granted=True)
    subscription_cancel(subscription=club.joined(who), when="now", actor=shop.STAFF)
    club.settle()
    return who


def letters(word: str) -> list[Any]:
    return [each for each in mail.outbox if word in each.subject]


def test_who_left_is_written_to_once_and_comes_back_with_the_offer(club: Club) -> None:
    ann = left(club)
    club.advance(days=9)
    assert offers_send(club.program) == 0
    club.advance(days=1.1)
    assert (offers_send(club.program), offers_send(club.program)) == (1, 0)
    club.settle()
    [letter] = letters("Come back to Plus?")
    assert "50 % off the next payment" in letter.body
    assert "See the plans:\nhttp://" in letter.body
    assert "/plans/" in letter.body
    charged = club.charged()
    club.joined(ann)
    assert club.charged() - charged == 500
    offer = WinBackOffer.objects.get()
    assert (offer.redeemed_at is not None, offer.redeemed_by) == (True, club.subscription(ann))
    assert winback_open(ann, "membership") is None


def test_who_had_a_plan_that_left_the_shop_is_not_asked_back_to_it(club: Club) -> None:
    section = document(win_back=WIN_BACK)["sections"]["billing"]
    section["plans"] = [{**each, "offered": each["code"] != "plus"} for each in section["plans"]]
    program = section_put(program=club.program, name="billing", plain=section)
    ann = club.somebody()
    consent(ann, granted=True)
    row = club.joined(ann)
    program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)
    subscription_cancel(subscription=row, when="now", actor=shop.STAFF)
    club.settle()
    [letter] = letters("Plus has ended")
    assert "Your points are still yours." in letter.body
    assert "come back" not in letter.body
    club.advance(days=11)
    assert offers_send(club.program) == 0


def test_it_is_used_once_and_the_next_time_costs_as_anybody(club: Club) -> None:
    ann = left(club)
    club.advance(days=11)
    offers_send(club.program)
    subscription_cancel(subscription=club.joined(ann), when="now", actor=shop.STAFF)
    club.settle()
    charged = club.charged()
    club.joined(ann)
    assert club.charged() - charged == 1000
    assert offers_send(club.program) == 0


def test_a_page_that_was_left_uses_nothing_up(club: Club) -> None:
    ann = left(club)
    club.advance(days=11)
    offers_send(club.program)
    club.join(ann)
    assert winback_open(ann, "membership") is not None
    club.joined(ann)
    assert WinBackOffer.objects.get().redeemed_by == club.subscription(ann)
    assert Checkout.objects.filter(win_back__isnull=False).count() == 2


def test_after_its_days_it_is_over(club: Club) -> None:
    ann = left(club)
    club.advance(days=11)
    offers_send(club.program)
    club.advance(days=7.1)
    assert winback_open(ann, "membership") is None
    charged = club.charged()
    club.joined(ann)
    assert club.charged() - charged == 1000
    assert WinBackOffer.objects.get().redeemed_at is None


@pytest.mark.parametrize("why", ["no offers wanted", "back already", "long ago", "never paid", "taken back in between"])
def test_who_is_not_written_to(club: Club, why: str) -> None:
    ann = left(club, offers=why != "no offers wanted")
    if why == "back already":
        club.joined(ann)
    if why == "never paid":
        Subscription.objects.update(charged_at=None)
    club.advance(days=40 if why == "long ago" else 11)
    club.settle()
    mail.outbox.clear()
    made = offers_send(club.program)
    if why == "taken back in between":
        consent(ann, granted=False)
        assert made == 1
    else:
        assert made == 0
    club.settle()
    assert not letters("Come back")


def test_a_dutch_member_reads_it_in_dutch(club: Club) -> None:
    ann = left(club)
    Member.objects.filter(pk=ann.pk).update(language="nl")
    club.advance(days=11)
    offers_send(club.program)
    club.settle()
    [letter] = letters("Plus")[-1:]
    assert "korting" in letter.body


# --- nothing used ----------------------------------------------------------------------------------------------------
def test_who_uses_nothing_is_told_once_for_each_charge(club: Club) -> None:
    club.joined(club.somebody())
    club.advance(days=19)
    assert unused_tell(club.program) == 0
    club.advance(days=1.1)
    mail.outbox.clear()
    assert (unused_tell(club.program), unused_tell(club.program)) == (1, 0)
    club.settle()
    [letter] = letters("Are you still using Plus?")
    assert "You have used nothing of Plus for 20 days." in letter.body
    club.advance(days=15)
    club.settle()
    assert unused_tell(club.program) == 0
    club.advance(days=20)
    assert unused_tell(club.program) == 1


def test_periods_that_are_shorter_than_the_notice_count_together(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = brand.clock_shift
    club = Club(stand_in, key, brand, client_for(brand), unused_notice_days=45)
    row = club.joined(club.somebody())
    club.joined(club.somebody("Bob"))
    for days in (44, 1.1):
        assert unused_tell(club.program) == 0
        club.advance(days=days)
        club.settle()
    charged = Subscription.objects.get(pk=row.pk).charged_at
    assert charged is not None
    assert charged > row.started_at + timedelta(days=27)
    # Bob couldn't use it for a while.
    happened(club.subscription(Member.objects.get(name="Bob")), "access_began", key="again")
    # What was used before the last charge is a use, within those days.
    asked: list[datetime] = []
    with monkeypatch.context() as patch:
        patch.setattr("billing.unused.unused_since", lambda _row, since: asked.append(since))
        assert unused_tell(club.program) == 0
    [since] = asked
    assert since <= clock.now() - timedelta(days=45)
    mail.outbox.clear()
    assert unused_tell(club.program) == 1
    club.settle()
    [letter] = letters("Are you still using Plus?")
    assert "You have used nothing of Plus for 45 days." in letter.body
    club.advance(days=40)
    club.settle()
    assert SubscriptionChange.objects.filter(subscription=row, kind="unused_told").count() == 1
    brand.clock_shift = before


def test_who_used_something_or_leaves_anyway_is_not_told(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = club.somebody("Bob")
    subscription_cancel(subscription=club.joined(bob), actor=shop.STAFF)
    club.joined(club.somebody())
    club.advance(days=21)
    club.settle()
    monkeypatch.setattr("billing.unused.unused_since", lambda _row, _since: False)
    assert unused_tell(club.program) == 0
    monkeypatch.undo()
    assert unused_tell(club.program) == 1
    assert clock.now() > Subscription.objects.earliest("pk").started_at + timedelta(days=20)


def test_leaving_is_counted_by_reason_and_by_who_came_back(club: Club) -> None:
    ann = left(club)
    club.advance(days=11)
    offers_send(club.program)
    club.joined(ann)
    figures = leave_figures()
    assert (figures.asked, figures.ended, figures.written, figures.back) == (1, 1, 1, 1)
    assert figures.reasons == [("other", 1)]


def test_the_plans_page_shows_what_it_costs_with_the_offer(club: Club, client_for: Any) -> None:
    anna = Visitor(club, client_for)
    consent(anna.member, granted=True)
    anna.joins(price="month-EUR")
    club.settle()
    subscription_cancel(subscription=club.subscription(anna.member), when="now", actor=shop.STAFF)
    club.settle()
    club.advance(days=11)
    assert "€5" not in anna.open("/plans/plus/").replace(" ", "")
    assert offers_send(club.program) == 1
    assert "€5" in anna.open("/plans/plus/").replace(" ", "")
