"""Payments in points in the admin: what was set aside, spent and given back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.backoffice.base import ReadOnlyAdmin
from core.backoffice.display import object_link, points
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from loyalty.admin.filters import MemberIdFilter
from loyalty.admin.forms.words import words_register
from loyalty.admin.sections import section_title
from loyalty.definition.basics import money_text
from members.naming import attach_members, member_link
from rewards.carts.definition import SECTION
from rewards.carts.models import CartPayment


class MemberOfPayment(MemberIdFilter):
    path = "enrollment__member"


@brand_admin(CartPayment)
class CartPaymentAdmin(ReadOnlyAdmin):
    list_display = ("made_at", "member", "points_shown", "amount", "state", "order", "back")
    list_filter = (period_of("made_at"), "hold__state", MemberOfPayment)
    list_select_related = ("hold", "enrollment__member")
    search_fields = ("hold__order_number__exact",)
    search_help_text = _("Search by an order's number.")
    ordering = ("-made_at",)
    fields = (("member", "order"), ("points_shown", "amount"), ("state", "back"), ("made_at", "entry"), "articles")
    readonly_fields = ("member", "order", "points_shown", "amount", "state", "back", "made_at", "entry", "articles")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CartPayment]:
        rows: QuerySet[CartPayment] = super().get_queryset(request)
        return rows.select_related("hold__entry", "enrollment__member")

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.prepare_page(request, [found])
        return found

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.enrollment.member)

    @display(description=_("member"))
    def member(self, row: CartPayment) -> str:
        return member_link(row)

    @display(description=_("points"))
    def points_shown(self, row: CartPayment) -> str:
        return f"{points(row.points)} {row.currency}"

    @display(description=_("pays for"))
    def amount(self, row: CartPayment) -> str:
        return money_text(row.amount_minor, row.money)

    @display(
        description=_("state"),
        label={"held": "info", "captured": "success", "released": "warning", "expired": "warning"},
    )
    def state(self, row: CartPayment) -> tuple[str, str]:
        return row.hold.state, row.hold.get_state_display()

    @display(description=_("order"))
    def order(self, row: CartPayment) -> str:
        return row.hold.order_number

    @display(description=_("points refunded"))
    def back(self, row: CartPayment) -> str:
        return points(row.refunded_points)

    @display(description=_("ledger entry"))
    def entry(self, row: CartPayment) -> str:
        return object_link(row.hold.entry)

    @display(description=_("articles"))
    def articles(self, row: CartPayment) -> str:
        return ", ".join(f"{each['quantity']} × {each['sku']}: {points(each['points'])}" for each in row.lines)


words_register(
    fields={
        ("CheckoutSection", "part_payments"): _("Points that pay for a part of an order"),
        ("PartPayment", "value_minor"): _("One pays for, in cents"),
        ("PartPayment", "at_least"): _("From how many on"),
        ("PartPayment", "step"): _("In steps of"),
        ("PartPayment", "most_percent"): _("At most so much of a hundred"),
        ("PartPayment", "from_minor"): _("Only orders of"),
        ("PartPayment", "hold_minutes"): _("Set aside for so many minutes"),
    },
    help_texts={("PartPayment", "value_minor"): _("Empty: what the currency says that one is worth.")},
    adds={"part_payments": _("Let points pay")},
)
section_title(SECTION, _("Checkout"))
