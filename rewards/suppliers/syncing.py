"""Reading a supplier's catalogue into ours, page by page, with how far it is; then what is offered of it follows.

Each page commits by itself. What wasn't seen in a whole reading is withdrawn; a reading that broke off withdraws
nothing, and neither does one that found nothing at all: that is a fault more often than an empty shop.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor, system
from core.errors import Conflict
from core.tasks import HEADER
from rewards.suppliers.accounts import balance_note, supplier_of
from rewards.suppliers.models import SupplierConnection, SupplierProduct, SupplierSync
from rewards.suppliers.offering import fits, offers_follow
from rewards.suppliers.protocol import Product, ProductPage, SupplierError

log = logging.getLogger(__name__)

MOST_PAGES = 5_000
# A reading that gave no sign of life for so long is anybody's.
SILENT = timedelta(minutes=5)
State = SupplierSync.State
NIGHTLY = system("suppliers")


def sync_request(*, connection: SupplierConnection, actor: Actor, wakes: bool = True) -> SupplierSync:
    """Have the catalogue read; one that is under way is given instead."""
    try:
        with transaction.atomic():
            row = SupplierSync.objects.create(
                connection=connection, requested_by=actor.name, requested_at=clock.now(), state=State.WAITING
            )
            if wakes:
                _wake(row.pk)
    except IntegrityError:
        found = SupplierSync.objects.filter(connection=connection, state__in=(State.WAITING, State.RUNNING)).first()
        if found is None:
            raise Conflict(_("The catalogue was read this very moment.")) from None
        return found
    return row


def _wake(sync_id: int) -> None:
    """After the commit. A worker that doesn't come is made good by the sweep."""
    from rewards.tasks import supplier_sync

    schema = connection.schema_name  # type: ignore[attr-defined]  # django-tenants'
    transaction.on_commit(
        lambda: supplier_sync.apply_async((sync_id,), headers={HEADER: schema}, retry=False), robust=True
    )


def syncs_sweep() -> int:
    """Read what nobody came for, or what somebody left off. How many."""
    now = clock.now()
    open_ones = SupplierSync.objects.filter(state__in=(State.WAITING, State.RUNNING)).order_by("pk")
    due = [each.pk for each in open_ones if each.beat_at is None or each.beat_at < now - SILENT]
    for pk in due:
        sync_run(pk)
    return len(due)


def sync_run(sync_id: int) -> SupplierSync:
    """Read the catalogue from its beginning to its end. Not in a transaction."""
    if not _taken(sync_id):
        return SupplierSync.objects.get(pk=sync_id)
    sync = SupplierSync.objects.select_related("connection").get(pk=sync_id)
    try:
        supplier = supplier_of(sync.connection)
        balance_note(connection_id=sync.connection_id, balance=supplier.balance())
        after: str | None = None
        while sync.pages < MOST_PAGES:
            page = supplier.products(after)
            _page_take(sync, page)
            if page.after is None:
                return _finish(sync)
            after = page.after
        return _fail(sync, _("The catalogue has no end."))
    except SupplierError as error:
        return _fail(sync, f"{error.code}: {error.said}")


def _taken(sync_id: int) -> bool:
    """Make it one's own. One that broke off begins again: its figures too."""
    now = clock.now()
    with transaction.atomic():
        row = SupplierSync.objects.select_for_update().get(pk=sync_id)
        alive = row.state == State.RUNNING and row.beat_at is not None and row.beat_at >= now - SILENT
        if not row.open or alive:
            return False
        row.state, row.beat_at, row.started_at = State.RUNNING, now, now
        row.pages, row.seen, row.added, row.changed = 0, 0, 0, 0
        row.save()
    return True


def _page_take(sync: SupplierSync, page: ProductPage) -> None:
    now = clock.now()
    with transaction.atomic():
        known = {
            each.external_id: each
            for each in SupplierProduct.objects.select_for_update(no_key=True)
            .filter(connection=sync.connection, external_id__in=[each.id for each in page.products])
            .order_by("pk")
        }
        # A product that is twice on a page counts as its last one says.
        for product in {each.id: each for each in page.products}.values():
            row = known.get(product.id) or SupplierProduct(connection=sync.connection, external_id=product.id)
            changed = _put(row, product, sync.connection)
            sync.added += product.id not in known
            sync.changed += product.id in known and changed
            row.seen_at, row.withdrawn_at = now, None
            row.save()
        sync.pages, sync.seen = sync.pages + 1, sync.seen + len(page.products)
        sync.total, sync.beat_at = page.total if page.total is not None else sync.total, now
        sync.save()


def _put(row: SupplierProduct, product: Product, account: SupplierConnection) -> bool:
    """Make the row say what the product says; whether that changed it."""
    told: dict[str, Any] = {
        "name": product.name, "brand_name": product.brand, "category": product.category,
        "description": product.description, "terms": product.terms, "countries": list(product.countries),
        "money_currency": product.currency, "values": list(product.values), "least_minor": product.least,
        "most_minor": product.most, "step_minor": product.step, "cost_bp": product.cost_bp,
        "valid_days": product.valid_days, "in_stock": product.in_stock,
        "fits": fits(list(product.countries), product.currency, account),
    }  # fmt: skip
    changed = row.withdrawn_at is not None
    for name, value in told.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed


def _finish(sync: SupplierSync) -> SupplierSync:
    now = clock.now()
    if sync.seen == 0:
        return _fail(sync, _("The catalogue is empty; what is offered was left as it is."))
    with transaction.atomic():
        gone = SupplierProduct.objects.filter(
            connection=sync.connection, withdrawn_at=None, seen_at__lt=sync.started_at
        )
        sync.withdrawn = gone.update(withdrawn_at=now)
        sync.state, sync.finished_at = State.DONE, now
        sync.save()
        offers_follow(connection=sync.connection, actor=NIGHTLY)
    return sync


def _fail(sync: SupplierSync, problem: str) -> SupplierSync:
    log.warning("supplier catalogue %s not read: %s", sync.connection_id, problem)
    sync.state, sync.finished_at, sync.problem = State.FAILED, clock.now(), problem[:200]
    sync.save()
    return sync
