"""Where an object came from. A row read in brand A and saved under brand B would overwrite B's row of the same id, so
every instance remembers the schema it was read or written in, and refuses to be saved, deleted, refreshed or related
under another one. `core.models.BrandModel` does it for our own models; `guard_foreign_models` for third-party ones.
"""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

# A guard, not a write: third-party models can only be reached by signals.
from django.db.models.signals import post_init, post_save, pre_delete, pre_save  # noqa: TID251  (a guard, not a write)

from core.errors import ForeignSchema


def current_schema(using: str = DEFAULT_DB_ALIAS) -> str:
    """Name of the schema that this thread's next statement runs in."""
    return str(connections[using].schema_name)  # type: ignore[attr-defined]  # django-tenants'


def origin_of(instance: Model) -> str | None:
    """The schema an instance was read or written in; None for one that was never stored."""
    return getattr(instance._state, "schema", None)


def stamp(instance: Model, using: str | None = None) -> None:
    """Remember the current schema as the instance's origin."""
    instance._state.schema = current_schema(using or DEFAULT_DB_ALIAS)  # type: ignore[attr-defined]  # kept on it by us


def refuse_foreign(instance: Model, using: str | None = None) -> None:
    """Raise ForeignSchema unless the instance is new or comes from the current schema."""
    origin, here = origin_of(instance), current_schema(using or DEFAULT_DB_ALIAS)
    if origin is not None and origin != here:
        raise ForeignSchema(
            f"{instance._meta.label} was read in {origin} and may not be used in {here}.",
            origin=origin,
            here=here,
        )


class OriginRouter:
    """Django asks a router before it relates two objects: those of two brands are refused with a ValueError."""

    def allow_relation(self, obj1: Model, obj2: Model, **hints: Any) -> bool | None:
        first, second = origin_of(obj1), origin_of(obj2)
        if first is None and second is None:
            return None
        here = current_schema()
        return False if (first or here) != (second or here) else None


def guard_foreign_models(models: list[type[Model]]) -> None:
    """Guard models that can't inherit BrandModel, by signals. For third-party apps of the brands' schemas only:
    a signal on every instance would be too slow for the ledger.
    """
    for model in models:
        uid = f"core.tenancy.{model._meta.label_lower}"
        post_init.connect(_on_init, sender=model, dispatch_uid=uid)
        pre_save.connect(_on_write, sender=model, dispatch_uid=uid)
        post_save.connect(_on_saved, sender=model, dispatch_uid=uid)
        pre_delete.connect(_on_write, sender=model, dispatch_uid=uid)


def _on_init(sender: type[Model], instance: Model, **kwargs: Any) -> None:
    # from_db sets _state.adding only after this signal, so new objects are stamped too; built in A, saved in B is
    # refused as well, which is as wanted.
    stamp(instance)


def _on_write(sender: type[Model], instance: Model, using: str, **kwargs: Any) -> None:
    refuse_foreign(instance, using)


def _on_saved(sender: type[Model], instance: Model, using: str, **kwargs: Any) -> None:
    stamp(instance, using)
