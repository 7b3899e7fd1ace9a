"""Tables of the billing room, all in the brand's schema."""

from billing.models.box import BoxHabit, Shipment
from billing.models.bundle import BundleShare, SubscriptionPart
from billing.models.connection import BillingOperation, StripeConnection, StripeEvent, StripeObject
from billing.models.dispute import Dispute
from billing.models.invoice import Invoice, Refund
from billing.models.item import MeteredUse, SubscriptionItem
from billing.models.pause import ClockFreeze
from billing.models.plan import MembershipPlan, PlanPrice
from billing.models.promotion import PromotionCode
from billing.models.quarantine import QuarantinedEvent
from billing.models.report import BillingDifference, BillingReport
from billing.models.subscription import BillingProfile, Checkout, Subscription, SubscriptionChange
from billing.models.winback import WinBackOffer

__all__ = [
    "BillingDifference",
    "BillingOperation",
    "BillingProfile",
    "BillingReport",
    "BoxHabit",
    "BundleShare",
    "Checkout",
    "ClockFreeze",
    "Dispute",
    "Invoice",
    "MembershipPlan",
    "MeteredUse",
    "PlanPrice",
    "PromotionCode",
    "QuarantinedEvent",
    "Refund",
    "Shipment",
    "StripeConnection",
    "StripeEvent",
    "StripeObject",
    "Subscription",
    "SubscriptionChange",
    "SubscriptionItem",
    "SubscriptionPart",
    "WinBackOffer",
]
