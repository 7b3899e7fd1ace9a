"""Working what Stripe sent: the customer it is about is read anew, and all that waits about them is done with it."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import F, Q

from billing.cards import card_taken
from billing.catalog import PRICE, PRODUCT, ref_of
from billing.connecting import ABOUT_THE_ACCOUNT, account_follow
from billing.connections import key_refused
from billing.errors import StripeKeyRefused, StripeMissing
from billing.gateway import ask
from billing.models import Checkout, StripeConnection, StripeEvent
from billing.sweeping import one_by_one
from billing.syncing import customer_sync
from core import clock
from core.errors import Busy, DomainError
from core.failpoint import failpoint

log = logging.getLogger(__name__)

State = StripeEvent.State
MOST_ATTEMPTS = 12
AT_ONCE = 200


def event_work(event_id: int, *, or_beside: bool = False) -> None:
    """Work one event, and with it whatever else waits about the same customer. Nothing where it is done or gone.

    or_beside: where it is done, another one of the same customer: a worker is sent once for several.
    """
    event = StripeEvent.objects.select_related("connection").filter(pk=event_id).first()
    if event is not None and event.state != State.WAITING:
        event = _beside(event) if or_beside else None
    if event is None:
        return
    connection = event.connection
    try:
        customer = event.customer or _customer_behind(connection, event)
        mine = StripeEvent.objects.filter(connection=connection, state=State.WAITING)
        mine = mine.filter(customer=customer) if customer else mine.filter(pk=event.pk)
        # Those that come in while Stripe is asked wait for the next round: what they tell may not be in the answer.
        ids = [*mine.values_list("pk", flat=True), event.pk]
        _sessions_follow(connection, ids)
        if customer:
            customer_sync(connection, customer)
        else:
            _things_follow(connection, event)
        failpoint("billing.event_worked")
    except DomainError as error:
        _later(event, f"{error.code}: {error.detail}", counts=not isinstance(error, StripeKeyRefused | Busy))
        return
    except Exception as error:
        log.exception("event %s of Stripe could not be worked", event.event_id)
        _later(event, type(error).__name__, counts=True)
        raise
    # One that was taken out of quarantine meanwhile may be about somebody else now: it waits.
    read = StripeEvent.objects.filter(pk__in=ids, customer=event.customer)
    read.update(state=State.DONE, done_at=clock.now(), error="", next_at=None)


def _beside(event: StripeEvent) -> StripeEvent | None:
    """Another of the same customer that is due."""
    if not event.customer:
        return None
    rows = StripeEvent.objects.select_related("connection").filter(
        Q(next_at__isnull=True) | Q(next_at__lte=clock.now()), connection=event.connection_id,
        customer=event.customer, state=State.WAITING,
    )  # fmt: skip
    return rows.order_by("pk").first()


def _later(event: StripeEvent, said: str, *, counts: bool) -> None:
    """Once more, later and later; after many times somebody has to look. Members keep what they have meanwhile."""
    attempts = event.attempts + 1
    over = counts and attempts >= MOST_ATTEMPTS
    # Another worker may have worked it meanwhile, as it works all that wait about a customer.
    StripeEvent.objects.filter(pk=event.pk).exclude(state=State.DONE).update(
        attempts=F("attempts") + 1,
        error=said[:300],
        next_at=clock.now() + timedelta(seconds=min(5 * 2**attempts, 3600)),
        state=State.FAILED if over else State.WAITING,
    )


def events_work() -> int:
    """The sweep's part: what waits, oldest first. How many were looked at."""
    now = clock.now()
    due = StripeEvent.objects.filter(Q(next_at__isnull=True) | Q(next_at__lte=now), state=State.WAITING)
    ids = list(due.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    one_by_one(ids, event_work, "event")
    return len(ids)


def event_replay(event: StripeEvent) -> None:
    """Work it once more, from what is kept: its signature was looked at when it came."""
    StripeEvent.objects.filter(pk=event.pk).update(state=State.WAITING, attempts=0, next_at=None, error="")
    event_work(event.pk)


def _customer_behind(connection: StripeConnection, event: StripeEvent) -> str:
    """Of what doesn't name its customer: a dispute names the charge."""
    thing = event.body["data"]["object"]
    if thing.get("object") != "dispute" or not thing.get("charge"):
        return ""
    try:
        charge = ask(connection, lambda v1: v1.charges.retrieve(str(thing["charge"])))
    except StripeKeyRefused as error:
        key_refused(connection, str(error.detail))
        raise
    except StripeMissing:
        return ""
    return str(charge.get("customer") or "")


def _sessions_follow(connection: StripeConnection, ids: list[int]) -> None:
    """Pages that are over; what a finished one brought is read with the customer."""
    told = {"checkout.session.completed": "complete", "checkout.session.expired": "expired"}
    events = StripeEvent.objects.filter(pk__in=ids, type__in=told).values_list("type", "object_id")
    for kind, session in events:
        open_one = Checkout.objects.filter(connection=connection, stripe_id=session).exclude(state="complete")
        open_one.update(state=told[kind])
        if told[kind] == "complete":
            card_taken(connection, session)


def _things_follow(connection: StripeConnection, event: StripeEvent) -> None:
    """The account itself is read anew. A price or a product that somebody changed in the dashboard: noted, since what
    we sell is ours to say."""
    if event.type in ABOUT_THE_ACCOUNT:
        account_follow(connection=connection)
        return
    thing = event.body["data"]["object"]
    kind = {"price": PRICE, "product": PRODUCT}.get(str(thing.get("object")))
    if (
        kind is not None
        and ref_of(connection, kind, str(thing.get("id"))) is not None
        and not thing.get("active", True)
    ):
        log.warning("%s %s is archived at Stripe", kind, thing.get("id"))
