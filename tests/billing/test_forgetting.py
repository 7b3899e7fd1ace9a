"""What Stripe sent and was asked is sealed while it lies there, and goes some time after it was done."""

from __future__ import annotations

import ast
import base64
import importlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.test import override_settings

from billing import forgetting
from billing.bodies import body_opened, body_sealed
from billing.models import BillingOperation, QuarantinedEvent, StripeConnection, StripeEvent
from billing.refunding import invoice_refund
from billing.settling import quarantine_drop
from billing.tasks import billing_forget
from billing.working import event_replay
from core import clock, secrets
from tests.billing.cast import Club
from tests.billing.test_desk_quarantine import apart
from tests.loyalty import shop

NOTHING = {"stripe_events": 0, "quarantined_events": 0, "billing_operations": 0}


def later(brand: Any, days: float) -> None:
    brand.clock_shift += timedelta(days=days)


def test_what_stripe_sent_names_nobody_to_who_reads_the_database(club: Club) -> None:
    ann = club.somebody("Ann", email="ann@example.com")
    club.press(club.join(ann).url)
    club.settle()
    told = [row.body for row in StripeEvent.objects.all()]
    assert any("ann@example.com" in str(each) for each in told), "or this test could not fail"
    columns = str(list(StripeEvent.objects.values()))
    assert "ann@example.com" not in columns
    assert base64.b64encode(b"ann@example.com").decode().rstrip("=") not in columns


def test_a_body_is_worked_again_from_the_seal_and_another_master_key_opens_it(club: Club) -> None:
    club.press(club.join(club.somebody()).url)
    club.settle()
    row = StripeEvent.objects.order_by("pk")[0]
    before = row.body
    event_replay(row)
    new = base64.b64encode(b"n" * 32).decode()
    with override_settings(MASTER_KEYS=[new, *project.MASTER_KEYS]):
        call_command("secrets_reseal", brand=[club.brand.slug])
    with override_settings(MASTER_KEYS=[new]):
        row.refresh_from_db()
        assert row.sealed_body.startswith(secrets.current_prefix())
        assert (row.body, row.state) == (before, "done")
        # An account that never had another secret has nothing there to reseal.
        assert StripeConnection.objects.get().sealed_old_secret == ""


def test_a_seal_is_smaller_than_what_it_holds() -> None:
    body = {"id": "evt_1", "data": {"object": {f"key_{n}": f"value {n}" for n in range(200)}}}
    assert len(str(body)) > 4000
    sealed = body_sealed(body)
    assert body_opened(sealed) == body
    assert len(sealed) < 2500


def test_what_was_done_goes_when_its_time_is_over_and_nothing_else(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "ROWS_AT_ONCE", 3)
    club.joined(club.somebody())
    first, second = StripeEvent.objects.order_by("pk")[:2]
    StripeEvent.objects.filter(pk=first.pk).update(state="waiting", done_at=None)
    StripeEvent.objects.filter(pk=second.pk).update(state="failed", done_at=None)
    [opened, refused] = BillingOperation.objects.order_by("pk")[:2]
    BillingOperation.objects.filter(pk=opened.pk).update(state="open", done_at=None)
    BillingOperation.objects.filter(pk=refused.pk).update(state="failed", kind="refund")
    events, operations = StripeEvent.objects.count(), BillingOperation.objects.count()
    assert events > 5, "more than one piece"
    later(club.brand, 89)
    assert billing_forget() == NOTHING
    later(club.brand, 2)
    assert billing_forget() == {**NOTHING, "stripe_events": events - 2, "billing_operations": operations - 1}
    assert set(StripeEvent.objects.values_list("pk", flat=True)) == {first.pk, second.pk}
    assert [row.pk for row in BillingOperation.objects.all()] == [opened.pk]
    assert billing_forget() == NOTHING


def test_a_request_that_was_refused_stays_while_something_is_still_to_be_undone_of_it(club: Club) -> None:
    club.joined(club.somebody())
    [undone, lately] = BillingOperation.objects.order_by("pk")[:2]
    later(club.brand, 200)
    BillingOperation.objects.filter(pk=undone.pk).update(state="failed", follow={"box": "1"})
    BillingOperation.objects.filter(pk=lately.pk).update(state="failed", done_at=clock.now())
    billing_forget()
    assert {row.pk for row in BillingOperation.objects.all()} == {undone.pk, lately.pk}


def test_one_that_was_worked_again_lately_stays(club: Club) -> None:
    club.joined(club.somebody())
    later(club.brand, 80)
    kept = StripeEvent.objects.order_by("-pk")[0]
    StripeEvent.objects.filter(pk=kept.pk).update(done_at=clock.now())
    later(club.brand, 20)
    billing_forget()
    assert [row.pk for row in StripeEvent.objects.all()] == [kept.pk]


def test_what_is_in_quarantine_stays_with_the_known_one_until_somebody_has_decided(club: Club) -> None:
    row = apart(club)
    later(club.brand, 200)
    billing_forget()
    assert [each.event_id for each in StripeEvent.objects.all()] == [row.event_id]
    quarantine_drop(event=row, reason="Made up", actor=shop.STAFF)
    billing_forget()
    assert QuarantinedEvent.objects.get().known is None
    assert StripeEvent.objects.count() == 1, "they are looked at beside each other"
    later(club.brand, 91)
    assert billing_forget() == {**NOTHING, "stripe_events": 1, "quarantined_events": 1}


def test_how_long_is_a_setting_but_never_less_than_stripe_tells_of_events(club: Club, settings: Any) -> None:
    settings.BILLING_KEEP_DAYS = 2
    club.joined(club.somebody())
    later(club.brand, 30)
    assert billing_forget() == NOTHING
    later(club.brand, 2)
    assert billing_forget()["stripe_events"] > 0


def test_a_refund_asked_for_again_after_a_year_is_still_the_same_one(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    [invoice] = club.subscription(ann).invoices.all()
    first = invoice_refund(invoice=invoice, amount_minor=300, reason="Late", key="wish", actor=shop.STAFF)
    later(club.brand, 400)
    billing_forget()
    again = invoice_refund(invoice=invoice, amount_minor=300, reason="Late", key="wish", actor=shop.STAFF)
    assert (again.pk, len(club.things("refund"))) == (first.pk, 1)


def test_whoever_knows_a_wish_again_by_its_request_has_said_so() -> None:
    """Kinds that the code looks a done request up by: they aren't deleted."""
    asked: set[str] = set()
    for path in (Path(project.BASE_DIR) / "billing").rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or "BillingOperation.objects.filter" not in (
                ast.get_source_segment(text, node.func) or ""
            ):
                continue
            told = {each.arg: ast.get_source_segment(text, each.value) or "" for each in node.keywords}
            # What is still under way, or still to be followed, isn't deleted either way.
            if "kind" in told and not told.get("state", "").endswith("State.OPEN") and "follow__isnull" not in told:
                named = ".".join(path.relative_to(project.BASE_DIR).with_suffix("").parts)
                asked.add(str(eval(told["kind"], dict(vars(importlib.import_module(named))))))
    assert asked == set(forgetting.KNOWN_AGAIN)
