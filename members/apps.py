from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = _("People")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate  # noqa: TID251  (there is no other word for "migrated")

        from core.resealing import sealed_place
        from members.adapter import SECOND_FACTOR
        from members.shared_limits import count_in_database
        from members.staff import owner_make
        from tenants.hooks import on_provisioned

        count_in_database()
        for key in ("secret", "seed"):
            sealed_place("mfa_authenticator", "data", SECOND_FACTOR, key=key)
        on_provisioned(10, owner_make)
        post_migrate.connect(_roles_follow, sender=self, dispatch_uid="members.roles")


def _roles_follow(**kwargs: Any) -> None:
    """Every migrated schema has the roles afterwards; above all the template, which new brands are made from."""
    from core.tenancy import current_schema
    from members.roles import roles_sync

    if current_schema() != "public":
        roles_sync()
