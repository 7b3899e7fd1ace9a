"""Published versions: what members earned by, and when. Looked at, taken away as a file, or made the draft again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import ReadOnlyAdmin, actor_of, add_refusal
from core.backoffice.columns import actor_names, attach, attached
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from loyalty.definition.parsing import yaml_text
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_plain, document_shape
from loyalty.drafts import draft_replace
from loyalty.models import ProgramVersion


def download(text: str, filename: str) -> HttpResponse:
    """A YAML file for the browser to keep."""
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def document_file(plain: dict[str, Any]) -> str:
    """A document as YAML in the order of its types (JSONB keeps none), or as it stands when it isn't in shape."""
    try:
        return yaml_text(document_plain(document_shape(plain)))
    except DefinitionError:
        return yaml_text(plain)


@brand_admin(ProgramVersion)
class ProgramVersionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "in_force", "published_at", "who", "note")
    list_filter = ("program",)
    list_select_related = ("program",)
    ordering = ("-id",)
    change_form_template = "admin/loyalty/version.html"
    fields = (("program", "number"), ("in_force", "published_at"), ("who", "note"))
    readonly_fields = ("program", "number", "in_force", "published_at", "who", "note")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProgramVersion]:
        rows: QuerySet[ProgramVersion] = super().get_queryset(request).select_related("program")
        match = request.resolver_match
        return rows.defer("document") if match is not None and match.url_name == self._list_name() else rows

    def _list_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_changelist"

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        names = actor_names(row.published_by for row in rows)
        attach(rows, "who", lambda page: {row.pk: names.get(row.published_by, row.published_by) for row in page})

    @display(description=gettext_lazy("in force from"), ordering="in_force_from")
    def in_force(self, version: ProgramVersion) -> Any:
        return version.in_force_from or _("the beginning")

    @display(description=gettext_lazy("published by"))
    def who(self, version: ProgramVersion) -> str:
        if attached(version, "who") is None:
            return actor_names([version.published_by]).get(version.published_by, version.published_by)
        return str(attached(version, "who"))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/again/", wrap(self.again_view), name="loyalty_programversion_again"),
            path("<path:object_id>/yaml/", wrap(self.yaml_view), name="loyalty_programversion_yaml"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        version = self.object_or_404(request, object_id)
        context = {
            "document_yaml": document_file(version.document),
            "may_edit": request.user.has_perm("loyalty.change_program"),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def yaml_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, version))
        return download(document_file(version.document), f"{version.program.slug}-v{version.number}.yaml")

    def again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Roll back: this version's document becomes the draft, to be reviewed and published like any other."""
        version = self.object_or_404(request, object_id)
        self.require(request.user.has_perm("loyalty.change_program"))
        review = reverse("admin:loyalty_program_publish", args=[version.program_id])
        if request.method == "POST":
            try:
                draft_replace(
                    program=version.program,
                    document=document_shape(version.document),
                    expected_revision=int(request.POST.get("revision") or -1),
                    actor=actor_of(request),
                )
            except DomainError as error:
                add_refusal(request, error)
                return HttpResponseRedirect(self.url("change", version.pk))
            except (DefinitionError, ValueError):
                messages.error(request, _("This version can't be read any more."))
                return HttpResponseRedirect(self.url("change", version.pk))
            messages.success(
                request, _("The draft is version %(n)d again. Review and publish it.") % {"n": version.number}
            )
            return HttpResponseRedirect(review)
        context = self.page_context(
            request,
            title=_("Use version %(n)d as the draft again") % {"n": version.number},
            obj=version,
            intro=_(
                "Everything in the draft that isn't published is replaced. Members notice nothing until you publish."
            ),
            revision=version.program.draft_revision,
            submit=_("Replace the draft"),
            cancel_url=self.url("change", version.pk),
        )
        return TemplateResponse(request, "admin/loyalty/again.html", context)
