from __future__ import annotations

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Stamgast"

    def ready(self) -> None:
        # Importing checks and tasks registers them.
        from core.clock import provide_shift
        from tenants import checks, guards, tasks  # noqa: F401  (for what they register)
        from tenants.context import current_clock_shift

        provide_shift(current_clock_shift)
        guards.content_types_by_schema()
        guards.foreign_models()
        guards.registry_follows_changes()
        guards.park_after_requests()
