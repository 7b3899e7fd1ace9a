"""Suppliers' catalogues in the admin: looked through, and offered to members at an amount."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.columns import attach, attached
from core.backoffice.registry import brand_admin
from core.backoffice.words import Labelled
from loyalty.admin.amounts import money
from rewards.admin.supplierforms import OfferForm
from rewards.suppliers.models import SupplierConnection, SupplierProduct
from rewards.suppliers.offering import offer_make

OFFER = "rewards.add_supplieroffer"


class CountryFilter(SimpleListFilter):
    """Of the countries that the brand's accounts sell in."""

    title = gettext_lazy("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = SupplierConnection.objects.values_list("countries", flat=True)
        return [(each, each) for each in sorted({country for row in rows for country in row})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(Q(countries__contains=[self.value()]) | Q(countries=[]))


class SaleFilter(SimpleListFilter):
    """On sale and fitting unless something else is chosen."""

    title = gettext_lazy("on sale")
    parameter_name = "sale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("no", gettext_lazy("not for us")),
            ("withdrawn", gettext_lazy("withdrawn")),
            ("all", gettext_lazy("all")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "all":
                return queryset
            case "withdrawn":
                return queryset.filter(withdrawn_at__isnull=False)
            case "no":
                return queryset.filter(Q(fits=False) | Q(in_stock=False), withdrawn_at=None)
        return queryset.filter(withdrawn_at=None, fits=True, in_stock=True)


@brand_admin(SupplierProduct)
class SupplierProductAdmin(ReadOnlyAdmin):
    list_display = ("name", "brand_name", "category", "amounts", "countries_shown", "state_shown", "offered")
    list_filter = (SaleFilter, "connection", CountryFilter, "money_currency", "category")
    list_select_related = ("connection",)
    search_fields = ("name", "brand_name", "external_id")
    ordering = ("name", "id")
    change_form_template = "admin/rewards/supplier_product.html"
    fields = readonly_fields = (
        "connection", "external_id", "name", "brand_name", "category", "amounts", "countries_shown", "state_shown",
        "description", "terms", "valid_days", "seen_at", "withdrawn_at",
    )  # fmt: skip

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        found = SupplierProduct.objects.filter(pk__in=[row.pk for row in rows]).annotate(n=Count("offers"))
        attach(rows, "offers", lambda page: dict(found.values_list("pk", "n")))

    @display(description=gettext_lazy("amounts"))
    def amounts(self, row: SupplierProduct) -> str:
        if row.values:
            return ", ".join(money(each, row.money_currency) for each in row.values[:12])
        return f"{money(row.least_minor, row.money_currency)} – {money(row.most_minor, row.money_currency)}"

    @display(description=gettext_lazy("countries"))
    def countries_shown(self, row: SupplierProduct) -> str:
        return ", ".join(row.countries) or _("everywhere")

    @display(description=gettext_lazy("offered"))
    def offered(self, row: SupplierProduct) -> str:
        return str(attached(row, "offers") or "")

    @display(
        description=gettext_lazy("state"),
        label={"sale": "success", "sold_out": "warning", "no": "warning", "withdrawn": "danger"},
    )
    def state_shown(self, row: SupplierProduct) -> Labelled:
        if row.withdrawn_at is not None:
            return Labelled("withdrawn", _("withdrawn"))
        if not row.in_stock:
            return Labelled("sold_out", _("sold out"))
        return Labelled("sale", _("on sale")) if row.fits else Labelled("no", _("not for us"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.offer_view)
        return [path("<path:object_id>/offer/", view, name="rewards_supplierproduct_offer"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        offers = [
            {
                "amount": money(each.value_minor, row.money_currency),
                "reward": each.reward,
                "url": reverse("admin:rewards_reward_change", args=[each.reward_id]),
                "by_rate": each.price_by_rate,
            }
            for each in row.offers.select_related("reward").order_by("value_minor")
        ]
        more = {"offers": offers, "may_offer": request.user.has_perm(OFFER) and row.on_sale}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def offer_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(OFFER))

        def act(given: dict[str, Any]) -> str:
            made = offer_make(
                product=row, value_minor=given["value_minor"], price=given["price"], name=given["name"],
                actor=actor_of(request),
            )  # fmt: skip
            return _("Members can take it now: %(reward)s.") % {"reward": made.reward}

        return ask_and_do(
            self, request, OfferForm(row, sent(request)), act, title=_("Offer %(product)s") % {"product": row},
            intro=_("It becomes a reward of the catalogue, at once and in the draft."), submit=_("Offer it"), obj=row,
            back=self.url("change", row.pk),
        )  # fmt: skip
