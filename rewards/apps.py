from __future__ import annotations

from django.apps import AppConfig


class RewardsConfig(AppConfig):
    name = "rewards"

    def ready(self) -> None:
        from core.resealing import sealed_place
        from loyalty.home import member_part, visitor_part
        from rewards import pages

        member_part("rewards/home_part.html", pages.home_part)
        visitor_part("rewards/visitor_part.html", pages.visitor_part)
        sealed_place("rewards_poolcode", "sealed", "pool_code", lookup="lookup")
