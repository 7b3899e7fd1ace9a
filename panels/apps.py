from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PanelsConfig(AppConfig):
    name = "panels"
    verbose_name = _("Product panels")

    def ready(self) -> None:
        from core.resealing import sealed_place
        from loyalty.definition.sections import section_register
        from loyalty.home import member_link
        from loyalty.publishchecks import on_published, on_timed_check
        from panels import booking, definition, drawing, following, lending, pages  # noqa: F401  (booking registers)

        section_register(definition.SECTION, definition.PanelsSection, definition.panels_problems)
        on_published(following.panels_follow)
        on_timed_check(following.panels_kept)
        member_link(pages.menu_links)
        sealed_place("panels_panel", "seed", drawing.PURPOSE)
        sealed_place("panels_participation", "address", lending.PURPOSE)
