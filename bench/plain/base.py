"""The product's PostgreSQL engine without brands: the tenant-aware one's names, none of which does anything."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from core.postgres import base


class DatabaseWrapper(base.DatabaseWrapper):
    tenant: Any = None
    # The connection's options name the one schema.
    search_path_set_schemas = property(lambda self: [self.schema_name], lambda self, value: None)

    @property
    def schema_name(self) -> str:
        return str(settings.SINGLE_SCHEMA)  # type: ignore[misc]  # of these settings alone

    @schema_name.setter
    def schema_name(self, value: Any) -> None:
        pass

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        pass

    def set_schema(self, schema_name: str, include_public: bool = True, tenant_type: Any = None) -> None:
        pass

    def set_schema_to_public(self) -> None:
        pass
