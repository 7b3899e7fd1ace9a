from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core.outbox import provide_wake
        from core.tasks import wake_worker

        provide_wake(wake_worker)
