"""Stripe Connect: the platform opens an account for the brand, its owner says at Stripe who they are, and it is read
here how that stands. The platform's key acts for it (billing.gateway); what happens there comes in at one address of
the platform's (billing.platformhooks)."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction

from billing.connections import EVENTS, key_refused
from billing.errors import ConnectNotOffered, StripeKeyRefused
from billing.gateway import API_VERSION, ask, asking, client_for, is_live, plain, platform_key
from billing.locking import customer_alone
from billing.models import StripeConnection
from billing.times import at
from core import clock
from core.actor import Actor, system
from core.audit import audit_record
from core.outbox import outbox_add
from core.tenancy import current_schema
from tenants.context import platform_context
from tenants.models import PaymentAccount
from tenants.registry import brand_by_schema

Health, Mode = StripeConnection.Health, StripeConnection.Mode
# What the platform's endpoint hears of all accounts.
PLATFORM_EVENTS = (*EVENTS, "account.updated", "account.application.deauthorized")
# Where it is, on the platform's host.
PLATFORM_HOOK = "/hooks/stripe/"
ABOUT_THE_ACCOUNT = frozenset({"account.updated", "account.application.deauthorized"})
OWN = system("billing")


def connect_offered() -> bool:
    """Whether brands can be connected this way: without the secret nothing would be heard of them."""
    return bool(settings.STRIPE_PLATFORM_KEY and settings.STRIPE_PLATFORM_SECRETS)


def account_open(*, country: str, email: str, actor: Actor) -> StripeConnection:
    """Open an account for the brand, or find the one that is there; its owner has still to say who they are.

    Not in a transaction. ConnectNotOffered, StripeUnavailable, StripeRefused, Busy.
    """
    if not connect_offered():
        raise ConnectNotOffered()
    livemode = is_live(settings.STRIPE_PLATFORM_KEY)
    with customer_alone("connect"):
        mine = StripeConnection.objects.filter(mode=Mode.CONNECT, livemode=livemode)
        there = mine.exclude(health=Health.DISCONNECTED).order_by("pk").first()
        if there is not None:
            return there
        params = {"type": "standard", "country": country, "email": email, "metadata": {"brand": current_schema()}}
        made = _opened(params, number=mine.count(), livemode=livemode)
        _routed(made["id"], livemode=livemode)
        row = _kept(made, livemode, actor)
    return account_follow(connection=row)


def _opened(params: dict[str, Any], *, number: int, livemode: bool) -> dict[str, Any]:
    """A lost answer is asked for again under the same key, so that no second account is opened. number: of the
    brand's accounts before it."""
    digest = hashlib.sha256(msgspec.json.encode(params, order="sorted")).hexdigest()[:16]
    options = {"idempotency_key": f"stamgast-account-{current_schema()}-{number}-{digest}"}
    with asking():
        return plain(client_for(platform_key(livemode=livemode)).v1.accounts.create(params, options))  # type: ignore[arg-type]  # its types name each parameter


def _routed(account_id: str, *, livemode: bool) -> None:
    """From now on events of this account are the brand's."""
    brand = brand_by_schema(current_schema())
    assert brand is not None
    with platform_context():
        PaymentAccount.objects.get_or_create(
            account_id=account_id, livemode=livemode, defaults={"brand": brand, "opened_at": clock.now()}
        )


def _kept(made: dict[str, Any], livemode: bool, actor: Actor) -> StripeConnection:
    try:
        with transaction.atomic():
            row = StripeConnection.objects.create(
                mode=Mode.CONNECT, livemode=livemode, account_id=made["id"], current=False, api_version=API_VERSION,
                charges_enabled=False, created_at=clock.now(), verified_at=clock.now(),
            )  # fmt: skip
            _audited(row, "stripe.account_open", actor)
            return row
    except IntegrityError:
        return StripeConnection.objects.get(account_id=made["id"], livemode=livemode)


def onboarding_link(*, connection: StripeConnection, return_url: str, refresh_url: str, actor: Actor) -> str:
    """The address at Stripe where the account's owner says who they are: for once, and for some minutes. Not in a
    transaction. StripeUnavailable, StripeKeyRefused."""
    params: Any = {
        "account": connection.account_id, "return_url": return_url, "refresh_url": refresh_url,
        "type": "account_onboarding",
    }  # fmt: skip
    with asking():
        link = plain(client_for(platform_key(livemode=connection.livemode)).v1.account_links.create(params))
    _audited(connection, "stripe.onboarding", actor)
    return str(link["url"])


def account_follow(*, connection: StripeConnection) -> StripeConnection:
    """Read how the account stands. New subscriptions begin there as soon as it can take payments; one that can't be
    asked any more was disconnected. Not in a transaction. StripeUnavailable, StripeKeyRefused."""
    try:
        told = ask(connection, lambda v1: v1.accounts.retrieve_current())
    except StripeKeyRefused as error:
        if error.context.get("code_said") == "account_invalid":
            return account_gone(connection=connection)
        key_refused(connection, str(error.detail))
        raise
    asked = told.get("requirements") or {}
    shown = (told.get("settings") or {}).get("dashboard") or {}
    name = str(shown.get("display_name") or (told.get("business_profile") or {}).get("name") or "")
    with customer_alone("current"), transaction.atomic():
        row = StripeConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if row.health == Health.DISCONNECTED:
            # While Stripe was asked: an older answer brings nothing back.
            return row
        begins = bool(told.get("charges_enabled")) and not row.charges_enabled and _takes_over(row)
        row.charges_enabled = bool(told.get("charges_enabled"))
        row.requirements = [str(each) for each in asked.get("currently_due") or []][:50]
        row.asked_by = at(asked.get("current_deadline"))
        row.account_name = name[:200]
        row.health, row.problem = Health.GOOD, str(asked.get("disabled_reason") or "")[:200]
        row.verified_at = clock.now()
        if begins:
            StripeConnection.objects.filter(current=True).exclude(pk=row.pk).update(current=False)
            row.current = True
            _audited(row, "stripe.connect", OWN)
        row.save()
    return row


def _takes_over(row: StripeConnection) -> bool:
    """The first time that it can take payments; one that could before takes no other account's place."""
    others = StripeConnection.objects.filter(current=True).exclude(pk=row.pk)
    return not others.exists() or not row.objects_known.exists()


def account_gone(*, connection: StripeConnection, actor: Actor = OWN) -> StripeConnection:
    """Nobody joins there any more, and members keep what they paid for by our own clock. Where the account's owner took
    the platform's access away, the team is told once; actor: who of the team left it (billing.disconnecting)."""
    with transaction.atomic():
        row = StripeConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if row.health == Health.DISCONNECTED:
            return row
        row.health, row.current, row.charges_enabled = Health.DISCONNECTED, False, False
        row.disconnected_at, row.problem = clock.now(), actor.name[:200] if actor is not OWN else ""
        row.save(update_fields=["health", "current", "charges_enabled", "disconnected_at", "problem"])
        _audited(row, "stripe.disconnected", actor)
        if actor is OWN:
            outbox_add("billing.attention", {"connection_id": row.pk, "what": "disconnected"})
    return row


def _audited(row: StripeConnection, action: str, actor: Actor) -> None:
    audit_record(
        actor=actor.name, action=action, object_type="stripeconnection", object_id=row.pk,
        changes={"account": row.account_id, "livemode": row.livemode},
    )  # fmt: skip
