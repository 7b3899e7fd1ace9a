"""Pools of codes in the admin: what is left, and bringing codes in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import BrandAdmin, actor_of, refusal_text
from core.backoffice.display import points
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from rewards.admin.forms import CodesForm
from rewards.catalogue import pool_save
from rewards.models import CodePool
from rewards.pools import pool_import


@brand_admin(CodePool)
class CodePoolAdmin(BrandAdmin):
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

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("<path:object_id>/import/", view, name="rewards_codepool_import"), *super().get_urls()]

    def import_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Codes from a file or pasted, one a line; says what became of them."""
        pool = self.object_or_404(request, object_id)
        self.require(self.has_change_permission(request, pool))
        form = CodesForm(request.POST or None, request.FILES or None)
        report = None
        if form.is_valid():
            try:
                report = pool_import(pool=pool, codes=form.codes(), actor=actor_of(request))
            except DomainError as error:
                form.add_error(None, refusal_text(error))
            except UnicodeDecodeError:
                form.add_error("file", _("Save the file as UTF-8."))
        context = self.page_context(
            request,
            title=_("Import codes into %(pool)s") % {"pool": pool},
            obj=pool,
            intro=_("One code a line. Codes that any of your pools has already are left out."),
            form=CodesForm() if report else form,
            report=report,
            submit=_("Import"),
            cancel_url=self.url("change", pool.pk),
        )
        return TemplateResponse(request, "admin/rewards/pool_import.html", context)
