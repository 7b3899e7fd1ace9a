"""The task application: tenant-aware, its beat schedule in code, and a broker that holds nothing that can be lost."""

from __future__ import annotations

import os

from tenant_schemas_celery.app import CeleryApp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = CeleryApp("stamgast")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
