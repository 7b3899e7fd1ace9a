"""An account at the stand-in, a member with points, and a supplier's product among the rewards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from core import clock
from core.ids import uuid7
from core.secrets import seal
from loyalty.models import Enrollment, Program
from rewards.models import Redemption, Reward
from rewards.services import reward_redeem
from rewards.suppliers.accounts import HOOK_PURPOSE, KEY_PURPOSE, connection_save, connection_verify
from rewards.suppliers.models import (
    SupplierConnection,
    SupplierDifference,
    SupplierOffer,
    SupplierOrder,
    SupplierProduct,
    SupplierReconciliation,
)
from rewards.suppliers.offering import offer_make
from rewards.suppliers.ordering import order_step
from rewards.suppliers.syncing import sync_request, sync_run
from tests.loyalty import shop
from tests.rewards.suppliers.standin import KEY, StandIn


def account(program: Program, stand_in: StandIn, **fields: Any) -> SupplierConnection:
    """Tried, with the catalogue read."""
    made = connection_save(
        connection=None,
        secret=KEY,
        actor=shop.STAFF,
        fields={
            "program": program, "code": f"cards_{uuid4().hex[:6]}", "name": "Cards", "supplier": "card_catalogue",
            "base_url": stand_in.url, "currency": "points", "rates": {"EUR": "100", "JPY": "0.62"}, "rounding": "up",
            "round_to": 10, "countries": ["NL"], "low_balance_minor": 1000, **fields,
        },
    )  # fmt: skip
    connection_verify(connection=made, actor=shop.STAFF)
    read(made)
    return SupplierConnection.objects.get(pk=made.pk)


def read(connection: SupplierConnection) -> Any:
    return sync_run(sync_request(connection=connection, actor=shop.STAFF, wakes=False).pk)


def product(connection: SupplierConnection, name: str = "boekenbeurs-eur") -> SupplierProduct:
    return SupplierProduct.objects.select_related("connection__program").get(connection=connection, external_id=name)


def offer(connection: SupplierConnection, value: int = 1000, name: str = "boekenbeurs-eur") -> SupplierOffer:
    return offer_make(product=product(connection, name), value_minor=value, actor=shop.STAFF)


def member(program: Program, points: int = 5000, name: str = "Anna") -> Enrollment:
    who = shop.member(name)
    shop.send(shop.order(who, points))
    return shop.place(who, program)


def take(place: Enrollment, reward: Reward, key: str = "") -> SupplierOrder:
    """The member takes it; nothing has been ordered yet."""
    made = reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key=key or uuid7().hex)
    return SupplierOrder.objects.get(redemption=made)


def step(order: SupplierOrder) -> SupplierOrder:
    return order_step(order.pk)


def later(order: SupplierOrder, by: timedelta = timedelta(minutes=3)) -> None:
    """As if so much time had gone by for this order."""
    row = SupplierOrder.objects.get(pk=order.pk)
    row.created_at -= by
    row.sent_at = row.sent_at - by if row.sent_at else None
    row.next_at = row.next_at - by if row.next_at else None
    row.runner_until = row.runner_until - by if row.runner_until else None
    row.save()


def to_the_end(order: SupplierOrder, steps: int = 12) -> SupplierOrder:
    """Step by step, with time in between, until it is closed or waits for the team."""
    for _each in range(steps):
        found = step(order)
        if not found.open or found.state == SupplierOrder.State.STUCK:
            return found
        later(order)
    return SupplierOrder.objects.get(pk=order.pk)


def outcome(order: SupplierOrder) -> tuple[str, str]:
    """State of the order and of its redemption."""
    redemption = Redemption.objects.get(pk=order.redemption_id)
    return SupplierOrder.objects.get(pk=order.pk).state, redemption.state


def connected(program: Program, code: str, external_id: str, value: int) -> tuple[SupplierConnection, SupplierProduct]:
    """An account that nobody asks anything, with one product of one value."""
    now = clock.now()
    account = SupplierConnection.objects.create(
        program=program, code=code, name="Cards", supplier="card_catalogue", base_url="https://cards.example/",
        sealed_secret=seal(KEY, purpose=KEY_PURPOSE), secret_last4=KEY[-4:],
        sealed_hook_secret=seal(KEY, purpose=HOOK_PURPOSE), currency="points", rates={"EUR": "1"},
        balance_minor=1000, balance_currency="EUR", verified_at=now,
    )  # fmt: skip
    product = SupplierProduct.objects.create(
        connection=account, external_id=external_id, name="Card", money_currency="EUR", values=[value], seen_at=now
    )
    return account, product


def unasked(place: Enrollment, code: str = "cards") -> dict[str, Any]:
    """Such an account with its product, a reward, an order that waits for the team, and a comparison."""
    now = clock.now()
    account, product = connected(place.program, code, "card", 500)
    made = offer_make(product=product, value_minor=500, price=5, actor=shop.STAFF)
    taken = reward_redeem(enrollment=place, reward=made.reward, actor=shop.PARTNER, key=uuid7().hex)
    SupplierOrder.objects.filter(redemption=taken).update(state="stuck", failure="no_answer", next_at=None)
    order = SupplierOrder.objects.get(redemption=taken)
    comparison = SupplierReconciliation.objects.create(
        connection=account, since=now, until=now, started_at=now, requested_by="user:1"
    )
    SupplierDifference.objects.create(reconciliation=comparison, kind="overdue", order=order, key=str(taken.pk))
    return {
        "rewards_supplierconnection": account,
        "rewards_supplierproduct": product,
        "rewards_supplierorder": order,
        "rewards_supplierreconciliation": comparison,
    }
