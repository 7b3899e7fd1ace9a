from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DrawsConfig(AppConfig):
    name = "draws"
    verbose_name = _("Sweepstakes")

    def ready(self) -> None:
        from core.resealing import sealed_place
        from draws import closing, definition, following, pages
        from loyalty.definition.sections import section_register
        from loyalty.home import member_link
        from loyalty.publishchecks import on_publish_check, on_published

        section_register(definition.SECTION, definition.Sweepstakes, definition.sweepstakes_problems)
        on_published(following.sweepstakes_follow)
        on_publish_check(following.sweepstakes_kept)
        member_link(pages.menu_links)
        sealed_place("draws_sweepstake", "seed", closing.PURPOSE)
