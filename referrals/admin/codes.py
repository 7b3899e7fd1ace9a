"""Codes in the admin: found by their text, and chosen for a member who asks for one."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import BrandAdmin, actor_of
from core.backoffice.registry import brand_admin
from loyalty.admin.filters import MemberIdFilter
from members.naming import attach_members, may_see_people, member_link
from referrals.codes import code_choose, code_plain, display_name_set
from referrals.models import ReferralCode


class MemberOfCode(MemberIdFilter):
    path = "enrollment__member"


@brand_admin(ReferralCode)
class ReferralCodeAdmin(BrandAdmin):
    list_display = ("code", "member", "display_name", "current", "chosen", "made_at")
    list_filter = ("current", "chosen", MemberOfCode)
    list_select_related = ("enrollment__member",)
    search_fields = ("code__exact",)
    search_help_text = gettext_lazy("Search by a code, or by a member's e-mail or external id.")
    ordering = ("-made_at", "-id")
    fields = ("member", "code", "display_name", "current", "chosen", "made_at")
    readonly_fields = ("member", "current", "chosen", "made_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReferralCode]:
        rows: QuerySet[ReferralCode] = super().get_queryset(request)
        return rows.select_related("enrollment__member", "enrollment__program")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ReferralCode], search_term: str
    ) -> tuple[QuerySet[ReferralCode], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(code=code_plain(term))
        if may_see_people(request):
            found |= Q(enrollment__member__email__iexact=term) | Q(enrollment__member__external_id=term)
        return queryset.filter(found), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            self.prepare_page(request, [obj])
        return obj

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.enrollment.member)

    @display(description=gettext_lazy("member"))
    def member(self, row: ReferralCode) -> str:
        return member_link(row)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A code of before leads to its member for good."""
        return bool(super().has_change_permission(request, obj)) and (obj is None or obj.current)

    def perform(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        enrollment = obj.enrollment
        code_choose(enrollment=enrollment, code=form.cleaned_data["code"], actor=actor_of(request))
        display_name_set(enrollment=enrollment, name=form.cleaned_data["display_name"])
