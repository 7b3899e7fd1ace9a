"""What is refused about plans, subscriptions and the brand's account at Stripe. Nothing has changed then."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, DomainError, InvalidInput, NotFound, Text


class StripeNotConnected(Conflict):
    code = "stripe_not_connected"
    title = _("Paid plans can't be joined yet: no account at Stripe is connected.")
    hint = _("Connect one in the admin, under Billing.")


class StripeKeyRefused(Conflict):
    """The key was revoked, has expired, or may not do what is asked of it."""

    code = "stripe_key_refused"
    title = _("Stripe refuses the key.")
    hint = _("Make a new restricted key at Stripe and put it in the place of the old one.")


class StripeUnavailable(DomainError):
    """No answer: it may have been carried out. The same request again can't do it twice."""

    code, status = "stripe_unavailable", 503
    title = _("The payment service can't be reached just now.")
    hint = _("Try again in a minute: nothing is charged twice.")
    retry_after = 5


class StripeRefused(Conflict):
    """Stripe said no to what was asked. context: stripe_code where it told one."""

    code = "stripe_refused"
    title = _("The payment service didn't accept that.")


class StripeMissing(StripeRefused):
    """The object isn't there (any more), or isn't this account's."""

    code = "stripe_object_missing"
    title = _("The payment service doesn't know this any more.")


class CardDeclined(DomainError):
    """context: decline_code."""

    code, status = "card_declined", 402
    title = _("The card was declined.")
    hint = _("Try another card, or ask the bank.")


class KeyNotAccepted(InvalidInput):
    code = "stripe_key_not_accepted"
    title = _("This isn't a key that can be used here.")


class AccountChanged(Conflict):
    code = "stripe_account_changed"
    title = _("This key belongs to another account, or to the other mode, than the one that is connected.")
    hint = _("Use a key of the same account and mode, or connect the other account beside it.")


class ConnectNotOffered(Conflict):
    code = "connect_not_offered"
    title = _("The platform doesn't open accounts at Stripe.")
    hint = _("Connect an account of your own with a restricted key.")


class PlanNotFound(NotFound):
    code = "plan_not_found"
    title = _("There is no such plan.")


class PlanNotOffered(Conflict):
    code = "plan_not_offered"
    title = _("This plan can't be joined any more.")


class PriceNotOffered(InvalidInput):
    code = "price_not_offered"
    title = _("The plan has no such price.")


class PromotionCodeRefused(InvalidInput):
    """Nothing was begun: without it, or with another, the same request may be sent again."""

    code = "promotion_code_refused"
    title = _("This code can't be used here.")

    def __init__(self, detail: Text = "", **context: Any) -> None:
        super().__init__(detail, **{"field": "promotion_code", **context})


class SubscriptionNotFound(NotFound):
    code = "subscription_not_found"
    title = _("There is no such subscription.")


class InvoiceNotFound(NotFound):
    code = "invoice_not_found"
    title = _("The subscription has no such invoice.")


class AlreadyMember(Conflict):
    code = "already_subscribed"
    title = _("There is a plan of this kind already.")
    hint = _("Change the plan instead of joining a second one.")


class NotPossibleNow(Conflict):
    code = "not_possible_now"
    title = _("This can't be done with the subscription as it is now.")


class ShipmentNotFound(NotFound):
    code = "shipment_not_found"
    title = _("There is no such box.")


class BoxClosed(Conflict):
    """context: closed_at."""

    code = "box_closed"
    title = _("This box is closed: it is being packed.")
    hint = _("Change the next one instead.")


class BoxState(Conflict):
    """context: state, can_become."""

    code = "box_state"
    title = _("The box can’t go there from where it is.")


class NotSentThere(InvalidInput):
    """context: countries."""

    code = "not_sent_there"
    title = _("Boxes aren’t sent to that country.")


class PreviewStale(Conflict):
    code = "preview_stale"
    title = _("The amount isn't what was shown any more.")
    hint = _("Look at it again and confirm the new amount.")


class UsageCapReached(Conflict):
    """context: cap_minor, currency. The use wasn't noted."""

    code = "usage_cap_reached"
    title = _("This goes beyond what the member wants to pay for it in a period.")
    hint = _("The member can raise the limit, or wait for the next period.")


class PaymentNeeded(DomainError):
    """context: url, where it can be paid. What there was holds until then."""

    code, status = "payment_needed", 402
    title = _("The payment didn't go through, so the plan stays as it was.")
    hint = _("Pay on the page of the payment service, or give another card and try again.")


class WebhookRefused(DomainError):
    """Nothing of it was kept."""

    code, status = "webhook_refused", 400
    title = _("This isn't an event of the connected account.")
