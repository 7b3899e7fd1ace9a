"""What staff do with the brand's account at Stripe: connected, rotated, compared, and its events worked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from billing.comparing import comparison_run, comparisons_sweep
from billing.models import BillingReport, StripeConnection, StripeEvent
from core import clock
from core.tables import AuditEntry
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import Club
from tests.billing.desk import Entered, entered, page
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

__all__ = ["entered"]


# --- the account -----------------------------------------------------------------------------------------------------
def test_an_account_is_connected_by_a_key_that_is_never_shown_again(
    stand_in: LocalStripe, key: str, brand: Brand, entered: Entered
) -> None:
    owner = entered("owner")
    assert "restricted key" in text_of(owner.get(page("stripeconnection_connect")))
    answer = owner.post(page("stripeconnection_connect"), {"key": key})
    account = StripeConnection.objects.get()
    assert answer["Location"] == page("stripeconnection_change", account.pk)
    shown = owner.get(answer["Location"]).content.decode()
    assert key not in shown
    assert account.endpoint_id in shown
    assert key[-4:] in shown
    assert "test mode" in shown
    assert "connect a live key beside it" in shown
    assert key not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nonsense", "A restricted key starts with rk_test_ or rk_live_."),
        ("sk_test_4242424242", "This is a secret key"),
        ("rk_live_4242424242", "live key"),
        ("", "This field is required."),
    ],
)
def test_a_key_that_cannot_be_is_refused_beside_its_field_and_not_repeated(
    stand_in: LocalStripe, brand: Brand, entered: Entered, given: str, said: str
) -> None:
    answer = entered("owner").post(page("stripeconnection_connect"), {"key": given})
    assert answer.status_code == 200
    assert said in text_of(answer)
    assert not given or given not in answer.content.decode()
    assert not StripeConnection.objects.exists()


def test_another_key_is_tried_first_and_one_of_another_account_is_refused(club: Club, entered: Entered) -> None:
    owner, where = entered("owner"), page("stripeconnection_key", club.connection.pk)
    answer = owner.post(where, {"key": "rk_test_quiteanother0001"})
    assert "belongs to another account" in text_of(answer)
    assert StripeConnection.objects.get().key_last4 == club.key[-4:]
    assert owner.post(where, {"key": club.key}).status_code == 302
    assert AuditEntry.objects.filter(action="stripe.key_change").count() == 1


def test_a_new_secret_takes_the_old_ones_place(club: Club, entered: Entered) -> None:
    before = club.connection.endpoint_id
    where = page("stripeconnection_secret", club.connection.pk)
    owner = entered("owner")
    assert "New webhook secret" in text_of(owner.get(page("stripeconnection_change", club.connection.pk)))
    assert owner.post(where).status_code == 302
    club.connection.refresh_from_db()
    assert club.connection.endpoint_id != before
    assert "is taken until" in text_of(owner.get(page("stripeconnection_change", club.connection.pk)))


def test_a_revoked_key_is_told_plainly_and_access_stays(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.control("keys", revoke=club.key)
    owner, where = entered("owner"), page("stripeconnection_change", club.connection.pk)
    answer = owner.post(page("stripeconnection_check", club.connection.pk), follow=True)
    text = text_of(answer)
    assert "Stripe refuses the key" in text
    assert "Members keep what they paid for" in text
    assert club.plan(ann) == "plus"
    assert "Stripe refuses the key" in text_of(owner.get(where))


def test_only_the_owner_touches_the_account(club: Club, entered: Entered) -> None:
    support = entered("support")
    where = page("stripeconnection_change", club.connection.pk)
    assert "Try the key" not in text_of(support.get(where))
    for name in ("key", "secret", "check"):
        assert support.post(page(f"stripeconnection_{name}", club.connection.pk)).status_code == 403
    assert support.post(page("stripeconnection_connect"), {"key": "rk_test_x"}).status_code == 403
    assert entered("analyst").get(where).status_code == 403


# --- comparing -------------------------------------------------------------------------------------------------------
def test_a_comparison_that_is_asked_for_finds_what_never_came_and_says_so(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    club.press(club.join(ann).url)
    club.waiting()  # lost on the way
    support = entered("support")
    asks = support.get(page("billingreport_compare")).content.decode()
    assert f'<option value="{club.connection.pk}" selected' in asks
    sent = {"account": str(club.connection.pk), "kind": "events"}
    answer = support.post(page("billingreport_compare"), sent)
    report = BillingReport.objects.get()
    assert answer["Location"] == page("billingreport_change", report.pk)
    shown = support.get(answer["Location"]).content.decode()
    assert "hx-get" in shown
    assert "under way" in shown.lower()
    assert support.post(page("billingreport_compare"), sent)["Location"] == answer["Location"]
    comparison_run(report.pk)
    comparison_run(report.pk)
    report.refresh_from_db()
    assert (report.problem, report.repaired > 0) == ("", True)
    piece = support.get(page("billingreport_progress", report.pk)).content.decode()
    assert "hx-get" not in piece
    assert "event that never arrived" in piece
    assert "support@team.example" in piece
    club.work()
    assert club.state(ann) == "active"
    assert "never came by webhook" in text_of(support.get(page("stripeconnection_change", club.connection.pk)))


def test_a_comparison_is_called_by_the_readers_clock() -> None:
    row = BillingReport(kind="events", started_at=datetime(2027, 1, 12, 11, 55, tzinfo=UTC))
    with timezone.override("Europe/Amsterdam"), translation.override("nl"):
        assert str(row).endswith("12-1-2027 12:55")


def test_the_sweep_takes_a_comparison_that_nobody_came_for_and_the_next_finds_nothing(
    club: Club, entered: Entered
) -> None:
    club.joined(club.somebody())
    support = entered("support")
    sent = {"account": str(club.connection.pk), "kind": "whole"}
    support.post(page("billingreport_compare"), sent)
    assert comparisons_sweep() == 1
    report = BillingReport.objects.get()
    assert (report.seen, report.repaired, report.finished_at is not None) == (1, 0, True)
    assert "Both sides agree." in text_of(support.get(page("billingreport_change", report.pk)))
    assert comparisons_sweep() == 0


def test_one_that_died_is_taken_up_again_and_one_that_runs_is_let_be(club: Club, entered: Entered) -> None:
    entered("support").post(page("billingreport_compare"), {"account": str(club.connection.pk), "kind": "whole"})
    BillingReport.objects.update(beat_at=clock.now() - timedelta(minutes=1))
    assert comparisons_sweep() == 0
    BillingReport.objects.update(beat_at=clock.now() - timedelta(minutes=6))
    assert comparisons_sweep() == 1
    assert BillingReport.objects.get().finished_at is not None


def test_a_comparison_with_a_revoked_key_says_why_it_broke_off(club: Club, entered: Entered) -> None:
    club.control("keys", revoke=club.key)
    support = entered("support")
    support.post(page("billingreport_compare"), {"account": str(club.connection.pk), "kind": "events"})
    comparisons_sweep()
    text = text_of(support.get(page("billingreport_change", BillingReport.objects.get().pk)))
    assert "Stripe refused the key" in text


def test_a_comparison_of_nothing_is_refused_beside_its_field(club: Club, entered: Entered) -> None:
    answer = entered("owner").post(page("billingreport_compare"), {"account": "999", "kind": "everything"})
    assert answer.status_code == 200
    assert text_of(answer).count("Select a valid choice.") == 2
    assert not BillingReport.objects.exists()


# --- events ----------------------------------------------------------------------------------------------------------
def test_an_event_is_worked_again_and_nothing_happens_twice(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    club.joined(ann)
    event = StripeEvent.objects.filter(type="invoice.paid").latest("pk")
    support = entered("support")
    assert event.event_id in text_of(support.get(page("stripeevent_change", event.pk)))
    answer = support.post(page("stripeevent_replay", event.pk), follow=True)
    assert "Worked again" in text_of(answer)
    club.settle()
    assert (club.points(ann), club.charged()) == (60, 1000)
    assert AuditEntry.objects.filter(action="stripe.replay").count() == 1


def test_all_that_were_given_up_on_wait_again(club: Club, entered: Entered) -> None:
    club.joined(club.somebody())
    StripeEvent.objects.update(state="failed", attempts=12, error="stripe_unavailable")
    number = StripeEvent.objects.count()
    support = entered("support")
    assert f"Work all that failed again ({number})" in text_of(support.get(page("stripeevent_changelist")))
    assert str(number) in text_of(support.post(page("stripeevent_again"), follow=True))
    club.work()
    assert not StripeEvent.objects.exclude(state="done").exists()


def test_an_event_that_cannot_be_worked_says_why(club: Club, entered: Entered) -> None:
    club.joined(club.somebody())
    club.control("keys", revoke=club.key)
    event = StripeEvent.objects.filter(type="invoice.paid").latest("pk")
    answer = entered("support").post(page("stripeevent_replay", event.pk), follow=True)
    assert "couldn’t be worked: stripe_key_refused" in text_of(answer)
    assert entered("marketer").get(page("stripeevent_change", event.pk)).status_code == 403


def test_events_hold_no_key_and_no_secret(club: Club, entered: Entered) -> None:
    club.joined(club.somebody())
    event = StripeEvent.objects.latest("pk")
    shown = entered("owner").get(page("stripeevent_change", event.pk)).content.decode()
    assert club.key not in shown
    assert "whsec_" not in shown


def test_the_shop_stays_as_it_is_without_an_account(brand: Brand, entered: Entered) -> None:
    shop.program()
    assert "Compare now" not in text_of(entered("owner").get(page("billingreport_changelist")))
    assert "Connect an account" in text_of(entered("owner").get(page("stripeconnection_changelist")))
