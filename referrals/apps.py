from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Friends")

    def ready(self) -> None:
        from loyalty.acts import act_handler, act_lowerer, act_revoker
        from loyalty.definition.sections import section_register
        from loyalty.home import member_link, member_part
        from loyalty.nightly import night_step
        from members.hooks import on_joined
        from referrals import again, deciding, definition, joining, nights, pages  # noqa: F401  (again registers its handler)

        section_register(
            definition.SECTION, definition.Referrals, definition.referrals_problems, definition.referral_rules
        )
        act_handler(definition.ACT)(deciding.act_convert)
        act_revoker(definition.ACT)(deciding.act_undone)
        act_lowerer(definition.ACT)(deciding.act_lowered)
        night_step("rewards")(nights.referrals_night)
        on_joined(joining.friend_joined)
        member_part("referrals/home_part.html", pages.home_part)
        member_link(pages.menu_links)
