"""Who began something, in words, and a filter by it."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

WORDS = {
    "member": _("the member"),
    "staff": _("your team"),
    "partner": _("a partner"),
    "system": _("the product itself"),
}


def begun_by(initiated_by: str) -> str:
    return str(WORDS.get(initiated_by, initiated_by))


class BegunByFilter(SimpleListFilter):
    title = _("initiated by")
    parameter_name = "initiated_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(WORDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(initiated_by=self.value()) if self.value() in WORDS else queryset
