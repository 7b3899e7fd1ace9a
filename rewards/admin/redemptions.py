"""What was redeemed, in the admin. A code is shown to its owner alone."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.begunby import BegunByFields
from core.backoffice.display import points
from core.backoffice.forms import ReasonForm
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from loyalty.admin.filters import MemberIdFilter
from members.naming import attach_members, may_see_people, member_link
from rewards.models import Redemption
from rewards.refunding import redemption_refund
from rewards.services import redemption_cancel

CANCEL = "rewards.cancel_redemption"
REFUND = "rewards.refund_redemption"


class MemberOfRedemption(MemberIdFilter):
    path = "enrollment__member"


@brand_admin(Redemption)
class RedemptionAdmin(BegunByFields, ReadOnlyAdmin):
    list_display = ("redeemed_at", "member", "reward", "price_shown", "state_shown", "use_until")
    list_filter = (period_of("redeemed_at"), "state", "reward", MemberOfRedemption)
    list_select_related = ("reward", "enrollment__member")
    search_fields = ("id__exact",)
    search_help_text = gettext_lazy("Search by a member's e-mail or external id.")
    ordering = ("-redeemed_at",)
    change_form_template = "admin/rewards/redemption.html"
    fields = (
        ("member", "reward"), ("price_shown", "state"), ("redeemed_at", "use_until"), ("used_at", "canceled_at"),
        "cancel_reason", ("refunded_at", "refund_reason"), ("source_shown", "begun_by_shown"),
        ("order_number", "entry"),
    )  # fmt: skip
    readonly_fields = (
        "member", "reward", "price_shown", "state", "redeemed_at", "use_until", "used_at", "canceled_at",
        "cancel_reason", "refunded_at", "refund_reason", "source_shown", "begun_by_shown", "order_number", "entry",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Redemption]:
        rows: QuerySet[Redemption] = super().get_queryset(request)
        return rows.select_related("reward", "enrollment__member")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Redemption], search_term: str
    ) -> tuple[QuerySet[Redemption], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if not may_see_people(request):
            return queryset.none(), False
        who = Q(enrollment__member__email__iexact=term) | Q(enrollment__member__external_id=term)
        return queryset.filter(who), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            self.prepare_page(request, [obj])
        return obj

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.enrollment.member)

    @display(description=gettext_lazy("member"))
    def member(self, redemption: Redemption) -> str:
        return member_link(redemption)

    @display(description=gettext_lazy("price"), ordering="price")
    def price_shown(self, redemption: Redemption) -> str:
        return f"{points(redemption.price)} {redemption.currency or redemption.reward.currency}".strip()

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"reserved": "warning", "redeemed": "info", "used": "success", "canceled": "danger", "lapsed": "danger"},
    )
    def state_shown(self, redemption: Redemption) -> tuple[str, str]:
        return redemption.state, redemption.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        cancel, refund = self.admin_site.admin_view(self.cancel_view), self.admin_site.admin_view(self.refund_view)
        return [
            path("<path:object_id>/cancel/", cancel, name="rewards_redemption_cancel"),
            path("<path:object_id>/refund/", refund, name="rewards_redemption_refund"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        may = {"may_cancel": request.user.has_perm(CANCEL), "may_refund": request.user.has_perm(REFUND)}
        return super().change_view(request, object_id, form_url, {**may, **(extra_context or {})})

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        redemption = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(CANCEL))

        def act(given: dict[str, Any]) -> str:
            redemption_cancel(redemption=redemption, actor=actor_of(request), reason=given["reason"])
            return _("The reward is canceled and the points are back.")

        return ask_and_do(
            self, request, ReasonForm(sent(request)), act, title=_("Cancel %(reward)s") % {"reward": redemption.reward},
            intro=_("The points go back to where they came from, the stock is freed, and the code is void."),
            submit=_("Cancel the reward"), danger=True, obj=redemption, back=self.url("change", redemption.pk),
        )  # fmt: skip

    def refund_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Of one that was used: the points alone."""
        redemption = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(REFUND))

        def act(given: dict[str, Any]) -> str:
            redemption_refund(redemption=redemption, actor=actor_of(request), reason=given["reason"])
            return _("The points are back; the reward stays used.")

        return ask_and_do(
            self, request, ReasonForm(sent(request)), act,
            title=_("Give the points of %(reward)s back") % {"reward": redemption.reward},
            intro=_("The points go back to where they came from. The reward stays used, and so does its code."),
            submit=_("Give the points back"), danger=True, obj=redemption, back=self.url("change", redemption.pk),
        )  # fmt: skip
