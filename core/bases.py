"""Base classes of every model that lives in a brand's schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn, Self, TypeVar

from django.db import models

from core.tenancy import refuse_foreign, stamp

M = TypeVar("M", bound=models.Model)


class AppendOnlyRefused(TypeError):
    """A bug: something tried to change or remove a row of an append-only table. Reverse it with a new row instead."""


class BrandQuerySet(models.QuerySet[M]):
    """Bulk writes bypass save(), so they check the origin of their objects here."""

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        rows = list(objs)
        for row in rows:
            refuse_foreign(row, self.db)
        created = super().bulk_create(rows, *args, **kwargs)
        for row in created:
            stamp(row, self.db)
        return created

    def bulk_update(self, objs: Iterable[M], fields: Iterable[str], batch_size: int | None = None) -> int:
        rows = list(objs)
        for row in rows:
            refuse_foreign(row, self.db)
        return super().bulk_update(rows, fields, batch_size)


class BrandModel(models.Model):
    """A row of one brand. It remembers its schema and refuses to be saved, deleted or refreshed under another.

    Errors: core.errors.ForeignSchema.

    kept: its rows are never deleted, by privilege (tenants/grants.py), so that what names them needs no foreign key.
    """

    kept = False

    objects = BrandQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        refuse_foreign(self, kwargs.get("using"))
        super().save(*args, **kwargs)
        stamp(self, kwargs.get("using"))

    @classmethod
    def from_db(cls, db: str | None, *args: Any, **kwargs: Any) -> Self:
        instance = super().from_db(db, *args, **kwargs)
        stamp(instance, db)
        return instance

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        refuse_foreign(self, kwargs.get("using"))
        return super().delete(*args, **kwargs)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        refuse_foreign(self, kwargs.get("using"))
        super().refresh_from_db(*args, **kwargs)


class AppendOnlyQuerySet(BrandQuerySet[M]):
    """Rows are added and read, nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyRefused(f"{self.model._meta.label} is append-only")

    def delete(self) -> NoReturn:
        raise AppendOnlyRefused(f"{self.model._meta.label} is append-only")

    def bulk_update(self, objs: Iterable[M], fields: Iterable[str], batch_size: int | None = None) -> NoReturn:
        raise AppendOnlyRefused(f"{self.model._meta.label} is append-only")


class AppendOnly(BrandModel):
    """A row that is written once. Python refuses here; the database refuses by privilege (tenants/grants.py)."""

    append_only = True

    objects = AppendOnlyQuerySet.as_manager()  # type: ignore[misc]  # a manager of our own

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyRefused(f"{self._meta.label} is append-only")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyRefused(f"{self._meta.label} is append-only")
