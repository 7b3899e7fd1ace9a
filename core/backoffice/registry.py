"""ModelAdmins of the brand's site, collected here because rooms can't import config, where the site is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.contrib.admin import ModelAdmin
from django.db.models import Model

Admin = TypeVar("Admin", bound=type[ModelAdmin])  # type: ignore[type-arg]  # generic in its stubs alone

_admins: dict[type[Model], type[ModelAdmin]] = {}  # type: ignore[type-arg]  # generic in its stubs alone


def brand_admin(model: type[Model]) -> Callable[[Admin], Admin]:
    """Register the decorated ModelAdmin for the brand's admin site."""

    def register(admin_class: Admin) -> Admin:
        if model in _admins:
            raise RuntimeError(f"{model._meta.label} has an admin already")
        _admins[model] = admin_class
        return admin_class

    return register


def registered() -> dict[type[Model], type[ModelAdmin]]:  # type: ignore[type-arg]  # generic in its stubs alone
    """Every registered ModelAdmin by model."""
    return dict(_admins)
