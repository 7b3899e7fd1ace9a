from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "partners"
    verbose_name = _("Partners")

    def ready(self) -> None:
        from core.api.auth import provide_finder
        from partners.principals import principal_find, principal_recall

        provide_finder(principal_find, principal_recall)
