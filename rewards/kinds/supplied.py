"""What a supplier delivers: ordered there when the redemption is final, given back only when nothing comes of it."""

from __future__ import annotations

from rewards.kinds import Handing, kind_handler
from rewards.kinds.shapes import Supplied
from rewards.models import Redemption
from rewards.suppliers.errors import DeliveredBySupplier, SaleStopped, StillComing
from rewards.suppliers.models import SupplierOrder
from rewards.suppliers.offering import product_named, product_sells, supplied_problems
from rewards.suppliers.ordering import order_make
from rewards.suppliers.settling import supplied_code

State = SupplierOrder.State


def supplied_issue(handing: Handing) -> None:
    """Only what the supplier sells now, from an account that is in order. SaleStopped."""
    kind: Supplied = handing.kind
    product, value = product_named(kind)
    if product is None or value is None or not product.connection.sells:
        raise SaleStopped()
    if not product.on_sale or not product_sells(product, value):
        raise SaleStopped()
    order_make(handing.redemption, product=product, value_minor=value)


def supplied_revoke(handing: Handing) -> None:
    """A code that is here or may still come isn't given back: the member would have both."""
    order = SupplierOrder.objects.filter(redemption=handing.redemption).first()
    if order is None or order.state == State.FAILED:
        return
    raise DeliveredBySupplier() if order.state == State.DELIVERED else StillComing()


def supplied_ready(redemption: Redemption) -> None:
    order = SupplierOrder.objects.filter(redemption=redemption).first()
    if order is not None and order.state != State.DELIVERED:
        raise StillComing()


def supplied_reveal(redemption: Redemption) -> str | None:
    """Code and pin as one text, where there is no room for two."""
    found = supplied_code(redemption)
    if found is None:
        return None
    code, pin = found
    return f"{code} · {pin}" if pin else code


kind_handler(
    "supplied",
    issue=supplied_issue,
    revoke=supplied_revoke,
    problems=supplied_problems,
    ready=supplied_ready,
    code=supplied_reveal,
)
