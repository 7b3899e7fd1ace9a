"""What Stripe has carried out and a process that ended never noted isn't carried out a second time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from billing import addons, refunding
from billing.addons import add_on_preview, add_on_set
from billing.plans import plan_named
from billing.refunding import invoice_refund
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import Club
from tests.billing.test_addons import MAX, PLUS, TOP
from tests.loyalty import shop

MEMBER = shop.STAFF


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[PLUS, MAX, TOP])
    brand.clock_shift = shift


class Ended(BaseException):
    """The process is gone."""


def test_a_refund_whose_process_ended_before_it_was_noted_is_paid_back_once(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = club.somebody()
    club.joined(ann)
    [invoice] = club.invoices(ann)

    def gone(*_given: Any) -> Any:
        raise Ended

    with monkeypatch.context() as here:
        here.setattr(refunding, "_kept", gone)
        with pytest.raises(Ended):
            invoice_refund(invoice=invoice, amount_minor=300, reason="Late", key="one", actor=MEMBER)
    row = invoice_refund(invoice=invoice, amount_minor=300, reason="Late", key="one", actor=MEMBER)
    assert (row.amount_minor, club.charged(), len(club.things("refund"))) == (300, 700, 1)


def test_an_add_on_whose_process_ended_before_it_was_read_is_charged_once(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = club.somebody()
    row = club.joined(ann)

    def set_it() -> None:
        shown = add_on_preview(subscription=row, add_on=plan_named("extra"), quantity=1)
        add_on_set(
            subscription=row, add_on=plan_named("extra"), quantity=1, shown_at=shown.shown_at,
            due_minor=shown.due_minor, actor=MEMBER,
        )  # fmt: skip

    def gone(*_given: Any) -> Any:
        raise Ended

    with monkeypatch.context() as here:
        here.setattr(addons, "subscription_sync", gone)
        with pytest.raises(Ended):
            set_it()
    before = club.charged()
    set_it()
    assert (club.charged(), row.add_ons.get().quantity) == (before, 1)
