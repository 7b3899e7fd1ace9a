"""The two ends of an order. Each in one transaction with what it means to the member: the code, or the points back."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from core import clock
from core.actor import Actor, system
from core.outbox import outbox_add
from core.secrets import keyed_hashes, seal, unseal
from rewards.models import Redemption
from rewards.services import redemption_cancel
from rewards.suppliers.models import SupplierOrder
from rewards.suppliers.protocol import Code

CODE_PURPOSE, PIN_PURPOSE = "supplier_code", "supplier_pin"
LONGEST_CODE = 200
SETTLER = system("suppliers")
State = SupplierOrder.State
# The member reads of a failure on their page; the reason is the team's.
REASON = "the supplier couldn’t deliver it"


def order_deliver(order: SupplierOrder, codes: tuple[Code, ...]) -> bool:
    """Keep the code, sealed, for its owner. False for what can't be one: none, several, unreadable, someone else's.

    The order is locked, and open.
    """
    if len(codes) != 1 or not _readable(codes[0]):
        return False
    [code] = codes
    text, pin = code.code.strip(), code.pin.strip()
    lookups = keyed_hashes(text, purpose=CODE_PURPOSE)
    if SupplierOrder.objects.filter(lookup__in=lookups).exclude(pk=order.pk).exists():
        return False
    order.state, order.closed_at, order.next_at, order.failure = State.DELIVERED, clock.now(), None, ""
    order.sealed, order.lookup, order.code_until = seal(text, purpose=CODE_PURPOSE), lookups[0], code.expires_on
    order.sealed_pin = seal(pin, purpose=PIN_PURPOSE) if pin else None
    try:
        with transaction.atomic():
            order.save()
    except IntegrityError:
        # Given to somebody else this very moment.
        order.refresh_from_db()
        return False
    _tell("supplier.delivered", order)
    return True


def _readable(code: Code) -> bool:
    texts = (code.code.strip(), code.pin.strip())
    return bool(texts[0]) and all(len(text) <= LONGEST_CODE and (not text or text.isprintable()) for text in texts)


def order_fail(order: SupplierOrder, *, failure: str, actor: Actor = SETTLER) -> None:
    """Nothing comes any more: the points go back to the lots that they came from. The order is locked, and open."""
    order.state, order.closed_at, order.next_at, order.failure = State.FAILED, clock.now(), None, failure[:40]
    order.save()
    if order.redemption.state == Redemption.State.REDEEMED:
        redemption_cancel(redemption=order.redemption, actor=actor, reason=REASON)
    _tell("supplier.failed", order)


def _tell(topic: str, order: SupplierOrder) -> None:
    member_id = str(order.redemption.enrollment.member.public_id)
    outbox_add(topic, {"member_id": member_id, "redemption_id": str(order.redemption_id)})


def supplied_code(redemption: Redemption) -> tuple[str, str] | None:
    """Code and pin in the clear, for the redemption's owner alone; None while there is none."""
    order = getattr(redemption, "supplier_order", None)
    if order is None or order.state != State.DELIVERED or redemption.state == Redemption.State.CANCELED:
        return None
    pin = unseal(order.sealed_pin, purpose=PIN_PURPOSE) if order.sealed_pin else ""
    return unseal(order.sealed, purpose=CODE_PURPOSE), pin


def supplied_state(redemption: Redemption) -> str | None:
    """`coming` while nobody knows yet, `failed` when the points are back; None when there is nothing special."""
    order = getattr(redemption, "supplier_order", None)
    if order is None or order.state == State.DELIVERED:
        return None
    return "failed" if order.state == State.FAILED else "coming"
