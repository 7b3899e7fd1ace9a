from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core.mail import PURPOSE
        from core.outbox import provide_wake
        from core.resealing import sealed_place
        from core.tasks import wake_worker

        provide_wake(wake_worker)
        sealed_place("core_outboxmessage", "payload", PURPOSE, key="sealed")
