"""An order's way: to be ordered → sent → placed → delivered, or failed with the points back.

The questions to the supplier are asked outside of any transaction. Before the first one leaves, the row says "sent", so
that whoever finds it after a crash knows that something may have happened, and looks it up by its key before anything
is asked again. The key is the redemption's id, so asking twice orders once.

Points are given back only when it is certain that nothing comes any more: the supplier said so, and nothing that was
sent can still be on its way (SETTLES). An order of which that can't be said waits for a person.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec
from django.db import transaction
from django.db.models import Q

from core import clock
from core.outbox import outbox_add
from loyalty import ledger
from rewards.models import Redemption
from rewards.suppliers.accounts import attention, sale_stop, supplier_of
from rewards.suppliers.models import SupplierConnection, SupplierOrder, SupplierProduct
from rewards.suppliers.protocol import Code, Retryable, Standing, Supplier, SupplierError, Terminal, Wanted
from rewards.suppliers.settling import order_deliver, order_fail

log = logging.getLogger(__name__)

State = SupplierOrder.State
WORKING = (State.WAITING, State.SENT, State.PLACED)
# Longer than all questions of one step may take together.
LEASE = timedelta(seconds=90)
# After which nothing that was sent before can still arrive.
SETTLES = timedelta(minutes=2)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=30)
# How long an order is tried that surely isn't there; how long one may stay on its way before a person looks at it.
GIVE_UP, OVERDUE = timedelta(hours=24), timedelta(days=7)
WRONG_CODES = 5


class Said(msgspec.Struct, frozen=True):
    """What came of asking. Without standing and error: there surely was no order with that key when it was asked.

    placing: the error is the answer to placing it.
    """

    standing: Standing | None = None
    codes: tuple[Code, ...] = ()
    error: SupplierError | None = None
    placing: bool = False


def order_make(redemption: Redemption, *, product: SupplierProduct, value_minor: int) -> SupplierOrder:
    """For a redemption of a supplier's reward; in the transaction that makes it final."""
    now = clock.now()
    order = SupplierOrder.objects.create(
        redemption=redemption,
        connection=product.connection,
        product=product,
        value_minor=value_minor,
        money_currency=product.money_currency,
        created_at=now,
        next_at=now,
    )
    outbox_add("supplier.order_due", {"order_id": order.pk})
    return order


def orders_due(limit: int = 100) -> list[int]:
    now = clock.now()
    free = Q(runner=None) | Q(runner_until__lt=now)
    rows = SupplierOrder.objects.filter(free, state__in=WORKING, next_at__lte=now)
    return list(rows.order_by("next_at", "pk").values_list("pk", flat=True)[:limit])


def orders_work(limit: int = 100) -> int:
    """Take every due order a step further. How many were looked at."""
    due = orders_due(limit)
    for pk in due:
        try:
            order_step(pk)
        except Exception as error:  # noqa: BLE001  (one order's trouble must not keep the others; its lease ends)
            log.warning("order %s at a supplier not worked on: %s", pk, type(error).__name__)
    return len(due)


def order_step(order_id: int) -> SupplierOrder:
    """Take one order as far as the supplier lets it come now. Not in a transaction; safe beside others who do."""
    runner = uuid4()
    taken = _take(order_id, runner)
    if taken is not None:
        order, fresh = taken
        said = _ask(order, fresh)
        _note(order, runner, said, fresh)
    return SupplierOrder.objects.get(pk=order_id)


def _take(order_id: int, runner: UUID) -> tuple[SupplierOrder, bool] | None:
    """Put one's name on it, and write down that something is about to leave. fresh: nothing has ever left before."""
    now = clock.now()
    with transaction.atomic():
        order = (
            SupplierOrder.objects.select_for_update(of=("self",))
            .select_related("connection", "product")
            .get(pk=order_id)
        )
        taken = order.runner is not None and order.runner_until is not None and order.runner_until >= now
        if order.state not in WORKING or taken:
            return None
        fresh = order.state == State.WAITING
        if fresh:
            order.state, order.sent_at = State.SENT, now
        order.runner, order.runner_until, order.attempts = runner, now + LEASE, order.attempts + 1
        order.save()
    return order, fresh


def _ask(order: SupplierOrder, fresh: bool) -> Said:
    """The questions of one step, and what they came to."""
    supplier = supplier_of(order.connection)
    standing: Standing | None = None
    placing = False
    try:
        standing = None if fresh else supplier.find(_key(order))
        if standing is None and _may_place(order):
            placing = True
            standing = _place(order, supplier, fresh)
        if standing is not None and standing.state == "delivered":
            return Said(standing, supplier.codes(standing.ref))
        return Said(standing)
    except SupplierError as error:
        return Said(standing, error=error, placing=placing)


def _may_place(order: SupplierOrder) -> bool:
    """Not when it was placed before, nor while a refusal waits for what may still be on its way."""
    return order.state == State.SENT and not order.failure


def _place(order: SupplierOrder, supplier: Supplier, fresh: bool) -> Standing:
    if not fresh:
        SupplierOrder.objects.filter(pk=order.pk, runner=order.runner).update(sent_at=clock.now())
    wanted = Wanted(_key(order), order.product.external_id, order.value_minor, order.money_currency)
    return supplier.place(wanted)


def _key(order: SupplierOrder) -> str:
    return str(order.redemption_id)


# --- what follows ----------------------------------------------------------------------------------------------------
def _note(taken: SupplierOrder, runner: UUID, said: Said, fresh: bool) -> None:
    """Write down what came of it, unless somebody else has taken the order meanwhile."""
    if isinstance(said.error, Retryable):
        _account_note(taken, said.error)
    with transaction.atomic():
        order = order_locked(taken.pk)
        if order.runner != runner:
            return
        order.runner, order.runner_until = None, None
        order.last_error = f"{said.error.code}: {said.error.said}"[:200] if said.error is not None else ""
        if said.standing is not None:
            _standing_note(order, said)
        elif said.error is not None:
            _error_note(order, said.error, fresh=fresh, placing=said.placing)
        else:
            _absent_note(order)


def order_locked(order_id: int) -> SupplierOrder:
    """The member's lock first, as everywhere that points may move; then the order."""
    enrollment_id = SupplierOrder.objects.values_list("redemption__enrollment_id", flat=True).get(pk=order_id)
    ledger.enrollment_lock(enrollment_id)
    rows = SupplierOrder.objects.select_for_update(of=("self",)).select_related(
        "connection", "product", "redemption__reward", "redemption__enrollment__member"
    )
    return rows.get(pk=order_id)


def _account_note(order: SupplierOrder, error: SupplierError) -> None:
    """Some refusals are about the account, not about the order: the sale stops until somebody has looked at it."""
    reasons = {
        "no_funds": SupplierConnection.Pause.LOW_BALANCE,
        "key_refused": SupplierConnection.Pause.KEY_REFUSED,
    }
    if error.code in reasons:
        problem = f"{error.code}: {error.said}"
        sale_stop(connection_id=order.connection_id, reason=reasons[error.code], problem=problem)


def _standing_note(order: SupplierOrder, said: Said) -> None:
    standing = said.standing
    assert standing is not None
    order.ref, order.charged_minor = standing.ref, standing.charged_minor
    wanted = (order.product.external_id, order.value_minor, order.money_currency)
    if (standing.product, standing.value_minor, standing.currency) != wanted:
        _stick(order, "other_amount")
    elif standing.state == "failed":
        order.last_error = standing.reason[:200]
        order_fail(order, failure=order.failure or "failed_there")
    elif standing.state == "delivered" and said.error is None:
        if not order_deliver(order, said.codes):
            _wrong_code(order)
    else:
        order.state = State.PLACED
        if order.created_at < clock.now() - OVERDUE:
            _stick(order, "overdue")
        elif said.error is not None and said.error.code == "wrong_code":
            _wrong_code(order)
        else:
            _later(order)


def _wrong_code(order: SupplierOrder, problem: str = "wrong_code") -> None:
    """Asked for again a few times; then a person has to ask the supplier."""
    order.state = State.PLACED
    order.wrong_codes += 1
    if order.wrong_codes >= WRONG_CODES:
        _stick(order, problem)
    else:
        _later(order)


def _error_note(order: SupplierOrder, error: SupplierError, *, fresh: bool, placing: bool) -> None:
    """Asking failed. What has surely never left can wait or be given up; all else stays as it is."""
    refused = placing and isinstance(error, Terminal)
    if fresh and isinstance(error, Terminal | Retryable):
        order.state = State.WAITING
        if refused or _too_old(order):
            order_fail(order, failure=error.code)
        else:
            _later(order)
    elif refused or (placing and isinstance(error, Retryable) and _too_old(order)):
        # What was sent before, without an answer, may still arrive: look once more when that is over.
        order.failure = error.code[:40]
        _later(order, at=clock.now() + SETTLES)
    elif _too_old(order):
        _stick(order, "no_answer")
    else:
        _later(order)


def _absent_note(order: SupplierOrder) -> None:
    """There surely was none when it was asked, and none was placed: it was refused, or it was there before."""
    settled = order.sent_at is not None and order.sent_at <= clock.now() - SETTLES
    if order.state == State.PLACED:
        _wrong_code(order, "gone_there")
    elif order.failure and settled:
        order_fail(order, failure=order.failure)
    else:
        _later(order, at=(order.sent_at or clock.now()) + SETTLES + timedelta(seconds=1))


def _too_old(order: SupplierOrder) -> bool:
    return order.created_at < clock.now() - GIVE_UP


def _stick(order: SupplierOrder, problem: str) -> None:
    order.state, order.failure, order.next_at = State.STUCK, problem, None
    order.save()
    attention(order.connection, "stuck", order_id=order.pk)


def _later(order: SupplierOrder, *, at: datetime | None = None) -> None:
    """Twice as late each time."""
    wait = min(FIRST_WAIT * 2 ** min(max(order.attempts - 1, 0), 12), LONGEST_WAIT)
    order.next_at = at or clock.now() + wait
    order.save()
