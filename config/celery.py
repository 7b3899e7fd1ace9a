"""The task application: tenant-aware, its beat schedule in code, and a broker that holds nothing that can be lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from celery.signals import task_postrun, worker_process_init
from kombu.transport import TRANSPORT_ALIASES
from tenant_schemas_celery.app import CeleryApp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

TRANSPORT_ALIASES["filesystem"] = "core.filebroker:Transport"
app = CeleryApp("stamgast")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The filesystem broker makes none of its folders itself.
for option in ("data_folder_in", "data_folder_out", "control_folder", "processed_folder"):
    folder = (app.conf.broker_transport_options or {}).get(option)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)

# An entry without tenant_schemas goes to every live brand. `expires`: a round that waited longer than its own interval
# is not worth running, the next one is there; so a worker that was away finds one round, not a thousand.
app.conf.beat_scheduler = "config.scheduler:BrandScheduler"
app.conf.beat_max_loop_interval = 5
app.conf.beat_schedule = {
    "outbox-sweep": {"task": "core.tasks.outbox_sweep", "schedule": 20.0, "options": {"expires": 20}},
    "imports-sweep": {"task": "loyalty.tasks.import_work", "schedule": 20.0, "options": {"expires": 20}},
    "imports-forget": {
        "task": "loyalty.tasks.imports_forgotten",
        "schedule": crontab(minute="37", hour="3"),
        "options": {"expires": 3600},
    },
    "nightly-due": {"task": "loyalty.tasks.nightly_due", "schedule": 300.0, "options": {"expires": 300}},
    "backtest-sweep": {"task": "loyalty.tasks.backtest_sweep", "schedule": 60.0, "options": {"expires": 60}},
    "counters-fill": {"task": "loyalty.tasks.counters_fill", "schedule": 60.0, "options": {"expires": 60}},
    "points-sweep": {"task": "loyalty.tasks.points_sweep", "schedule": 60.0, "options": {"expires": 60}},
    "sweepstakes-sweep": {"task": "draws.tasks.sweepstakes_sweep", "schedule": 60.0, "options": {"expires": 60}},
    "panels-sweep": {"task": "panels.tasks.panels_sweep", "schedule": 300.0, "options": {"expires": 300}},
    "panels-follow": {"task": "panels.tasks.panels_follow", "schedule": 60.0, "options": {"expires": 60}},
    "suppliers-sweep": {"task": "rewards.tasks.suppliers_sweep", "schedule": 20.0, "options": {"expires": 20}},
    "suppliers-nightly": {"task": "rewards.tasks.suppliers_nightly", "schedule": 900.0, "options": {"expires": 900}},
    "rewards-sweep": {"task": "rewards.tasks.rewards_sweep", "schedule": 30.0, "options": {"expires": 30}},
    "billing-sweep": {"task": "billing.tasks.billing_sweep", "schedule": 20.0, "options": {"expires": 20}},
    "billing-reconcile": {"task": "billing.tasks.billing_reconcile", "schedule": 600.0, "options": {"expires": 600}},
    "billing-forget": {
        "task": "billing.tasks.billing_forget",
        "schedule": crontab(minute="47", hour="3"),
        "options": {"expires": 3600},
    },
    "files-sweep": {"task": "claims.tasks.files_sweep", "schedule": 3600.0, "options": {"expires": 3600}},
    "cleanup": {"task": "core.tasks.cleanup", "schedule": crontab(minute="17", hour="3"), "options": {"expires": 3600}},
    "signups-sweep": {
        "task": "tenants.tasks.signups_sweep",
        "schedule": 60.0,
        "tenant_schemas": ["public"],
        "options": {"expires": 60},
    },
}


@worker_process_init.connect
def _start_parked(**_arguments: Any) -> None:
    from core.garbage import garbage_rarely
    from tenants.context import park

    garbage_rarely()
    park()


@task_postrun.connect
def _park_afterwards(task: Any = None, **_arguments: Any) -> None:
    """Between tasks a worker stands where no table is. An eager task runs inside somebody's own work: not there."""
    from tenants.context import park

    if task is not None and not task.request.is_eager:
        park()
