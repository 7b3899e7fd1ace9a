from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoyaltyConfig(AppConfig):
    name = "loyalty"
    verbose_name = _("Loyalty")

    def ready(self) -> None:
        from core import outbox
        from loyalty import achievementpages, acts, birthdays, hooking, menu, promotions, tasks, templates
        from loyalty.backfills import work as backfills
        from loyalty.backtests import waking
        from loyalty.home import member_link, member_part
        from loyalty.jobnames import jobs_name
        from loyalty.nightly import night_step
        from members.hooks import on_members_created
        from tenants.hooks import on_provisioned, provide_program_templates

        on_members_created(hooking.members_enrolled_everywhere)
        on_provisioned(10, hooking.brand_program)
        jobs_name()
        waking.provide_task(tasks.backtest_part.apply_async)
        backfills.provide_task(tasks.counters_fill.apply_async)
        provide_program_templates(templates.template_choices)
        member_part("loyalty/achievements_part.html", achievementpages.home_part)
        member_link(menu.own_links)
        acts.act_handler("set_attribute")(acts.attribute_set)
        outbox.handler("tier.changed")(promotions.tier_reached)
        night_step("rewards")(birthdays.birthdays)
        outbox.handler("member.enrolled")(hooking.enrolled_event_again)
