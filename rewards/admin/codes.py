"""Codes that were made, what was used of them, who waits for a seat, and pictures and files of the catalogue."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import BrandAdmin, ReadOnlyAdmin, actor_of
from core.backoffice.registry import brand_admin
from loyalty.admin.amounts import money
from members.naming import attach_members, member_link
from rewards.files import file_add
from rewards.kinds.words import kind_word
from rewards.models import RewardFile, Voucher, VoucherUse, WaitingPlace

# The kinds of reward that have a code of their own.
WITH_VOUCHER = ("discount_code", "free_product", "gift_card", "experience")


class VoucherKindFilter(SimpleListFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each, kind_word(each)) for each in WITH_VOUCHER]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() in WITH_VOUCHER else queryset


@brand_admin(Voucher)
class VoucherAdmin(ReadOnlyAdmin):
    """Without the codes: those are their owners'."""

    list_display = ("created_at", "reward", "member", "kind_shown", "left", "state_shown", "use_until")
    list_filter = ("state", VoucherKindFilter)
    list_select_related = ("redemption__reward", "redemption__enrollment__member")
    ordering = ("-created_at",)
    fields = ("reward", "kind_shown", "left", "uses_shown", "state", "use_until", "created_at")
    readonly_fields = ("reward", "kind_shown", "left", "uses_shown", "state", "use_until", "created_at")

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.redemption.enrollment.member)

    @display(description=gettext_lazy("member"))
    def member(self, voucher: Voucher) -> str:
        return member_link(voucher)

    @display(description=gettext_lazy("reward"))
    def reward(self, voucher: Voucher) -> str:
        return str(voucher.redemption.reward)

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_shown(self, voucher: Voucher) -> str:
        return kind_word(voucher.kind)

    @display(description=gettext_lazy("left"))
    def left(self, voucher: Voucher) -> str:
        if voucher.balance_minor is None:
            return ""
        return money(voucher.balance_minor, voucher.money_currency)

    @display(description=gettext_lazy("uses"))
    def uses_shown(self, voucher: Voucher) -> str:
        return " · ".join(
            " ".join(filter(None, (_when(each), _amount(each, voucher), each.reference, f"({each.actor})")))
            for each in voucher.uses.all()
        )

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"active": "info", "used": "success", "void": "danger"},
    )
    def state_shown(self, voucher: Voucher) -> tuple[str, str]:
        return voucher.state, voucher.get_state_display()


def _when(use: VoucherUse) -> str:
    return str(date_format(localtime(use.used_at), "SHORT_DATETIME_FORMAT"))


def _amount(use: VoucherUse, voucher: Voucher) -> str:
    return money(use.amount_minor, voucher.money_currency) if use.amount_minor is not None else ""


@brand_admin(WaitingPlace)
class WaitingPlaceAdmin(ReadOnlyAdmin):
    list_display = ("joined_at", "reward", "member", "state", "note", "decided_at")
    list_filter = ("state", "reward")
    list_select_related = ("reward", "enrollment__member")
    ordering = ("id",)
    fields = ("reward", "state", "note", "joined_at", "decided_at")
    readonly_fields = ("reward", "state", "note", "joined_at", "decided_at")

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.enrollment.member)

    @display(description=gettext_lazy("member"))
    def member(self, place: WaitingPlace) -> str:
        return member_link(place)


class FileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in its stubs alone
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("A picture (JPEG, PNG, WebP), or a PDF, EPUB, ZIP or MP3 for members; up to 10 MB."),
    )

    class Meta:
        model = RewardFile
        fields = ("name",)


@brand_admin(RewardFile)
class RewardFileAdmin(BrandAdmin):
    """Uploaded once, never changed: rewards name a file by its SHA-256."""

    form = FileForm
    list_display = ("name", "media_type", "size", "digest", "uploaded_at")
    search_fields = ("name", "digest")
    ordering = ("-uploaded_at", "-id")
    fields = ("name", "file")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("name", "file") if obj is None else ("name", "media_type", "size", "digest", "uploaded_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("name", "media_type", "size", "digest", "uploaded_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def perform(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        raw = form.cleaned_data["file"].read()
        obj.pk = file_add(name=form.cleaned_data["name"], raw=raw, actor=actor_of(request)).pk
