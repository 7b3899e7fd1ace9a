"""What is refused at the checkout; points stay where they are."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, NotFound


class PartPaymentRefused(Conflict):
    """context: at_least, at_most and step, in minor units of the currency; reason."""

    code = "part_payment_refused"
    title = _("So many points can't pay for this cart.")
    hint = _("Ask for a quote of the cart: it says how many may.")


class CartPaymentNotFound(NotFound):
    code = "cart_payment_not_found"
    title = _("There is no such payment in points.")


class PaymentNotCaptured(Conflict):
    code = "payment_not_captured"
    title = _("Only a payment that was captured is refunded.")
    hint = _("One that is still held is released.")


class RefundTooLarge(Conflict):
    """context: left, in minor units of the currency; or of a line, pieces."""

    code = "refund_too_large"
    title = _("More would be refunded than was paid in points.")
