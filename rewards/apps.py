from __future__ import annotations

from django.apps import AppConfig


class RewardsConfig(AppConfig):
    name = "rewards"

    def ready(self) -> None:
        from core.resealing import sealed_place
        from loyalty.home import member_part, visitor_part
        from loyalty.prizewords import reward_names
        from rewards import pages, selectors

        member_part("rewards/home_part.html", pages.home_part)
        visitor_part("rewards/visitor_part.html", pages.visitor_part)
        reward_names(selectors.reward_name)
        sealed_place("rewards_poolcode", "sealed", "pool_code", lookup="lookup")
