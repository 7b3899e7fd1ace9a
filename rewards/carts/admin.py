"""Payments in points in the admin: what was set aside, spent and given back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.display import object_link, points
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.backoffice.words import Labelled
from loyalty.admin.amounts import money
from loyalty.admin.filters import MemberIdFilter
from loyalty.admin.forms.words import words_register
from loyalty.admin.sections import section_title
from members.naming import attach_members, member_link
from rewards.carts.definition import SECTION
from rewards.carts.forms import RefundForm
from rewards.carts.models import CartPayment
from rewards.carts.payments import payment_refund

REFUND = "rewards.refund_cartpayment"


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
    change_form_template = "admin/rewards/cart_payment.html"
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
        return money(row.amount_minor, row.money)

    @display(
        description=_("state"),
        label={"held": "info", "captured": "success", "released": "warning", "expired": "warning"},
    )
    def state(self, row: CartPayment) -> Labelled:
        return Labelled(row.hold.state, row.hold.get_state_display())

    @display(description=_("order"))
    def order(self, row: CartPayment) -> str:
        return row.hold.order_number

    @display(description=_("points refunded"))
    def back(self, row: CartPayment) -> str:
        return points(row.refunded_points)

    @display(description=_("ledger entry"))
    def entry(self, row: CartPayment) -> str:
        return object_link(row.hold.entry)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.refund_view)
        return [path("<path:object_id>/refund/", view, name="rewards_cartpayment_refund"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.get_object(request, object_id)
        refundable = row is not None and row.hold.state == "captured" and row.refunded_points < row.points
        more = {"may_refund": request.user.has_perm(REFUND), "refundable": refundable}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def refund_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Of some articles, of so many points, or of all that is left; with the reason."""
        payment = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(REFUND))
        form = RefundForm(sent(request), payment=payment)

        def act(given: dict[str, Any]) -> str:
            made = payment_refund(payment=payment, actor=actor_of(request), **form.wanted())
            told = {"points": points(made.points), "currency": payment.currency}
            return gettext("Given back: %(points)s %(currency)s.") % told

        intro = gettext("The points go back to where they came from. Leave articles and points empty to give all back.")
        return ask_and_do(
            self, request, form, act, title=gettext("Refund a payment in points"), intro=intro,
            submit=gettext("Refund"), danger=True, obj=payment, back=self.url("change", payment.pk),
        )  # fmt: skip

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
