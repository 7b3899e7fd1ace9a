"""Claims in the admin: those that wait, the proof in large, and two buttons."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from claims.admin.decisions import ApproveForm, RefuseForm
from claims.forms import local, refusal_place, told_values
from claims.models import Claim, ClaimDouble, ClaimFile
from claims.selectors import claim_type_of, doubled, doubles_of, files_of
from claims.served import file_response
from claims.services import claim_approve, claim_refuse
from core.backoffice.base import ReadOnlyAdmin, actor_of, add_refusal
from core.backoffice.columns import actor_names, attach, attached
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from loyalty.admin.filters import MemberIdFilter
from loyalty.selectors import document_now
from members.naming import attach_members, may_see_people, member_link

DECIDE = "claims.decide_claim"


class StateFilter(SimpleListFilter):
    """The queue, unless something else is chosen."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Claim.State.choices, ("all", _("all"))]

    def chosen(self) -> str:
        value = self.value()
        return value if value in {*Claim.State.values, "all"} else Claim.State.SUBMITTED.value

    def queryset(self, request: HttpRequest, queryset: QuerySet[Claim]) -> QuerySet[Claim]:
        return queryset if self.chosen() == "all" else queryset.filter(state=self.chosen())

    def choices(self, changelist: Any) -> Any:
        for key, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: key})
            yield {"selected": self.chosen() == key, "query_string": query, "display": title}


class TypeFilter(SimpleListFilter):
    title = gettext_lazy("what")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        codes = Claim.objects.order_by("type").values_list("type", flat=True).distinct()[:100]
        return [(code, code) for code in codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Claim]) -> QuerySet[Claim]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class DoubleFilter(SimpleListFilter):
    title = gettext_lazy("doubles")
    parameter_name = "doubles"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("with doubles")), ("no", _("without"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Claim]) -> QuerySet[Claim]:
        if self.value() not in ("yes", "no"):
            return queryset
        same = ClaimDouble.objects.filter(Q(claim=OuterRef("pk")) | Q(other=OuterRef("pk")))
        found = Exists(same)
        return queryset.filter(found if self.value() == "yes" else ~found)


class MemberOfClaim(MemberIdFilter):
    path = "enrollment__member"


@brand_admin(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    list_display = ("submitted_at", "kind", "member", "state_shown", "doubles_shown", "decided_at")
    list_filter = (
        StateFilter,
        TypeFilter,
        DoubleFilter,
        period_of("submitted_at", default_period="all"),
        MemberOfClaim,
    )
    list_select_related = ("enrollment__member", "enrollment__program")
    search_fields = ("id__exact",)
    search_help_text = gettext_lazy("Search by a member's e-mail or external id.")
    ordering = ("submitted_at", "id")
    change_form_template = "admin/claims/claim.html"
    fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        rows: QuerySet[Claim] = super().get_queryset(request)
        return rows.select_related("enrollment__member", "enrollment__program")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Claim], search_term: str
    ) -> tuple[QuerySet[Claim], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if not may_see_people(request):
            return queryset.none(), False
        who = Q(enrollment__member__email__iexact=term) | Q(enrollment__member__external_id=term)
        return queryset.filter(who), False

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.enrollment.member)
        marked = doubled([row.pk for row in rows])
        attach(rows, "doubled", lambda page: {row.pk: row.pk in marked for row in page})
        types = {row.enrollment.program_id: document_now(row.enrollment.program_id).claim_types for row in rows}
        names = {(pk, each.code): local(each.name) for pk, known in types.items() for each in known}
        attach(
            rows,
            "kind",
            lambda page: {row.pk: names.get((row.enrollment.program_id, row.type), row.type) for row in page},
        )

    @display(description=gettext_lazy("what"), ordering="type")
    def kind(self, claim: Claim) -> str:
        return attached(claim, "kind") or claim.type

    @display(description=gettext_lazy("member"))
    def member(self, claim: Claim) -> str:
        return member_link(claim)

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"submitted": "info", "approved": "success", "refused": "danger", "withdrawn": "warning"},
    )
    def state_shown(self, claim: Claim) -> tuple[str, str]:
        return claim.state, claim.get_state_display()

    @display(description=gettext_lazy("doubles"), label={"yes": "warning"})
    def doubles_shown(self, claim: Claim) -> tuple[str, str] | None:
        return ("yes", _("seen before")) if attached(claim, "doubled") else None

    # --- page ----------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        own = (
            ("<path:object_id>/approve/", self.approve_view, "approve"),
            ("<path:object_id>/refuse/", self.refuse_view, "refuse"),
            ("<path:object_id>/files/<uuid:file_id>/", self.file_view, "file"),
        )
        pages = [
            path(route, self.admin_site.admin_view(view), name=f"claims_claim_{name}") for route, view, name in own
        ]
        return [*pages, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        claim = self.object_or_404(request, object_id)
        self.prepare_page(request, [claim])
        document = document_now(claim.enrollment.program_id)
        claim_type, money = claim_type_of(claim.enrollment.program_id, claim.type), document.program.money_currency
        twins = doubles_of(claim)
        attach_members(request, [each for each, _kind in twins], lambda row: row.enrollment.member)
        waiting = claim.state == Claim.State.SUBMITTED and request.user.has_perm(DECIDE)
        context = {
            "claim": claim,
            "kind": attached(claim, "kind"),
            "member": member_link(claim),
            "values": told_values(claim_type, claim.fields, money),
            "files": [(each, self.url("file", claim.pk, each.pk)) for each in files_of(claim)],
            "doubles": [(row, member_link(row), ClaimDouble.Kind(kind).label) for row, kind in twins],
            "decided_by": actor_names([claim.decided_by]).get(claim.decided_by, claim.decided_by),
            "approve": ApproveForm(claim, claim_type, money) if waiting and claim_type is not None else None,
            "refuse": RefuseForm(claim_type) if waiting else None,
            "type_gone": claim_type is None,
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def file_view(self, request: HttpRequest, object_id: str, file_id: UUID) -> HttpResponse:
        claim = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, claim))
        return file_response(ClaimFile.objects.filter(claim=claim, pk=file_id).first())

    # --- deciding ------------------------------------------------------------------------------------------------
    def approve_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim = self._to_decide(request, object_id)
        money = document_now(claim.enrollment.program_id).program.money_currency
        form = ApproveForm(claim, claim_type_of(claim.enrollment.program_id, claim.type), money, request.POST or None)
        if form.is_valid():
            try:
                claim_approve(
                    claim=claim, fields=form.values(), actor=actor_of(request), key=form.cleaned_data["key"]
                )  # fmt: skip
            except DomainError as error:
                refusal_place(form, error)
            else:
                messages.success(request, _("Approved. The member is told."))
                return self._next(claim)
        return self._form_page(request, claim, form, _("Approve"), danger=False)

    def refuse_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim = self._to_decide(request, object_id)
        form = RefuseForm(claim_type_of(claim.enrollment.program_id, claim.type), request.POST or None)
        if form.is_valid():
            try:
                claim_refuse(
                    claim=claim, reason=form.chosen(), actor=actor_of(request), key=form.cleaned_data["key"]
                )  # fmt: skip
            except DomainError as error:
                if error.status == 409:
                    add_refusal(request, error)
                    return HttpResponseRedirect(self.url("change", claim.pk))
                refusal_place(form, error)
            else:
                messages.success(request, _("Refused. The member reads the reason."))
                return self._next(claim)
        return self._form_page(request, claim, form, _("Refuse"), danger=True)

    def _to_decide(self, request: HttpRequest, object_id: str) -> Claim:
        claim: Claim = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(DECIDE))
        return claim

    def _next(self, claim: Claim) -> HttpResponse:
        """The one that waits longest, or the list when there is none."""
        waiting = Claim.objects.filter(state=Claim.State.SUBMITTED).order_by("submitted_at", "pk").values_list("pk")
        found = waiting.first()
        return HttpResponseRedirect(self.url("change", found[0]) if found else self.url("changelist"))

    def _form_page(
        self, request: HttpRequest, claim: Claim, form: Any, submit: str, *, danger: bool
    ) -> TemplateResponse:
        context = self.page_context(
            request,
            title=submit,
            obj=claim,
            form=form,
            submit=submit,
            danger=danger,
            cancel_url=self.url("change", claim.pk),
        )
        return TemplateResponse(request, "admin/backoffice/form_page.html", context)
