"""Members in the admin: the list, a member's page with tabs, suspending. Points and rewards hang on through panels."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import BrandAdmin, actor_of
from core.backoffice.columns import attach, attached
from core.backoffice.forms import ReasonForm
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from members import panels, services
from members.models import Consent, Member

PROFILE = ("name", "email", "phone", "external_id", "birth_date", "language", "is_test")
CONSENTS_SHOWN = 200


@brand_admin(Member)
class MemberAdmin(BrandAdmin):
    list_filter = (
        "status",
        "language",
        "is_test",
        period_of("joined_at", default_period="all"),
    )
    search_fields = ("name", "email", "external_id", "phone")
    search_help_text = gettext_lazy("Search by name, e-mail, number or id.")
    ordering = ("-id",)
    change_form_template = "admin/members/member/change_form.html"
    fieldsets = (
        (None, {"fields": (("name", "email"), ("phone", "birth_date"), ("external_id", "language"), "is_test")}),
        (
            gettext_lazy("Where from"),
            {"fields": (("acquisition_channel", "referrer"), ("utm_source", "utm_medium", "utm_campaign"), "user")},
        ),
    )
    add_fieldsets = ((None, {"fields": (("name", "email"), ("phone", "birth_date"), ("external_id", "language"))}),)
    readonly_fields = ("user", "acquisition_channel", "referrer", "utm_source", "utm_medium", "utm_campaign")

    # --- list ----------------------------------------------------------------------------------------------------
    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        shown = ("__str__", "email", "external_id", "status_shown")
        return (*shown, *(_column(each) for each in panels.list_columns()), "joined_at")

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        for column in panels.list_columns():
            attach(rows, column.key, column.fetch)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Member], search_term: str
    ) -> tuple[QuerySet[Member], bool]:
        """A UUID finds the member with that id, anything else as usual."""
        uuid = forms.UUIDField(required=False)
        try:
            public_id = uuid.clean(search_term.strip())
        except forms.ValidationError:
            public_id = None
        if public_id:
            return queryset.filter(Q(public_id=public_id)), False
        found: tuple[QuerySet[Member], bool] = super().get_search_results(request, queryset, search_term)
        return found

    @display(
        description=gettext_lazy("status"),
        ordering="status",
        label={"active": "success", "suspended": "warning", "erased": "danger"},
    )
    def status_shown(self, member: Member) -> tuple[str, str]:
        return member.status, member.get_status_display()

    # --- page ----------------------------------------------------------------------------------------------------
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        member = self.object_or_404(request, object_id)
        tabs = panels.panels_for(request)
        chosen = next((tab for tab in tabs if tab.key == request.GET.get("tab")), None)
        context = {
            "member_panels": tabs,
            "panel": chosen,
            "member_buttons": [
                {"title": each.title, "icon": each.icon, "url": each.url(member)}
                for each in panels.buttons_for(request)
            ],
            "may_suspend": self.has_change_permission(request, member) and member.status != Member.Status.ERASED,
            "suspend_url": self.url("suspend", member.pk),
            **(chosen.context(request, member) if chosen else {}),
            **(extra_context or {}),
        }
        page: HttpResponse = super().change_view(request, object_id, form_url, context)
        return page

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An erased member is looked at only."""
        erased = obj is not None and obj.status == Member.Status.ERASED
        return not erased and bool(super().has_change_permission(request, obj))

    def perform(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        fields = {name: form.cleaned_data[name] for name in PROFILE if name in form.cleaned_data}
        if change:
            changed = {name: value for name, value in fields.items() if name in form.changed_data}
            if changed:
                services.member_update(member=Member.objects.get(pk=obj.pk), actor=actor_of(request), **changed)
            return
        made = services.member_create(actor=actor_of(request), **fields)
        obj.pk, obj.public_id = made.pk, made.public_id

    # --- suspending ----------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.suspend_view)
        return [path("<path:object_id>/suspend/", view, name="members_member_suspend"), *super().get_urls()]

    def suspend_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Suspend an active member or let a suspended one back in, with a reason for the trail."""
        member = self.object_or_404(request, object_id)
        self.require(self.has_change_permission(request, member))
        active = member.status == Member.Status.ACTIVE
        service = services.member_suspend if active else services.member_reactivate

        def act(given: dict[str, Any]) -> str:
            service(member=member, reason=given["reason"], actor=actor_of(request))
            told = _("%(member)s is suspended.") if active else _("%(member)s is active again.")
            return told % {"member": member}

        if active:
            intro = _("A suspended member earns nothing and can't take rewards. Points and history stay as they are.")
        else:
            intro = _("The member earns and takes rewards again from now on.")
        title = _("Suspend %(member)s") if active else _("Reactivate %(member)s")
        return ask_and_do(
            self, request, ReasonForm(sent(request)), act, title=title % {"member": member}, intro=intro,
            submit=_("Suspend") if active else _("Reactivate"), danger=active, obj=member,
            back=self.url("change", member.pk),
        )  # fmt: skip


def _column(column: panels.ListColumn) -> Any:
    """A column of the list that shows what was fetched for the whole page."""

    @display(description=column.title)
    def shown(member: Member) -> Any:
        return attached(member, column.key)

    shown.__name__ = column.key
    return shown


def _consents(request: HttpRequest, member: Member) -> dict[str, Any]:
    return {"consents": Consent.objects.filter(member=member).order_by("-id")[:CONSENTS_SHOWN]}


panels.add_panel(
    panels.Panel(
        key="consents",
        title=gettext_lazy("Consents"),
        template="admin/members/member/consents.html",
        permission="members.view_consent",
        context=_consents,
    )
)
