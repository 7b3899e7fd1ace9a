"""What is refused about suppliers. Points, stock and codes stay as they were."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, InvalidInput


class SupplierRefused(Conflict):
    """The supplier was asked just now and didn't agree, or couldn't be reached."""

    code = "supplier_refused"
    title = _("The supplier didn't accept that.")
    hint = _("Check the address and the key with the supplier, and try again.")


class SecretNeeded(InvalidInput):
    """A key that was meant for one house must not be sent to another because somebody changed the address."""

    code = "supplier_secret_needed"
    title = _("Give the key again: it isn't sent to another address than the one it was given for.")


class SaleStopped(Conflict):
    code = "sale_stopped"
    title = _("This reward can't be had just now. Please come back later.")


class StillComing(Conflict):
    code = "delivery_pending"
    title = _("This reward is still on its way from the supplier.")
    hint = _("Wait until it is delivered, or until the points are back.")


class DeliveredBySupplier(Conflict):
    code = "code_delivered"
    title = _("The supplier has delivered this reward; the points can't be given back.")


class OrderClosed(Conflict):
    code = "supplier_order_closed"
    title = _("This order is closed already.")


class OrderBusy(Conflict):
    code = "supplier_order_busy"
    title = _("This order is being worked on. Look again in a minute.")


class NotForSale(InvalidInput):
    code = "product_not_for_sale"
    title = _("The supplier doesn't sell this at that amount.")


class NoRate(InvalidInput):
    code = "no_rate"
    title = _("There is no rate for this currency.")
    hint = _("Add one to the supplier, as points for one whole unit of the currency.")


class OfferedAlready(Conflict):
    code = "product_offered"
    title = _("This product is offered at that amount already.")
