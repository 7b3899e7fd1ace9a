"""Another card: given on Stripe's page, then the one that pays, and what is open is paid with it at once."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from billing.acting import account_of, reread
from billing.catalog import OWN
from billing.customers import customer_ensure, customer_of
from billing.errors import CardDeclined, NotPossibleNow, StripeRefused
from billing.gateway import ask
from billing.joining import Joined
from billing.models import Checkout, Invoice, StripeConnection, Subscription
from billing.operations import operation_run
from billing.syncing import customer_sync
from billing.times import at_known
from core import clock
from core.actor import Actor

Json = dict[str, Any]


def card_change(*, subscription: Subscription, success_url: str, cancel_url: str, actor: Actor) -> Joined:
    """The page on which a member gives another card. Not in a transaction. NotPossibleNow, billing.errors."""
    row = reread(subscription)
    if row.connection is None or row.plan.kind != "recurring" or row.ended_at is not None:
        raise NotPossibleNow(_("The subscription doesn’t run."), state=row.billing)
    connection = account_of(row)
    assert row.price is not None
    params = {
        "mode": "setup",
        "customer": customer_ensure(connection, row.member, actor),
        "currency": row.price.currency.lower(),
        "success_url": success_url,
        "cancel_url": cancel_url,
        "metadata": {"subscription": str(row.public_id)},
        "locale": row.member.language if row.member.language in ("en", "nl") else "auto",
    }
    made = operation_run(
        connection=connection, kind="card_page", subject=str(row.public_id), params=params, actor=actor,
        request=lambda v1, given, options: v1.checkout.sessions.create(given, options),
    )  # fmt: skip
    checkout, _new = Checkout.objects.get_or_create(
        stripe_id=made["id"],
        defaults={
            "connection": connection, "member": row.member, "purpose": Checkout.Purpose.CARD, "subscription": row,
            "group": row.group, "created_at": clock.now(), "expires_at": at_known(made["expires_at"]),
        },
    )  # fmt: skip
    return Joined(checkout=checkout, url=str(made["url"]))


def card_taken(connection: StripeConnection, session: str) -> None:
    """A page for a card was finished: the card pays from now on, and what is open is tried with it.

    Told again it does the same again, which is nothing. A card that declines is told by the invoice.
    """
    row = (
        Checkout.objects.select_related("subscription__member", "member")
        .filter(connection=connection, stripe_id=session, purpose=Checkout.Purpose.CARD)
        .first()
    )
    if row is None or row.subscription is None:
        return
    told = ask(connection, lambda v1: v1.checkout.sessions.retrieve(session, {"expand": ["setup_intent"]}))
    intent = told.get("setup_intent")
    card = intent.get("payment_method") if isinstance(intent, dict) else None
    if told["status"] != "complete" or not card:
        return
    _card_put(connection, row.subscription, str(told["customer"]), str(card))
    customer_sync(connection, str(told["customer"]))
    open_pay(row.subscription, OWN)


def _card_put(connection: StripeConnection, subscription: Subscription, customer: str, card: str) -> None:
    """Both the customer's and the subscription's: the second wins where it is set."""
    operation_run(
        connection=connection, kind="card_customer", subject=customer, actor=OWN,
        params={"invoice_settings": {"default_payment_method": card}},
        request=lambda v1, given, options: v1.customers.update(customer, given, options),
    )  # fmt: skip
    named = str(subscription.stripe_id)
    try:
        operation_run(
            connection=connection, kind="card_subscription", subject=named, actor=OWN,
            params={"default_payment_method": card},
            request=lambda v1, given, options: v1.subscriptions.update(named, given, options),
        )  # fmt: skip
    except StripeRefused:
        # It ended meanwhile: the card is the customer's all the same.
        return


def open_pay(subscription: Subscription, actor: Actor) -> bool:
    """Try what is open, oldest first, and, of a subscription that stays unpaid, the newest draft that waits behind it.

    Whether all of it is paid. A decline is noted on the invoice, and ends it. Not in a transaction.
    """
    row = reread(subscription)
    if row.connection is None:
        return True
    customer = customer_of(row.connection, row.member)
    try:
        for invoice in Invoice.objects.filter(subscription=row, status=Invoice.Status.OPEN).order_by("created_at"):
            _pay(row.connection, invoice.stripe_id, actor)
        if row.billing == Subscription.Billing.UNPAID:
            _draft_pay(row, actor)
    except CardDeclined:
        return False
    finally:
        if customer is not None:
            customer_sync(row.connection, customer)
    return not Invoice.objects.filter(subscription=row, status=Invoice.Status.OPEN).exists()


def _pay(connection: StripeConnection, invoice: str, actor: Actor) -> None:
    try:
        operation_run(
            connection=connection, kind="invoice_pay", subject=invoice, params={}, actor=actor,
            request=lambda v1, given, options: v1.invoices.pay(invoice, given, options),
        )  # fmt: skip
    except CardDeclined:
        raise
    except StripeRefused:
        # Paid or void meanwhile; reading tells.
        return


def _draft_pay(row: Subscription, actor: Actor) -> None:
    """Stripe makes drafts for a subscription that is unpaid and sends none of them: the newest brings it up to date."""
    draft = Invoice.objects.filter(subscription=row, status=Invoice.Status.DRAFT).order_by("-created_at").first()
    if draft is None:
        return
    connection, named = account_of(row), draft.stripe_id
    operation_run(
        connection=connection, kind="invoice_finalize", subject=named, params={}, actor=actor,
        request=lambda v1, given, options: v1.invoices.finalize_invoice(named, given, options),
    )  # fmt: skip
    _pay(connection, named, actor)
