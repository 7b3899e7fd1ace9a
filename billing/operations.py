"""Writing at Stripe once: the row is there before the request, and its id is the idempotency key.

A lost answer leaves the row open; asking for the same again takes the same row, so Stripe gives the first answer. What
Stripe refused, or has answered, closes it: the same wish later is a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import stripe
from django.db import IntegrityError, transaction

from billing.errors import StripeUnavailable
from billing.gateway import asking, client_of, plain
from billing.models import BillingOperation, StripeConnection
from core import clock
from core.actor import Actor
from core.errors import DomainError
from core.failpoint import failpoint

Json = dict[str, Any]
State = BillingOperation.State
# Stripe forgets keys after a day at the earliest; an older row isn't asked again under its own.
KEYS_KNOWN = timedelta(hours=23)


def operation_run(
    *,
    connection: StripeConnection,
    kind: str,
    subject: str,
    params: Json,
    request: Callable[[Any, Json, Json], Any],
    actor: Actor,
    follow: Json | None = None,
) -> Json:
    """Ask Stripe for it. request(v1, params, options) makes the call; the answer comes as plain JSON.

    follow: what is to be written here of it, kept with the row until the caller has done so, for who finds that it
    never was.

    StripeUnavailable: it may have been carried out, and the same call again is safe. Otherwise billing.errors.
    """
    operation = _begun(connection, kind, subject, _digest(params), actor, follow)
    failpoint("billing.operation_begun")
    try:
        with asking():
            answer = plain(
                request(client_of(connection).v1, params, {"idempotency_key": str(operation.pk)}),
            )
    except StripeUnavailable as error:
        _note(operation, State.FAILED if _replayed(error) else State.OPEN, error=str(error.__cause__))
        raise
    except DomainError as error:
        _note(operation, State.FAILED, error=f"{error.code}: {error.detail}")
        BillingOperation.objects.filter(pk=operation.pk, follow__isnull=False).update(follow=None)
        raise
    failpoint("billing.operation_answered")
    _note(operation, State.DONE, stripe_id=str(answer.get("id") or ""))
    return answer


def operation_open(*, connection: StripeConnection, kind: str, subject: str, params: Json) -> bool:
    """Whether the very same was asked for and no answer came: it may have been carried out, and is no new wish."""
    return BillingOperation.objects.filter(
        connection=connection, kind=kind, subject=subject, digest=_digest(params), state=State.OPEN,
        made_at__gte=clock.now() - KEYS_KNOWN,
    ).exists()  # fmt: skip


def _digest(params: Json) -> str:
    return hashlib.sha256(msgspec.json.encode(params, order="sorted")).hexdigest()


def _begun(
    connection: StripeConnection, kind: str, subject: str, digest: str, actor: Actor, follow: Json | None
) -> BillingOperation:
    """The open row of the same wish, or a new one."""
    told = {"connection": connection, "kind": kind, "subject": subject, "digest": digest}
    now = clock.now()
    BillingOperation.objects.filter(**told, state=State.OPEN, made_at__lt=now - KEYS_KNOWN).update(
        state=State.FAILED, error="given up: the answer was never had", done_at=now
    )
    for _attempt in range(3):
        found = BillingOperation.objects.filter(**told, state=State.OPEN).first()
        if found is not None:
            return found
        try:
            with transaction.atomic():
                return BillingOperation.objects.create(**told, follow=follow, actor=actor.name[:120], made_at=now)
        except IntegrityError:
            continue
    raise StripeUnavailable()


def _note(operation: BillingOperation, state: str, *, stripe_id: str = "", error: str = "") -> None:
    BillingOperation.objects.filter(pk=operation.pk).exclude(state=State.DONE).update(
        state=state,
        stripe_id=stripe_id,
        error=error[:300],
        done_at=clock.now() if state != State.OPEN else None,
    )


def _replayed(error: StripeUnavailable) -> bool:
    """A failure of Stripe's own that it keeps under the key: asking under that key again would only give it again."""
    cause = error.__cause__
    headers = getattr(cause, "headers", None) or {}
    return isinstance(cause, stripe.APIError) and headers.get("idempotent-replayed") == "true"
