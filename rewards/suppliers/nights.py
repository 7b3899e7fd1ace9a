"""Once a local day and account: the catalogue is read anew, and the books are compared."""

from __future__ import annotations

from datetime import timedelta

from core import clock
from core.actor import system
from core.tables import JobRun
from loyalty.rules.dates import day_start, local_day
from loyalty.selectors import program_now
from rewards.suppliers.models import SupplierConnection
from rewards.suppliers.reconciling import suppliers_reconcile
from rewards.suppliers.syncing import sync_request, sync_run

JOB = "suppliers"
# Orders of so many days are looked at each night: one that was open yesterday is looked at again.
DAYS = 8


def suppliers_night() -> int:
    """What is due of today, for every account that was tried. How many accounts."""
    done = 0
    for account in SupplierConnection.objects.filter(verified_at__isnull=False).order_by("pk"):
        done += _night(account)
    return done


def _night(account: SupplierConnection) -> bool:
    now = clock.now()
    zone = program_now(account.program_id).zone
    today = local_day(now, zone)
    run, made = JobRun.objects.get_or_create(
        job=JOB, scope=account.code, local_date=today, defaults={"started_at": now}
    )
    if not made and (run.finished_at is not None or run.started_at > now - timedelta(hours=1)):
        return False
    if not made:
        # Who began it an hour ago is dead.
        run.started_at = now
        run.save(update_fields=["started_at"])
    sync = sync_run(sync_request(connection=account, actor=system(JOB), wakes=False).pk)
    until = day_start(today, zone)
    found = suppliers_reconcile(connection=account, since=until - timedelta(days=DAYS), until=now, actor=system(JOB))
    run.finished_at = clock.now()
    run.outcome = {"products": sync.seen, "withdrawn": sync.withdrawn, "orders": found.ours, "agreed": found.agreed}
    run.save(update_fields=["finished_at", "outcome"])
    return True
