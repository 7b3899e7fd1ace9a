"""Pools of codes in the admin: what is left, and what was imported of late."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import actor_of
from core.backoffice.display import points
from core.backoffice.registry import brand_admin
from rewards.admin.poolimports import PoolImportPages
from rewards.catalogue import pool_save
from rewards.models import CodePool, PoolImport

IMPORTS_SHOWN = 10


@brand_admin(CodePool)
class CodePoolAdmin(PoolImportPages):
    list_display = ("name", "size_shown", "left_shown", "low_at")
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "low_at")
    change_form_template = "admin/rewards/pool.html"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    @display(description=gettext_lazy("codes"), ordering="size")
    def size_shown(self, pool: CodePool) -> str:
        return points(pool.size)

    @display(description=gettext_lazy("left"), label={"low": "danger", "fine": "success"})
    def left_shown(self, pool: CodePool) -> tuple[str, str]:
        return ("low" if pool.left < pool.low_at else "fine"), points(pool.left)

    def perform(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = pool_save(
            pool=CodePool.objects.get(pk=obj.pk) if change else None, fields=form.cleaned_data, actor=actor_of(request)
        )
        obj.pk = saved.pk

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        jobs = PoolImport.objects.filter(pool=int(object_id)).order_by("-created_at") if object_id.isdigit() else ()
        more = {"jobs": list(jobs[:IMPORTS_SHOWN])}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})
