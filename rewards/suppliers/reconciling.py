"""Our orders beside the supplier's list, by key. Repaired is what can only be right one way: an order that is open here
and closed there is asked for and closed here. All else is told, for a person to settle with the supplier.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from rewards.suppliers.accounts import supplier_of
from rewards.suppliers.models import SupplierConnection, SupplierDifference, SupplierOrder, SupplierReconciliation
from rewards.suppliers.ordering import OVERDUE, order_step
from rewards.suppliers.pricing import cost_of, shown
from rewards.suppliers.protocol import Standing, Supplier, SupplierError

State, Kind = SupplierOrder.State, SupplierDifference.Kind
# Their clock isn't ours, and an order may have been placed long after it was made.
SLACK = timedelta(days=1)
LONGEST = timedelta(days=92)
MOST_PAGES = 5_000
# Ours that were sent less long ago may not be in their list yet.
FRESH = timedelta(minutes=10)


def suppliers_reconcile(
    *, connection: SupplierConnection, since: datetime, until: datetime, actor: Actor
) -> SupplierReconciliation:
    """Compare the orders that were made from since until before until. Not in a transaction. InvalidInput.

    A supplier that can't be asked leaves a comparison that says so, and nothing else.
    """
    if not since < until or until - since > LONGEST:
        raise InvalidInput(_("Give a span of at most 92 days."), field="until")
    row = SupplierReconciliation.objects.create(
        connection=connection, since=since, until=until, started_at=clock.now(), requested_by=actor.name
    )
    try:
        theirs = list(_listed(supplier_of(connection), since, until))
        _compare(row, theirs)
    except SupplierError as error:
        row.problem = f"{error.code}: {error.said}"[:200]
    row.finished_at = clock.now()
    row.save()
    return row


def _listed(supplier: Supplier, since: datetime, until: datetime) -> Iterator[Standing]:
    """Theirs of that span, on the wall's clock and with slack at both ends."""
    ahead = clock.now() - timezone.now()  # noqa: TID251  (the supplier's books stand on wall time)
    after: str | None = None
    for _page in range(MOST_PAGES):
        page = supplier.orders(since - ahead - SLACK, until - ahead + SLACK, after)
        yield from page.orders
        if page.after is None:
            return
        after = page.after


def _compare(row: SupplierReconciliation, theirs: Iterable[Standing]) -> None:
    by_key: dict[str, list[Standing]] = defaultdict(list)
    for each in theirs:
        by_key[each.key].append(each)
    ours = {str(each.redemption_id): each for each in _ours(row)}
    # Theirs that are ours of another day: looked at all the same.
    known = _known(row.connection, [key for key in by_key if key not in ours])
    row.ours, row.theirs = len(ours), sum(len(each) for each in by_key.values())
    supplier = supplier_of(row.connection)
    for key, order in [*ours.items(), *known.items()]:
        there = by_key.get(key) or _asked(supplier, order)
        differs = list(_differences(order, there))
        for kind, told in differs:
            _note(row, kind, order, there, told)
        row.agreed += key in ours and not differs
    for key, strangers in by_key.items():
        if key not in ours and key not in known:
            told = {"theirs": _words(strangers)}
            SupplierDifference.objects.create(
                reconciliation=row, kind=Kind.UNKNOWN_HERE, key=key[:200], ref=strangers[0].ref, **told
            )


def _ours(row: SupplierReconciliation) -> Iterable[SupplierOrder]:
    found = SupplierOrder.objects.filter(connection=row.connection, created_at__gte=row.since, created_at__lt=row.until)
    return found.select_related("product", "connection").order_by("pk")


def _known(connection: SupplierConnection, keys: list[str]) -> dict[str, SupplierOrder]:
    uuids = [each for each in map(_uuid, keys) if each is not None]
    found = SupplierOrder.objects.filter(connection=connection, redemption_id__in=uuids)
    return {str(each.redemption_id): each for each in found.select_related("product", "connection")}


def _uuid(key: str) -> UUID | None:
    """Of a key that can be one of ours. The account may be used by others as well."""
    try:
        found = UUID(key)
    except ValueError:
        return None
    return found if str(found) == key else None


def _asked(supplier: Supplier, order: SupplierOrder) -> list[Standing]:
    """One that isn't in the list: by its key, since the list may have an edge that we don't know of."""
    if order.state == State.WAITING:
        return []
    found = supplier.find(str(order.redemption_id))
    return [found] if found is not None else []


def _differences(order: SupplierOrder, there: list[Standing]) -> Iterator[tuple[str, dict[str, str]]]:
    if not there:
        fresh = order.sent_at is not None and order.sent_at > clock.now() - FRESH
        if order.state in (State.PLACED, State.DELIVERED) or (order.state == State.SENT and not fresh):
            yield Kind.MISSING_THERE, {"ours": _here(order)}
        return
    charged = [each for each in there if each.state != "failed"]
    if len(charged) > 1:
        yield Kind.DOUBLED, {"theirs": _words(charged)}
    there_is = charged[0] if charged else there[0]
    yield from _amounts(order, there_is)
    if order.state == State.FAILED and charged:
        yield Kind.PAID_FOR_NOTHING, {"ours": _here(order), "theirs": _words(charged)}
    elif order.open and there_is.state == "delivered":
        yield Kind.DELIVERED_THERE, {"ours": _here(order), "theirs": there_is.ref}
    elif order.open and there_is.state == "failed":
        yield Kind.FAILED_THERE, {"ours": _here(order), "theirs": there_is.reason[:200]}
    elif order.open and order.created_at < clock.now() - OVERDUE:
        yield Kind.OVERDUE, {"ours": _here(order), "theirs": there_is.state}


def _here(order: SupplierOrder) -> str:
    """Noted in English, whoever compares; read in the reader's language."""
    with override("en"):
        return str(order.get_state_display())


def _amounts(order: SupplierOrder, there: Standing) -> Iterator[tuple[str, dict[str, str]]]:
    wanted = (order.product.external_id, order.value_minor, order.money_currency)
    account = order.connection.balance_currency
    expected = cost_of(order.value_minor, order.product.cost_bp)
    # What it was charged when it was placed is what we go by; before that, only in the account's own money.
    ours = order.charged_minor
    if ours is None:
        ours = expected if account == order.money_currency else there.charged_minor
    if (there.product, there.value_minor, there.currency) != wanted or there.charged_minor != ours:
        yield (
            Kind.OTHER_AMOUNT,
            {
                "ours": f"{wanted[0]} {shown(wanted[1], wanted[2])} ({ours})"[:200],
                "theirs": f"{there.product} {shown(there.value_minor, there.currency)} ({there.charged_minor})"[:200],
            },
        )


def _note(
    row: SupplierReconciliation, kind: str, order: SupplierOrder, there: list[Standing], told: dict[str, str]
) -> None:
    repaired = kind in (Kind.DELIVERED_THERE, Kind.FAILED_THERE) and _repaired(order)
    SupplierDifference.objects.create(
        reconciliation=row, kind=kind, order=order, key=str(order.redemption_id),
        ref=there[0].ref if there else order.ref, repaired=repaired, **told,
    )  # fmt: skip


def _repaired(order: SupplierOrder) -> bool:
    """Ask for it once more, now: it closes itself by what the supplier says."""
    SupplierOrder.objects.filter(pk=order.pk, state=State.STUCK).update(
        state=State.SENT, failure="", wrong_codes=0, next_at=clock.now()
    )
    return not order_step(order.pk).open


def _words(there: list[Standing]) -> str:
    return ", ".join(f"{each.ref} {each.state} {each.charged_minor}" for each in there)[:200]


TITLES = ("kind", "repaired", "redemption", "supplier_number", "here", "there")


def difference_rows(row: SupplierReconciliation) -> Iterator[tuple[Any, ...]]:
    """For the CSV, in the order of TITLES."""
    for each in row.differences.order_by("repaired", "pk").iterator():
        yield each.kind, "yes" if each.repaired else "no", each.key, each.ref, each.ours, each.theirs
