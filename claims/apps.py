from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClaimsConfig(AppConfig):
    name = "claims"
    verbose_name = _("Claims and visits")

    def ready(self) -> None:
        from claims import booking, pages  # noqa: F401  (booking registers its outbox handlers)
        from core.resealing import sealed_place
        from loyalty.home import member_link, member_part

        member_part("claims/home_part.html", pages.home_part)
        member_link(pages.menu_links)
        sealed_place("claims_place", "secret", "place_code")
