"""An account's row is kept for a moment by who answers webhooks, and refuses nothing by that."""

from __future__ import annotations

import json
from queue import Queue
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.utils import timezone

from billing import hookaccounts, tasks, waking
from billing.connections import secret_rotate
from billing.models import StripeEvent
from sandbox.stripe import delivery
from tests.api.cast import statements
from tests.billing.cast import Club
from tests.loyalty import shop


def signed_anew(club: Club, number: int) -> tuple[bytes, str]:
    """An event that never came before, rightly signed."""
    body, _signature = club.signed(club.things("event")[-1]["id"])
    other = json.dumps({**json.loads(body), "id": f"evt_new{number}"}).encode()
    [endpoint] = [each for each in club.things("webhook_endpoint") if each["id"] == club.connection.endpoint_id]
    return other, delivery.signature(endpoint["_secret"], other, int(timezone.now().timestamp()))


def test_of_webhooks_that_come_together_each_but_the_first_is_one_statement(club: Club) -> None:
    club.join(club.somebody())
    assert club.hook(*signed_anew(club, 1)).status_code == 200
    sent = signed_anew(club, 2)
    [told] = statements(lambda: club.hook(*sent))
    assert told.split()[:3] == ["INSERT", "INTO", "billing_stripeevent"]
    assert StripeEvent.objects.count() == 2


def test_a_new_secret_is_taken_at_once_where_the_row_before_it_is_kept(club: Club) -> None:
    club.join(club.somebody())
    body, old = signed_anew(club, 1)
    assert club.hook(body, old).status_code == 200
    secret_rotate(connection=club.connection, actor=shop.STAFF)
    club.connection.refresh_from_db()
    assert club.hook(*signed_anew(club, 2)).status_code == 200
    assert club.hook(body, old).status_code == 200, "for a day"
    assert club.hook(body, "t=1,v1=nothing").status_code == 400
    assert StripeEvent.objects.count() == 2


def test_a_row_is_kept_for_a_moment_only_and_of_one_brand(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    club.join(club.somebody())
    named = club.connection.public_id
    assert club.hook(*signed_anew(club, 1)).status_code == 200
    assert hookaccounts.account_kept(named) == club.connection
    monkeypatch.setattr(hookaccounts, "current_schema", lambda: "b_other")
    assert hookaccounts.account_kept(named) is None
    monkeypatch.undo()
    monkeypatch.setattr(hookaccounts, "monotonic", lambda: 1e12)
    assert hookaccounts.account_kept(named) is None


def test_an_address_of_nobody_is_not_found_and_nothing_is_kept_of_it(club: Club) -> None:
    nobody = uuid4()
    answer = club.client.post(f"/hooks/stripe/{nobody}/", b"{}", content_type="application/json")
    assert answer.status_code == 404
    assert hookaccounts.account_kept(nobody) is None


def test_a_broker_that_is_away_keeps_no_webhook_waiting_and_the_thread_goes_on(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    def away(args: tuple[int], **_more: object) -> None:
        sent.append(args[0])
        if len(sent) == 1:
            raise ConnectionError("no broker")

    monkeypatch.setattr(waking, "_served_until", {})
    monkeypatch.setattr(waking, "current_app", SimpleNamespace(conf=SimpleNamespace(task_always_eager=False)))
    monkeypatch.setattr(tasks.stripe_event, "apply_async", away)
    place = (club.brand.schema_name, club.connection.pk, "cus_1")
    for event in (1, 2, 3):
        waking._send(event, place)
        waking._calls.join()
    assert sent == [1, 2], "the first came to nothing, so the second was sent; the third is served by that"
    assert waking._caller is not None
    assert waking._caller.is_alive()


def test_more_than_can_be_sent_for_is_left_to_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "_calls", Queue(1))
    monkeypatch.setattr(waking, "_served_until", {})
    monkeypatch.setattr(waking, "_caller_start", lambda: None)
    monkeypatch.setattr(waking, "current_app", SimpleNamespace(conf=SimpleNamespace(task_always_eager=False)))
    for event in (1, 2):
        waking._send(event, ("b_gem", 1, f"cus_{event}"))
    assert waking._calls.qsize() == 1
    assert list(waking._served_until) == [("b_gem", 1, "cus_1")]
