"""The rewards room's scheduled work. Each task carries its brand; see core/tasks.py."""

from __future__ import annotations

from core.tasks import brand_task
from rewards.following import catalogues_due
from rewards.guessing import guesses_forget
from rewards.lowstock import stock_low_sweep
from rewards.models import PoolImport
from rewards.poolimports import pool_import_run, pool_imports_forget, pool_imports_sweep
from rewards.reserving import reservations_sweep
from rewards.suppliers.models import SupplierOrder, SupplierSync
from rewards.suppliers.nights import suppliers_night
from rewards.suppliers.ordering import order_step, orders_work
from rewards.suppliers.syncing import sync_run, syncs_sweep

# How long one task works on a file before others get their turn; the rest is sent for again.
IMPORT_SECONDS = 20.0


@brand_task
def pool_import_work(job_id: str) -> None:
    """Bring a file of codes in for a while; nothing where the import is gone."""
    if PoolImport.objects.filter(pk=job_id).exists():
        pool_import_run(job_id, seconds=IMPORT_SECONDS)


@brand_task
def supplier_order(order_id: int) -> None:
    """One order a step further; nothing where it is gone."""
    if SupplierOrder.objects.filter(pk=order_id).exists():
        order_step(order_id)


@brand_task
def supplier_sync(sync_id: int) -> None:
    """One reading of a catalogue; nothing where it is gone."""
    if SupplierSync.objects.filter(pk=sync_id).exists():
        sync_run(sync_id)


@brand_task
def suppliers_sweep() -> None:
    """Beat's round: orders whose time has come, and catalogues that a dead process or a lost message left behind."""
    syncs_sweep()
    orders_work()


@brand_task
def suppliers_nightly() -> None:
    """Called often; once a local day it reads the catalogues and compares the books."""
    suppliers_night()


@brand_task
def rewards_sweep() -> None:
    """Beat's round: reservations whose time is up, catalogues of versions that have taken effect, stock that is low,
    imports of codes that were left behind or are over for long, wrong codes that count no more.
    """
    reservations_sweep()
    catalogues_due()
    stock_low_sweep()
    pool_imports_sweep()
    pool_imports_forget()
    guesses_forget()
