"""Waking a worker for the platform's own work. The public schema is named: a task without one has nowhere to run."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)


def wake(task: str, signup_id: UUID) -> None:
    """Send a task to the workers. A broker that is away costs delay, nothing more: the sweeper comes by."""
    try:
        current_app.tasks[task].apply_async(args=(str(signup_id),), headers={"_schema_name": "public"}, retry=False)
    except Exception as error:
        if settings.CELERY_TASK_ALWAYS_EAGER:
            raise
        log.warning("%s for sign-up %s not woken: %s", task, signup_id, type(error).__name__)


def wake_after_commit(task: str, signup_id: UUID) -> None:
    transaction.on_commit(lambda: wake(task, signup_id), robust=True)
