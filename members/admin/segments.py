"""Segments in the admin: a name, and a list of who is in it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import BrandAdmin, actor_of, add_refusal
from core.backoffice.columns import attach, attached
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from members.models import Segment
from members.segments import SegmentReport, segment_counts, segment_create, segment_list_add, segment_update


class ListForm(DressedForm):
    lines = forms.CharField(
        label=gettext_lazy("Members"),
        widget=forms.Textarea(attrs={"rows": 10}),
        max_length=3_000_000,
        help_text=gettext_lazy("One a line: an e-mail, your own number of the member, or the id."),
    )


@brand_admin(Segment)
class SegmentAdmin(BrandAdmin):
    list_display = ("name", "code", "members")
    search_fields = ("name", "code")
    ordering = ("name",)
    fields = (("name", "code"), "description")
    change_form_template = "admin/members/segment.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The code stays: rules name it."""
        return ("code",) if obj is not None else ()

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        counts = segment_counts(row.code for row in rows)
        attach(rows, "members", lambda page: {row.pk: counts.get(row.code, 0) for row in page})

    @display(description=gettext_lazy("members"))
    def members(self, segment: Segment) -> int:
        return int(attached(segment, "members"))

    def perform(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given = form.cleaned_data
        told = {"name": given["name"], "description": given["description"], "actor": actor_of(request)}
        if change:
            segment_update(segment=Segment.objects.get(pk=obj.pk), **told)
        else:
            obj.pk = segment_create(code=given["code"], **told).pk

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.list_view)
        return [path("<path:object_id>/members/", view, name="members_segment_members"), *super().get_urls()]

    def list_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put a list of members into the segment; lines that name nobody are shown."""
        segment = self.object_or_404(request, object_id)
        self.require(self.has_change_permission(request, segment) and request.user.has_perm("members.view_member"))
        form = ListForm(request.POST or None)
        report: SegmentReport | None = None
        if form.is_valid():
            try:
                lines = form.cleaned_data["lines"].splitlines()
                report = segment_list_add(segment=segment, lines=lines, actor=actor_of(request))
                form = ListForm()
            except DomainError as error:
                add_refusal(request, error)
        context = self.page_context(
            request,
            title=_("Put members into %(segment)s") % {"segment": segment},
            obj=segment,
            intro=_("Who is in it already stays in it."),
            form=form,
            report=report,
            submit=_("Add"),
            cancel_url=self.url("change", segment.pk),
        )
        return TemplateResponse(request, "admin/members/segment_members.html", context)
