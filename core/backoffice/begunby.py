"""Who began something and where it came in, in words, and a filter by it."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

WORDS = {
    "member": _("the member"),
    "staff": _("your team"),
    "partner": _("a partner"),
    "system": _("the product itself"),
}
SOURCES = {
    "admin": _("the admin"),
    "api": _("the API"),
    "web": _("the members’ pages"),
    "import": _("an import"),
    "system": _("the product itself"),
}


def came_by(source: str) -> str:
    """Where it came in; a source of the brand's own as it is."""
    return str(SOURCES.get(source, source))


def begun_by(initiated_by: str) -> str:
    return str(WORDS.get(initiated_by, initiated_by))


class BegunByFields:
    """For the admin of rows with `initiated_by` and `source`."""

    @display(description=_("initiated by"))
    def begun_by_shown(self, row: Any) -> str:
        return begun_by(row.initiated_by)

    @display(description=_("source"))
    def source_shown(self, row: Any) -> str:
        return came_by(row.source)


class BegunByFilter(SimpleListFilter):
    title = _("initiated by")
    parameter_name = "initiated_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(WORDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(initiated_by=self.value()) if self.value() in WORDS else queryset
