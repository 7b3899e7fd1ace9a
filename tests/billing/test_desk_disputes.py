"""What staff see of disputes, of offers to who left, and of what they ended themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.leavefigures import leave_figures
from billing.leaving import subscription_cancel
from billing.models import Dispute, WinBackOffer
from billing.reconciling import events_reconcile
from billing.winback import offers_send
from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from members.services import consent_record
from tests.billing.cast import Club
from tests.billing.desk import Entered, act, entered, page
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

__all__ = ["entered"]


def disputed(club: Club) -> Any:
    """Ann paid, and her bank took it back."""
    ann = club.somebody()
    club.joined(ann)
    [charge] = club.things("charge")
    opened = club.control("dispute", charge=charge["id"])
    club.settle()
    return opened


def test_an_open_dispute_stands_in_the_table_with_what_became_of_the_membership(club: Club, entered: Entered) -> None:
    disputed(club)
    marketer = entered("marketer")
    text = text_of(marketer.get(page("dispute_changelist"), {"is": "open"}))
    for said in ("Ann", "€10.00", "the payer doesn’t know of it", "to be answered", "Plus: held back"):
        assert said in text, said
    row = Dispute.objects.get()
    assert row.answer_by is not None
    assert timedelta(days=6) < row.answer_by - clock.now() <= timedelta(days=7)
    shown = text_of(marketer.get(page("dispute_change", row.pk)))
    assert "Answer it in Stripe’s dashboard before" in shown
    assert "A payment is disputed at the bank" in shown
    assert "Ann" not in text_of(entered("analyst").get(page("dispute_changelist")))


def test_a_dispute_that_was_won_is_no_longer_to_be_answered_and_the_plan_holds_again(
    club: Club, entered: Entered
) -> None:
    opened = disputed(club)
    club.control("dispute", dispute=opened["id"], won=True)
    club.settle()
    row = Dispute.objects.get()
    assert (row.status, row.answer_by) == ("won", None)
    owner = entered("owner")
    assert "Ann" not in text_of(owner.get(page("dispute_changelist"), {"is": "open"}))
    assert "Plus: active" in text_of(owner.get(page("dispute_changelist"), {"is": "won"}))
    assert "The dispute is over" in text_of(owner.get(page("dispute_change", row.pk)))


def test_a_dispute_whose_events_never_came_is_found_by_the_comparison(club: Club) -> None:
    club.joined(club.somebody())
    [charge] = club.things("charge")
    club.control("dispute", charge=charge["id"])
    club.waiting()  # lost on the way
    assert not Dispute.objects.exists()
    events_reconcile(club.connection)
    club.work()
    assert Dispute.objects.get().status == "needs_response"


def test_offers_to_who_left_are_listed_with_whether_they_were_taken(
    stand_in: Any, key: str, brand: Any, client_for: Any, entered: Entered
) -> None:
    before = brand.clock_shift
    terms = {"offer": {"percent": "50"}, "after_days": 10, "valid_days": 7}
    club = Club(stand_in, key, brand, client_for(brand), win_back=terms)
    for name in ("Ann", "Bertil"):
        who = club.somebody(name)
        consent_record(member=who, purpose="marketing_email", granted=True, text_version="1", source="web")
        subscription_cancel(subscription=club.joined(who), when="now", actor=shop.STAFF)
    club.settle()
    club.advance(days=11)
    assert offers_send(club.program) == 2
    ann = WinBackOffer.objects.order_by("pk")[0].member
    club.joined(ann)
    WinBackOffer.objects.exclude(member=ann).update(expires_at=clock.now() - timedelta(days=60))
    marketer = entered("marketer")
    text = text_of(marketer.get(page("winbackoffer_changelist")))
    assert "50 % off the next payment" in text
    taken = text_of(marketer.get(page("winbackoffer_changelist"), {"outcome": "taken"}))
    assert ("Ann" in taken, "Bertil" in taken) == (True, False)
    over = text_of(marketer.get(page("winbackoffer_changelist"), {"outcome": "over"}))
    assert ("Ann" in over, "Bertil" in over) == (False, True)
    shown = text_of(marketer.get(page("winbackoffer_change", WinBackOffer.objects.get(member=ann).pk)))
    assert "Came back with it" in shown
    assert "Ann" not in text_of(entered("analyst").get(page("winbackoffer_changelist")))
    brand.clock_shift = before


def test_what_staff_end_counts_as_ended_by_the_team(club: Club, entered: Entered) -> None:
    row = club.joined(club.somebody())
    owner = entered("owner")
    assert act(owner, row, "cancel_now").status_code == 302
    club.settle()
    assert leave_figures().reasons == [("staff", 1)]
    assert "Ended by the team 1" in text_of(owner.get(page("membershipplan_leaving")))
    assert "Asked to leave at once (ended by the team)" in text_of(owner.get(page("subscription_change", row.pk)))
    [there] = club.things("subscription")
    assert there["cancellation_details"]["feedback"] == "other"


def test_no_member_leaves_for_the_teams_reason(club: Club) -> None:
    row = club.joined(club.somebody())
    with pytest.raises(InvalidInput) as refused:
        subscription_cancel(subscription=row, reason="staff", actor=Actor("member", "member:1", "web"))
    assert refused.value.field == "reason"
    assert not club.things("subscription")[0]["cancel_at_period_end"]
