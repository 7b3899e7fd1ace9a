from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EngagementConfig(AppConfig):
    name = "engagement"
    verbose_name = _("Messages")

    def ready(self) -> None:
        # Importing them registers their outbox handlers.
        from engagement import (  # noqa: F401  (they register)
            acts,
            befriended,
            billed,
            boxed,
            claimed,
            drawn,
            rewarding,
            sending,
            supplied,
            tested,
            transactional,
        )
        from engagement.messages import definition
        from loyalty.definition.sections import section_register

        section_register(
            definition.SECTION, definition.Messages, definition.messages_problems, names=definition.message_names
        )
