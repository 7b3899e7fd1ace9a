from __future__ import annotations

from django.apps import AppConfig


class RewardsConfig(AppConfig):
    name = "rewards"

    def ready(self) -> None:
        from core.resealing import sealed_place
        from loyalty.acts import act_handler, act_revoker
        from loyalty.definition.sections import section_register
        from loyalty.home import member_part, visitor_part
        from loyalty.prizewords import reward_names
        from loyalty.publishchecks import on_publish_check, on_published
        from rewards import following, giving, pages, publication, selectors
        from rewards.kinds import codes, credit, gifts, parcels  # noqa: F401  (each registers what it does)
        from rewards.section import RewardsSection, section_problems

        section_register("rewards", RewardsSection, section_problems)
        on_published(following.catalogue_follow)
        member_part("rewards/home_part.html", pages.home_part)
        visitor_part("rewards/visitor_part.html", pages.visitor_part)
        reward_names(selectors.reward_name)
        act_handler("issue_reward")(giving.act_give)
        act_revoker("issue_reward")(giving.act_take_back)
        on_publish_check(publication.document_rewards_checked)
        sealed_place("rewards_poolcode", "sealed", "pool_code", lookup="lookup")
        sealed_place("rewards_voucher", "sealed", "voucher_code", lookup="lookup")
