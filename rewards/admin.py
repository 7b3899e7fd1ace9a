"""Rewards in the admin: the catalogue, code pools, and what was redeemed. A code is shown to its owner alone."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import BrandAdmin, ReadOnlyAdmin, actor_of, add_refusal, refusal_text
from core.backoffice.columns import attach, attached
from core.backoffice.display import points
from core.backoffice.forms import ReasonForm
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from loyalty.admin.filters import MemberIdFilter
from members.naming import attach_members, may_see_people, member_link
from rewards import (  # registers the tab on a member's page, and what the draft's forms offer
    admin_choices,  # noqa: F401
    admin_panel,  # noqa: F401
)
from rewards.admin_forms import CodesForm, RewardForm
from rewards.catalogue import pool_save, reward_save
from rewards.models import CodePool, Redemption, Reward, RewardStock
from rewards.pools import pool_import
from rewards.services import redemption_cancel

CANCEL = "rewards.cancel_redemption"


@brand_admin(Reward)
class RewardAdmin(BrandAdmin):
    form = RewardForm
    list_display = ("shown_name", "price_shown", "offered", "left", "pool", "position")
    list_filter = ("active", "program")
    list_select_related = ("program", "pool")
    search_fields = ("name", "name_nl", "code")
    ordering = ("position", "id")
    fieldsets = (
        (
            None,
            {"fields": (("name", "name_nl"), ("description", "description_nl"), ("program", "code"), "emoji", "terms")},
        ),
        (gettext_lazy("Price and who"), {"fields": (("price", "currency"), "tiers", "limit_per_member")}),
        (
            gettext_lazy("How many"),
            {"fields": (("stock_total", "pool"),), "description": gettext_lazy("Stock counts what is taken too.")},
        ),
        (gettext_lazy("When"), {"fields": ("active", "starts_at", "ends_at", ("valid_days", "position"))}),
        (gettext_lazy("For your figures"), {"fields": (("unit_cost_minor", "face_value_minor"),)}),
    )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        buckets = RewardStock.objects.filter(reward__in=[row.pk for row in rows])
        stock = dict(buckets.values_list("reward").annotate(Sum("remaining")))
        attach(rows, "left", lambda page: stock)

    @display(description=gettext_lazy("reward"), ordering="name")
    def shown_name(self, reward: Reward) -> str:
        return f"{reward.emoji} {reward.name}".strip()

    @display(description=gettext_lazy("price"), ordering="price")
    def price_shown(self, reward: Reward) -> str:
        return f"{points(reward.price)} {reward.currency}"

    @display(description=gettext_lazy("offered"), ordering="active", label={"yes": "success", "no": "warning"})
    def offered(self, reward: Reward) -> tuple[str, str]:
        return ("yes", _("yes")) if reward.active else ("no", _("no"))

    @display(description=gettext_lazy("left"))
    def left(self, reward: Reward) -> str:
        amounts = [reward.pool.left] if reward.pool is not None else []
        if reward.stock_total is not None:
            amounts.append(attached(reward, "left") or 0)
        return points(min(amounts)) if amounts else _("unlimited")

    def perform(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = reward_save(
            reward=Reward.objects.get(pk=obj.pk) if change else None, fields=form.cleaned_data, actor=actor_of(request)
        )
        obj.pk = saved.pk


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


class MemberOfRedemption(MemberIdFilter):
    path = "enrollment__member"


@brand_admin(Redemption)
class RedemptionAdmin(ReadOnlyAdmin):
    list_display = ("redeemed_at", "member", "reward", "price_shown", "state_shown", "use_until")
    list_filter = (period_of("redeemed_at"), "state", "reward", MemberOfRedemption)
    list_select_related = ("reward", "enrollment__member")
    search_fields = ("id__exact",)
    search_help_text = gettext_lazy("Search by a member's e-mail or external id.")
    ordering = ("-redeemed_at",)
    change_form_template = "admin/rewards/redemption.html"
    fields = (
        ("member", "reward"), ("price_shown", "state"), ("redeemed_at", "use_until"), ("used_at", "canceled_at"),
        "cancel_reason", ("source", "initiated_by"), "entry",
    )  # fmt: skip
    readonly_fields = (
        "member", "reward", "price_shown", "state", "redeemed_at", "use_until", "used_at", "canceled_at",
        "cancel_reason", "source", "initiated_by", "entry",
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
        return f"{points(redemption.price)} {redemption.reward.currency}"

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"redeemed": "info", "used": "success", "canceled": "danger"},
    )
    def state_shown(self, redemption: Redemption) -> tuple[str, str]:
        return redemption.state, redemption.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.cancel_view)
        return [path("<path:object_id>/cancel/", view, name="rewards_redemption_cancel"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        may = request.user.has_perm(CANCEL)
        return super().change_view(request, object_id, form_url, {"may_cancel": may, **(extra_context or {})})

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        redemption = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(CANCEL))
        back = self.url("change", redemption.pk)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            try:
                reason = form.cleaned_data["reason"]
                redemption_cancel(redemption=redemption, actor=actor_of(request), reason=reason)
            except DomainError as error:
                add_refusal(request, error)
            else:
                messages.success(request, _("The reward is canceled and the points are back."))
            return HttpResponseRedirect(back)
        context = self.page_context(
            request,
            title=_("Cancel %(reward)s") % {"reward": redemption.reward},
            obj=redemption,
            intro=_("The points go back to where they came from, the stock is freed, and the code is void."),
            form=form,
            submit=_("Cancel the reward"),
            danger=True,
            cancel_url=back,
        )
        return TemplateResponse(request, "admin/backoffice/form_page.html", context)
