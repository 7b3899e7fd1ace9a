"""An event that came twice with different contents: staff see why it is kept apart, and take it or drop it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from billing.models import QuarantinedEvent, StripeEvent
from billing.settling import Difference, differences, quarantine_take
from core.errors import InvalidInput
from core.tables import AuditEntry
from sandbox.stripe import delivery
from tests.billing.cast import Club
from tests.billing.desk import Entered, entered, page
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

__all__ = ["entered"]


def apart(club: Club) -> QuarantinedEvent:
    """The last event of a joining, once more under its id, about another object."""
    club.press(club.join(club.somebody()).url)
    waiting = club.waiting()
    club.deliver(waiting)
    club.work()
    body, _signature = club.signed(waiting[-1]["event"])
    thing = StripeEvent.objects.get(event_id=waiting[-1]["event"]).object_id
    other = body.replace(thing.encode(), b"cs_other_one")
    [endpoint] = club.things("webhook_endpoint")
    signed = delivery.signature(endpoint["_secret"], other, int(timezone.now().timestamp()))
    assert club.hook(other, signed).status_code == 200
    return QuarantinedEvent.objects.get()


def test_the_page_says_why_it_is_there_and_what_differs(club: Club, entered: Entered) -> None:
    row, support = apart(club), entered("support")
    assert row.event_id in text_of(support.get(page("quarantinedevent_changelist")))
    text = text_of(support.get(page("quarantinedevent_change", row.pk)))
    assert "known by its id when it came again" in text
    assert "data.object.id" in text
    assert "cs_other_one" in text
    assert "pending_webhooks Known" not in text


def test_one_that_is_taken_takes_the_known_ones_place_and_is_worked(club: Club, entered: Entered) -> None:
    row, support = apart(club), entered("support")
    where = page("quarantinedevent_settle", row.pk, "take")
    assert "Stripe’s dashboard shows this one" in text_of(support.get(where))
    answer = support.post(where, {"reason": "The dashboard shows this one"}, follow=True)
    assert "Taken: it is worked now." in text_of(answer)
    kept = StripeEvent.objects.get(event_id=row.event_id)
    assert kept.object_id == "cs_other_one"
    club.work()
    row.refresh_from_db()
    kept.refresh_from_db()
    assert (row.state, row.reason, kept.state) == ("taken", "The dashboard shows this one", "done")
    assert row.known is not None
    [entry] = AuditEntry.objects.filter(action="stripe.quarantine_taken")
    assert (entry.changes["event"], entry.changes["reason"]) == (row.event_id, "The dashboard shows this one")
    text = text_of(support.get(page("quarantinedevent_change", row.pk)))
    assert "support@team.example" in text
    assert "cs_other_one" in text


def test_one_that_is_dropped_changes_nothing_and_cannot_be_taken_afterwards(club: Club, entered: Entered) -> None:
    row, support = apart(club), entered("support")
    before = StripeEvent.objects.get(event_id=row.event_id).body
    support.post(page("quarantinedevent_settle", row.pk, "drop"), {"reason": "Made up"})
    answer = support.post(page("quarantinedevent_settle", row.pk, "take"), {"reason": "Or not"})
    assert "Somebody has decided about this event already." in text_of(answer)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("dropped", "Made up")
    assert StripeEvent.objects.get(event_id=row.event_id).body == before
    assert "Take this one" not in text_of(support.get(page("quarantinedevent_change", row.pk)))


def test_without_a_reason_nothing_is_decided(club: Club, entered: Entered) -> None:
    row = apart(club)
    answer = entered("owner").post(page("quarantinedevent_settle", row.pk, "take"), {"reason": ""})
    assert "This field is required." in text_of(answer)
    with pytest.raises(InvalidInput):
        quarantine_take(event=row, reason=" ", actor=shop.STAFF)
    row.refresh_from_db()
    assert row.state == "waiting"


def test_who_may_not_see_what_stripe_sent_sees_nothing_of_it(club: Club, entered: Entered) -> None:
    row = apart(club)
    for role in ("marketer", "analyst"):
        assert entered(role).get(page("quarantinedevent_change", row.pk)).status_code == 403
        sent = entered(role).post(page("quarantinedevent_settle", row.pk, "drop"), {"reason": "x"})
        assert sent.status_code == 403


def test_a_place_that_one_of_two_bodies_lacks_differs_too() -> None:
    known = {"a": 1, "b": {"c": [1, 2]}, "pending_webhooks": 2}
    new = {"b": {"c": [1, 3, 4]}, "d": None, "pending_webhooks": 1}
    assert differences(known, new) == [
        Difference("a", 1, None),
        Difference("b.c.1", 2, 3),
        Difference("b.c.2", None, 4),
        Difference("d", None, None),
    ]
