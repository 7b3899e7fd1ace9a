"""The brand's account at Stripe: connected, given a new key, disconnected. A key goes in and never comes out again."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.errors import AccountChanged, KeyNotAccepted, StripeKeyRefused, StripeMissing, StripeNotConnected
from billing.gateway import (
    API_VERSION,
    KEY_PURPOSE,
    OLD_SECRET_PURPOSE,
    SECRET_PURPOSE,
    ask,
    ask_all,
    asking,
    client_for,
    is_live,
    plain,
)
from billing.locking import customer_alone
from billing.models import StripeConnection
from billing.operations import operation_run
from billing.times import seconds_of
from core import clock
from core.actor import Actor, system
from core.audit import audit_record
from core.outbox import outbox_add
from core.secrets import seal, unseal
from tenants.links import brand_url
from tenants.registry import brand_by_schema

Health = StripeConnection.Health
KEY = re.compile(r"(rk|sk)_(test|live)_[A-Za-z0-9_]{4,200}\Z")
# How long webhooks that were signed with the secret before are still taken.
OLD_SECRET_KEPT = timedelta(hours=24)
# An endpoint that is younger may be somebody's who is at it.
BEING_MADE = timedelta(hours=1)
OWN = system("billing")
EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.deleted",
    "customer.updated",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.updated",
    "invoice.upcoming",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "charge.refunded",
    "charge.refund.updated",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "payment_intent.succeeded",
    "subscription_schedule.released",
    "subscription_schedule.canceled",
    "setup_intent.succeeded",
    "price.updated",
    "product.updated",
)


def connection_now() -> StripeConnection:
    """The account that new subscriptions begin at. StripeNotConnected."""
    found = StripeConnection.objects.filter(current=True).first()
    if found is None:
        raise StripeNotConnected()
    return found


def connection_add(*, key: str, actor: Actor) -> StripeConnection:
    """Connect the account of a restricted key: it is tried, the webhook endpoint is made, and it is the one in use.

    KeyNotAccepted, StripeKeyRefused, StripeUnavailable. Not in a transaction.
    """
    key = _key_read(key)
    account = _account_of(key)
    # Of two who connect at once, or beside an account that begins to take payments, one is the one in use.
    with customer_alone("current"), transaction.atomic():
        row = StripeConnection.objects.filter(account_id=account["id"], livemode=is_live(key)).first()
        row = row or StripeConnection(account_id=account["id"], livemode=is_live(key), created_at=clock.now())
        StripeConnection.objects.filter(current=True).exclude(pk=row.pk).update(current=False)
        row.current = True
        # One that the platform acted for before goes by its own key from now on.
        row.mode, row.charges_enabled, row.requirements = StripeConnection.Mode.API_KEY, True, []
        row.asked_by = row.disconnected_at = None
        _key_put(row, key, account)
        row.save()
        _audited(row, "stripe.connect", actor)
    endpoint_ensure(connection=row, actor=actor)
    return row


def connection_key_change(*, connection: StripeConnection, key: str, actor: Actor) -> StripeConnection:
    """Put another key of the same account and mode in the place of the one there is. AccountChanged, KeyNotAccepted,
    StripeKeyRefused: the old one stays then. Not in a transaction."""
    key = _key_read(key)
    account = _account_of(key)
    if account["id"] != connection.account_id or is_live(key) != connection.livemode:
        raise AccountChanged(field="key")
    with transaction.atomic():
        row = StripeConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        _key_put(row, key, account)
        row.save()
        _audited(row, "stripe.key_change", actor)
    if not row.endpoint_id:
        endpoint_ensure(connection=row, actor=actor)
    return row


def _key_read(key: str) -> str:
    key = key.strip()
    if KEY.match(key) is None:
        raise KeyNotAccepted(_("A restricted key starts with rk_test_ or rk_live_."), field="key")
    if key.startswith("sk_"):
        raise KeyNotAccepted(
            _("This is a secret key, which may do everything. Make a restricted one, which starts with rk_."),
            field="key",
        )
    return key


def _account_of(key: str) -> dict[str, Any]:
    with asking():
        return plain(client_for(key).v1.accounts.retrieve_current())


def _key_put(row: StripeConnection, key: str, account: dict[str, Any]) -> None:
    shown = (account.get("settings") or {}).get("dashboard") or {}
    profile = account.get("business_profile") or {}
    row.account_name = str(shown.get("display_name") or profile.get("name") or "")[:200]
    row.sealed_key, row.key_last4 = seal(key, purpose=KEY_PURPOSE), key[-4:]
    row.api_version, row.verified_at = API_VERSION, clock.now()
    row.health, row.problem = Health.GOOD, ""


def _audited(row: StripeConnection, action: str, actor: Actor) -> None:
    audit_record(
        actor=actor.name,
        action=action,
        object_type="stripeconnection",
        object_id=row.pk,
        changes={"account": row.account_id, "livemode": row.livemode, "key": f"…{row.key_last4}"},
    )


# --- the webhook's endpoint ------------------------------------------------------------------------------------------
def hook_url(connection: StripeConnection) -> str:
    """On the brand's permanent host: custom domains come and go."""
    brand = brand_by_schema(database.schema_name)  # type: ignore[attr-defined]  # the tenants' backend adds it
    assert brand is not None
    return brand_url(brand, f"/hooks/stripe/{connection.public_id}/")


def endpoint_ensure(*, connection: StripeConnection, actor: Actor) -> None:
    """Make the endpoint at Stripe, with the API's version pinned; its secret is told once, and sealed. Not in a
    transaction."""
    if connection.endpoint_id:
        return
    _endpoint_made(connection, actor, old_secret="")


def secret_rotate(*, connection: StripeConnection, actor: Actor) -> None:
    """A new endpoint with a new secret takes the old one's place. What was signed with the old is taken for a day.

    Not in a transaction.
    """
    old = connection.endpoint_id
    secret = unseal(connection.sealed_secret, purpose=SECRET_PURPOSE) if connection.sealed_secret else ""
    _endpoint_made(connection, actor, old_secret=secret)
    if old:
        _endpoint_delete(connection, old, actor)


def _endpoint_delete(connection: StripeConnection, named: str, actor: Actor) -> None:
    with suppress(StripeMissing):
        operation_run(
            connection=connection, kind="endpoint_delete", subject=named, params={}, actor=actor,
            request=lambda v1, _params, options: v1.webhook_endpoints.delete(named, options=options),
        )  # fmt: skip


def _endpoint_made(connection: StripeConnection, actor: Actor, *, old_secret: str) -> None:
    params = {
        "url": hook_url(connection),
        "enabled_events": list(EVENTS),
        "api_version": API_VERSION,
        "metadata": {"stamgast": str(connection.public_id), "before": connection.endpoint_id},
    }
    made = operation_run(
        connection=connection, kind="endpoint_create", subject=str(connection.public_id), params=params, actor=actor,
        request=lambda v1, given, options: v1.webhook_endpoints.create(given, options),
    )  # fmt: skip
    with transaction.atomic():
        row = StripeConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        row.endpoint_id = made["id"]
        row.sealed_secret = seal(made["secret"], purpose=SECRET_PURPOSE)
        row.sealed_old_secret = seal(old_secret, purpose=OLD_SECRET_PURPOSE) if old_secret else ""
        # Signatures stand on wall time, and so does the end of a secret's life.
        row.old_secret_until = timezone.now() + OLD_SECRET_KEPT if old_secret else None  # noqa: TID251  (wall time: signatures)
        row.save(update_fields=["endpoint_id", "sealed_secret", "sealed_old_secret", "old_secret_until"])
        _audited(row, "stripe.endpoint", actor)
    connection.refresh_from_db()


def secrets_of(connection: StripeConnection, wall: datetime) -> list[str]:
    """What a webhook may be signed with at that time of the wall's clock."""
    found = [unseal(connection.sealed_secret, purpose=SECRET_PURPOSE)] if connection.sealed_secret else []
    if connection.sealed_old_secret and connection.old_secret_until and wall < connection.old_secret_until:
        found.append(unseal(connection.sealed_old_secret, purpose=OLD_SECRET_PURPOSE))
    return found


def endpoints_tidy(*, connection: StripeConnection) -> int:
    """Take away what a process that died left at Stripe: an endpoint of ours whose secret nobody kept, or an old one
    that was to go. Stripe would send to it for days, and every one of those would be refused. How many. Not in a
    transaction. StripeUnavailable, StripeKeyRefused."""
    if connection.mode != StripeConnection.Mode.API_KEY:
        return 0
    listed = list(ask_all(connection, lambda v1, page: v1.webhook_endpoints.list(page)))
    before = seconds_of(clock.now() - BEING_MADE)
    row = StripeConnection.objects.get(pk=connection.pk)
    left = [
        str(each["id"]) for each in listed
        if (each.get("metadata") or {}).get("stamgast") == str(row.public_id)
        and each["id"] != row.endpoint_id and int(each["created"]) < before
    ]  # fmt: skip
    for each in left:
        _endpoint_delete(row, each, OWN)
    return len(left)


# --- health ----------------------------------------------------------------------------------------------------------
def connection_check(*, connection: StripeConnection) -> bool:
    """Ask Stripe whether the key still works, and note it. Not in a transaction."""
    try:
        ask(connection, lambda v1: v1.accounts.retrieve_current())
    except StripeKeyRefused as error:
        key_refused(connection, str(error.detail))
        return False
    there = StripeConnection.objects.filter(pk=connection.pk).exclude(health=Health.DISCONNECTED)
    there.update(health=Health.GOOD, problem="", verified_at=clock.now())
    return True


def key_refused(connection: StripeConnection, said: str) -> None:
    """The team is told once. Members keep what they have: access goes by what is known here."""
    with transaction.atomic():
        row = StripeConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if row.health == Health.DISCONNECTED:
            return
        fresh = row.health == Health.GOOD
        row.health, row.problem = Health.KEY_REFUSED, said[:200]
        row.save(update_fields=["health", "problem"])
        if fresh:
            outbox_add("billing.attention", {"connection_id": row.pk, "what": "key_refused"})
