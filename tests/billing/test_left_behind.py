"""What a process that died, or two at once, leave of webhooks: endpoints at Stripe, events that changed meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing import connections, syncing, working
from billing.connections import endpoints_tidy, secret_rotate
from billing.models import QuarantinedEvent, StripeEvent
from billing.reconciling import reconciling_due
from billing.settling import quarantine_take
from billing.working import event_work
from core.errors import Busy
from tests.billing.cast import Club
from tests.billing.test_desk_quarantine import apart
from tests.loyalty import shop


def broken(*_arguments: Any, **_named: Any) -> Any:
    raise RuntimeError("the process died")


def endpoints(club: Club) -> set[str]:
    return {each["id"] for each in club.things("webhook_endpoint")}


def test_an_endpoint_whose_secret_nobody_kept_and_one_that_was_to_go_are_taken_away_in_the_night(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = club.connection.endpoint_id
    with monkeypatch.context() as patched:
        patched.setattr(connections, "seal", broken)
        with pytest.raises(RuntimeError):
            secret_rotate(connection=club.connection, actor=shop.STAFF)
    [orphan] = endpoints(club) - {first}
    with monkeypatch.context() as patched:
        patched.setattr(connections, "_endpoint_delete", broken)
        with pytest.raises(RuntimeError):
            secret_rotate(connection=club.connection, actor=shop.STAFF)
    club.connection.refresh_from_db()
    second = club.connection.endpoint_id
    assert endpoints(club) == {first, orphan, second}
    assert endpoints_tidy(connection=club.connection) == 0, "somebody may be at it"
    club.advance(days=1)
    reconciling_due()
    assert endpoints(club) == {second}
    assert endpoints_tidy(connection=club.connection) == 0


def test_an_endpoint_of_somebody_elses_stays(club: Club) -> None:
    with club.server.state.lock:
        mine = club.account.objects["webhook_endpoint"][club.connection.endpoint_id]
        other = club.account.add("webhook_endpoint", {**mine, "metadata": {"stamgast": "another brand's"}})
        plain = club.account.add("webhook_endpoint", {**mine, "metadata": {}})
    club.advance(days=1)
    assert endpoints_tidy(connection=club.connection) == 0
    assert {other["id"], plain["id"]} <= endpoints(club)


def test_an_event_that_is_taken_out_of_quarantine_while_the_old_one_is_worked_waits_to_be_worked(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = apart(club)
    other = club.somebody("Ben")
    club.join(other)
    customer = club.customer(other)
    StripeEvent.objects.filter(event_id=row.event_id).update(state="waiting", done_at=None)
    real = syncing.customer_sync

    def meanwhile(*arguments: Any) -> Any:
        found = real(*arguments)
        quarantine_take(event=QuarantinedEvent.objects.get(), reason="The dashboard shows it", actor=shop.STAFF)
        StripeEvent.objects.filter(event_id=row.event_id).update(customer=customer)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(working, "customer_sync", meanwhile)
        event_work(StripeEvent.objects.get(event_id=row.event_id).pk)
    event = StripeEvent.objects.get(event_id=row.event_id)
    assert (event.state, event.customer) == ("waiting", customer)
    event_work(event.pk)
    event.refresh_from_db()
    assert event.state == "done"


def test_one_that_another_worker_did_meanwhile_is_not_put_off(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    club.press(club.join(club.somebody()).url)
    club.deliver()
    event = StripeEvent.objects.exclude(customer="")[0]

    def busy(*_arguments: Any) -> Any:
        StripeEvent.objects.filter(customer=event.customer).update(state="done")
        raise Busy()

    with monkeypatch.context() as patched:
        patched.setattr(working, "customer_sync", busy)
        event_work(event.pk)
    event.refresh_from_db()
    assert (event.state, event.attempts, event.next_at) == ("done", 0, None)
    club.brand.clock_shift += timedelta(days=1)
    club.work()
    assert not StripeEvent.objects.exclude(state="done").exists()
