"""What keeps brands apart inside one process, put in place once at start-up."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.signals import request_finished
from django.db import connections, transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from core.bases import BrandModel
from core.tenancy import current_schema, guard_foreign_models
from tenants import registry
from tenants.context import park
from tenants.models import Brand, Domain

# Apps whose models live in the brands' schemas and aren't ours to change.
FOREIGN_APPS = ("auth", "sessions", "admin", "account", "mfa", "axes")


class SchemaKeyedCache(dict[Any, Any]):
    """Django's content type cache is one dict per process, keyed by database alias; ids differ between schemas.

    This one answers each alias with the dict of the schema that the alias stands in at that moment.
    """

    def __getitem__(self, using: str) -> dict[Any, Any]:
        found: dict[Any, Any] = super().__getitem__((using, current_schema(using)))
        return found

    def setdefault(self, using: str, default: Any = None) -> Any:
        return super().setdefault((using, current_schema(using)), default)

    def clear(self) -> None:
        """Forget the current schemas' entries. A thread's first connection calls this while it is being made, so it
        looks at initialized connections only: asking for any other would make one, and never end.
        """
        for connection in connections.all(initialized_only=True):
            self.pop((connection.alias, getattr(connection, "schema_name", None)), None)


def content_types_by_schema() -> None:
    ContentType.objects._cache = SchemaKeyedCache()  # type: ignore[attr-defined]  # Django's own, without types


def foreign_models() -> None:
    """Third-party models of the brands' schemas get the guard that our own inherit from BrandModel."""
    models: list[type[Model]] = [
        model
        for config in apps.get_app_configs()
        if config.label in FOREIGN_APPS
        for model in config.get_models()
        if not issubclass(model, BrandModel)
    ]
    guard_foreign_models(models)


def registry_follows_changes() -> None:
    """A brand or host that is saved here is seen by this process at once, by others when their entry has aged."""
    for model in (Brand, Domain):
        for signal in (post_save, post_delete):
            signal.connect(_forget_at_commit, sender=model, dispatch_uid=f"tenants.registry.{model.__name__}")


def _forget_at_commit(**kwargs: Any) -> None:
    registry.forget_all()
    transaction.on_commit(registry.forget_all)


def park_after_requests() -> None:
    """At request_finished, not when the middleware returns: a streamed body is read after that."""
    request_finished.connect(_on_request_finished, dispatch_uid="tenants.park")


def _on_request_finished(**kwargs: Any) -> None:
    park()
