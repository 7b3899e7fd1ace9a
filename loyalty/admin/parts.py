"""Pages of the further lists of the document: counters, shared limits, and whatever list the document gets."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.registry import brand_admin
from loyalty.admin.forms.kinds import list_many, list_one
from loyalty.admin.pieces import PieceAdmin
from loyalty.definition.lists import document_lists
from loyalty.draftrows import TABLES
from loyalty.models import DraftPart


def part_lists() -> list[str]:
    """The lists that have no table of their own."""
    return [name for name in document_lists() if name not in TABLES]


class ListFilter(SimpleListFilter):
    title = gettext_lazy("list")
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, list_many(name)) for name in part_lists()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@brand_admin(DraftPart)
class DraftPartAdmin(PieceAdmin):
    list_filter: Any = (ListFilter, "program")
    list_display: Any = ("name", "what", "code", "program")
    ordering: Any = ("program", "kind", "position", "id")
    change_list_template = "admin/loyalty/parts.html"

    def kind_of(self, request: HttpRequest, row: Any) -> str:
        if row is not None:
            return str(row.kind)
        kind = request.GET.get("list", "") or part_lists()[0]
        if kind not in part_lists():
            raise Http404
        return kind

    def list_url(self, kind: str) -> str:
        return f"{self.url('changelist')}?list={kind}"

    @display(description=gettext_lazy("list"), ordering="kind")
    def what(self, part: DraftPart) -> str:
        return list_one(part.kind)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        chosen = request.GET.get("list", "")
        add = self.url("add")
        kinds = [
            {"name": name, "label": list_many(name), "one": list_one(name), "url": self.list_url(name)}
            for name in part_lists()
        ]
        for each in kinds:
            each["add_url"] = f"{add}?list={each['name']}"
        more = {"part_lists": kinds, "chosen_list": chosen, **(extra_context or {})}
        if chosen in part_lists():
            more["title"] = list_many(chosen).capitalize()
        return super().changelist_view(request, more)
