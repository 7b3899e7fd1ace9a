from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DrawsConfig(AppConfig):
    name = "draws"
    verbose_name = _("Sweepstakes")

    def ready(self) -> None:
        from core.resealing import sealed_place
        from draws import acts, closing, definition, following, pages, prizes  # noqa: F401  (prizes registers handlers)
        from loyalty.acts import act_handler, act_revoker
        from loyalty.definition.sections import section_register
        from loyalty.home import member_link, member_part
        from loyalty.publishchecks import on_published, on_timed_check

        section_register(
            definition.SECTION, definition.Sweepstakes, definition.sweepstakes_problems, definition.sweepstake_rules
        )
        act_handler("enter_sweepstake")(acts.act_enter)
        act_revoker("enter_sweepstake")(acts.act_leave)
        member_part("draws/home_part.html", pages.home_part)
        on_published(following.sweepstakes_follow)
        on_timed_check(following.sweepstakes_kept)
        member_link(pages.menu_links)
        sealed_place("draws_sweepstake", "seed", closing.PURPOSE)
