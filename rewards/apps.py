from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RewardsConfig(AppConfig):
    name = "rewards"
    verbose_name = _("Rewards")

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy

        from core.jobwords import job_words
        from core.resealing import sealed_place
        from draws.pages import ways_register
        from loyalty.acts import act_handler, act_revoker
        from loyalty.definition.sections import section_register
        from loyalty.home import member_link, member_part, visitor_part
        from loyalty.nightly import night_step
        from loyalty.prizewords import reward_names
        from loyalty.publishchecks import on_publish_check, on_published
        from rewards import autoissue, drawn, following, giving, pages, publication, selectors, waiting  # noqa: F401  (for what they register)
        from rewards.benefits import pages as benefit_pages
        from rewards.kinds import codes, credit, gifts, parcels, sweepstakes  # noqa: F401  (each registers what it does)
        from rewards.section import RewardsSection, section_problems
        from rewards.suppliers.wiring import suppliers_register

        suppliers_register()
        section_register("rewards", RewardsSection, section_problems)
        on_published(following.catalogue_follow)
        member_part("rewards/home_part.html", pages.home_part)
        member_part("rewards/benefits_part.html", benefit_pages.home_part)
        member_link(benefit_pages.menu_links)
        visitor_part("rewards/visitor_part.html", pages.visitor_part)
        reward_names(selectors.reward_name)
        act_handler("issue_reward")(giving.act_give)
        act_revoker("issue_reward")(giving.act_take_back)
        on_publish_check(publication.document_rewards_checked)
        on_publish_check(sweepstakes.document_sweepstakes_known)
        ways_register(drawn.ways_in)
        sealed_place("rewards_poolcode", "sealed", "pool_code", lookup="lookup")
        night_step("rewards")(autoissue.auto_issue)
        sealed_place("rewards_fulfilment", "address", "address")
        sealed_place("rewards_voucher", "sealed", "voucher_code", lookup="lookup")
        benefits_register()
        holds_kept()
        job_words("catalogue", gettext_lazy("The catalogue of a new version"))


def holds_kept() -> None:
    """Points that reservations and payments hold are closed by these alone."""
    from loyalty.holding import hold_keeper
    from rewards import services
    from rewards.carts import payments
    from rewards.models import CartPayment, Redemption

    hold_keeper(services.KEPT_FOR, lambda hold_id: Redemption.objects.filter(hold=hold_id).exists())
    hold_keeper(payments.KEPT_FOR, lambda hold_id: CartPayment.objects.filter(hold=hold_id).exists())


def benefits_register() -> None:
    """What benefits and the checkout bring: their sections, what follows tiers and plans, the night's repair."""
    from core.resealing import sealed_place
    from loyalty.definition.sections import section_register
    from loyalty.nightly import night_step
    from loyalty.planuse import plan_use_register
    from loyalty.planwords import (
        plan_gives_freely_register,
        plan_left_register,
        plan_saving_register,
        plan_words_register,
    )
    from rewards.benefits import checks, definition, following, grants, planwords, uses
    from rewards.carts import definition as checkout
    from rewards.carts import plansaving

    section_register(definition.SECTION, definition.BenefitsSection, checks.section_problems)
    section_register(checkout.SECTION, checkout.CheckoutSection, checkout.section_problems)
    following.handlers_register()
    plan_use_register(uses.benefit_unused_since)
    plan_words_register(planwords.benefits_of_plan)
    plan_gives_freely_register(planwords.gives_freely)
    plan_left_register(planwords.left_of_plan)
    plan_saving_register(plansaving.saved_with_plan)
    night_step("notices")(grants.night_repair)
    sealed_place("rewards_tokenkey", "sealed", "token_key")
