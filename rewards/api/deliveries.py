"""What became of a reward that a supplier delivers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from msgspec import Meta, Struct

from core.api.schema import describe
from core.api.views import ApiView, answer
from core.errors import NotFound
from rewards.api.examples import REDEMPTION_ID
from rewards.suppliers.models import SupplierOrder

DELIVERY: dict[str, Any] = {
    "redemption": REDEMPTION_ID,
    "state": "delivered",
    "supplier": "cards",
    "product": "boekenbeurs-eur",
    "product_name": "Boekenbeurs book token",
    "amount_minor": 2500,
    "currency": "EUR",
    "taken_at": "2026-11-14T09:20:00Z",
    "closed_at": "2026-11-14T09:21:10Z",
    "code_until": "2027-11-14",
}


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    title = _("There is no such redemption, or no supplier delivers it.")


class DeliveryOut(Struct):
    """state: pending; delivered, the redemption has the code; failed, the points are back. code_until null: no end."""

    redemption: UUID
    state: Literal["pending", "delivered", "failed"]
    supplier: str
    product: str
    product_name: str
    amount_minor: Annotated[int, Meta(description="What it is worth, in minor units.")]
    currency: str
    taken_at: datetime
    closed_at: datetime | None
    code_until: date | None


class DeliveryView(ApiView):
    scopes = {"GET": "redemptions:read"}

    @describe(
        summary="Follow the delivery of a redemption",
        tag="Redemptions",
        answers={200: DeliveryOut},
        examples={"200": DELIVERY},
    )
    def get(self, request: Any, redemption: UUID) -> HttpResponse:
        """Of a reward that a supplier delivers. While it is pending it can't be canceled: the code may still come."""
        found = SupplierOrder.objects.select_related("connection", "product").filter(redemption_id=redemption).first()
        if found is None:
            raise DeliveryNotFound(field="redemption")
        return answer(200, delivery_out(found))


def delivery_out(order: SupplierOrder) -> DeliveryOut:
    return DeliveryOut(
        redemption=order.redemption_id,
        state="pending" if order.open else "delivered" if order.state == SupplierOrder.State.DELIVERED else "failed",
        supplier=order.connection.code,
        product=order.product.external_id,
        product_name=order.product.name,
        amount_minor=order.value_minor,
        currency=order.money_currency,
        taken_at=order.created_at,
        closed_at=order.closed_at,
        code_until=order.code_until,
    )
