"""Promotion codes in the admin: made once, looked at, ended. What one gives never changes."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from billing.models import MembershipPlan, PromotionCode
from billing.plans import ON_TOP
from billing.promoting import Promotion, promotion_end, promotion_make, promotion_offer, promotion_used
from billing.section import Intro
from billing.winback import off_words
from core import clock
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.columns import actor_names
from core.backoffice.display import points
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from core.backoffice.words import DASH
from loyalty.definition.basics import money_digits

MAKE, END = "billing.add_promotioncode", "billing.change_promotioncode"
DURATIONS = [
    ("once", gettext_lazy("the first payment")),
    ("repeating", gettext_lazy("some months")),
    ("forever", gettext_lazy("for ever")),
]
# Stripe's: eight digits.
MOST = 99_999_999
FIELDS = {"promotion_code": "code", "amount_minor": "amount", "money_currency": "currency"}


class PromotionForm(DressedForm):
    """amount: in whole units of money, as it is read."""

    code = forms.CharField(
        label=gettext_lazy("Code"), max_length=40, help_text=gettext_lazy("As members type it, such as SPRING-25.")
    )
    percent = forms.DecimalField(label=gettext_lazy("Per cent off"), required=False, max_digits=5, localize=True)
    amount = forms.DecimalField(label=gettext_lazy("Or an amount off"), required=False, max_digits=12, localize=True)
    currency = forms.RegexField(
        r"^[A-Z]{3}$", label=gettext_lazy("Currency of the amount"), required=False, initial="EUR",
        error_messages={"invalid": gettext_lazy("Three capital letters, such as EUR.")},
    )  # fmt: skip
    duration = forms.ChoiceField(label=gettext_lazy("For how long"), choices=DURATIONS)
    months = forms.IntegerField(
        label=gettext_lazy("Months, when it repeats"), required=False, min_value=1, max_value=36
    )
    plans = forms.MultipleChoiceField(
        label=gettext_lazy("For the plans"), required=False, help_text=gettext_lazy("None: all that take codes.")
    )
    most = forms.IntegerField(label=gettext_lazy("How often in all"), required=False, min_value=1, max_value=10**6)
    until = forms.DateField(
        label=gettext_lazy("Good through"), required=False, help_text=gettext_lazy("Left out: until you end it.")
    )
    first_only = forms.BooleanField(label=gettext_lazy("For who never paid before"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans = MembershipPlan.objects.filter(retired_at=None).exclude(kind__in=("free", *ON_TOP))
        self.fields["plans"].choices = [(each.code, str(each)) for each in plans]  # type: ignore[attr-defined]  # a field with choices

    def clean(self) -> dict[str, Any]:
        """An amount in minor units, as Stripe takes them."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        amount, digits = told.get("amount"), money_digits(told.get("currency") or "EUR")
        if amount is None:
            return told
        minor = amount.scaleb(digits)
        if minor != int(minor):
            self.add_error("amount", _("At most %(n)d digits after the point.") % {"n": digits})
        elif not 0 < minor <= MOST:
            self.add_error("amount", _("More than nothing, and at most %(n)d.") % {"n": MOST // 10**digits})
        return told

    def wish(self) -> Promotion:
        told = self.cleaned_data
        currency, amount = told["currency"] or "EUR", told["amount"]
        return Promotion(
            code=told["code"],
            offer=Intro(
                percent=told["percent"],
                amount_minor=int(amount.scaleb(money_digits(currency))) if amount is not None else None,
                money_currency=currency if amount is not None else None,
                duration=told["duration"],
                months=told["months"],
            ),
            plans=tuple(told["plans"]),
            most=told["most"],
            until=_midnight_after(told["until"]) if told["until"] else None,
            first_only=told["first_only"],
        )


def _midnight_after(day: Any) -> datetime:
    """Good through the named day, in the brand's time zone."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def holding() -> dict[str, Q]:
    over = Q(ended_at__isnull=False) | Q(until__lte=clock.now())
    return {"open": ~over, "over": over}


class HoldsFilter(SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "is"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", gettext_lazy("can be used")), ("over", gettext_lazy("over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = holding().get(self.value() or "")
        return queryset.filter(wanted) if wanted is not None else queryset


@brand_admin(PromotionCode)
class PromotionCodeAdmin(ReadOnlyAdmin):
    list_display = ("code", "gives_shown", "plans_shown", "most_shown", "until", "state_shown")
    list_filter = (HoldsFilter,)
    search_fields = ("code__iexact",)
    search_help_text = gettext_lazy("Search by the code.")
    ordering = ("-pk",)
    change_list_template = "admin/billing/promotions.html"
    change_form_template = "admin/billing/promotion.html"
    fields: ClassVar = ()

    # --- columns -------------------------------------------------------------------------------------------------
    @display(description=gettext_lazy("what it gives"))
    def gives_shown(self, row: PromotionCode) -> str:
        return off_words(promotion_offer(row))

    @display(description=gettext_lazy("plans"))
    def plans_shown(self, row: PromotionCode) -> str:
        return ", ".join(row.plans) or _("all")

    @display(description=gettext_lazy("how often in all"))
    def most_shown(self, row: PromotionCode) -> str:
        return points(row.most) if row.most is not None else DASH

    @display(description=gettext_lazy("state"), label={"open": "success", "over": "info"})
    def state_shown(self, row: PromotionCode) -> tuple[str, str]:
        over = row.ended_at is not None or (row.until is not None and row.until <= clock.now())
        return ("over", _("over")) if over else ("open", _("can be used"))

    # --- pages ---------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("make/", wrap(self.make_view), name="billing_promotioncode_make"),
            path("<path:object_id>/end/", wrap(self.end_view), name="billing_promotioncode_end"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"may_make": request.user.has_perm(MAKE), **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        used = promotion_used(row)
        context = self.page_context(
            request,
            title=row.code,
            obj=row,
            row=row,
            gives=self.gives_shown(row),
            plans=self.plans_shown(row),
            state=self.state_shown(row)[1],
            used=points(used),
            most=self.most_shown(row),
            who=actor_names([row.made_by]).get(row.made_by, row.made_by),
            may_end=row.ended_at is None and request.user.has_perm(END),
        )
        return TemplateResponse(request, "admin/billing/promotion.html", context)

    def make_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request.user.has_perm(MAKE))
        form = PromotionForm(sent(request))

        def act(given: dict[str, Any]) -> HttpResponse:
            made = promotion_make(wish=form.wish(), actor=actor_of(request))
            messages.success(request, _("The code can be used."))
            return HttpResponseRedirect(self.url("change", made.pk))

        return ask_and_do(
            self, request, form, act, title=_("A promotion code"), submit=_("Make it"), back=self.url("changelist"),
            intro=_("What a code gives never changes: end it and make another. It is for plans that take codes."),
            places=FIELDS,
        )  # fmt: skip

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks, POST ends it."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(END))

        def act(given: dict[str, Any]) -> str:
            promotion_end(promotion=row, actor=actor_of(request))
            return _("Nobody can use it any more.")

        return ask_and_do(
            self, request, DressedForm(sent(request)), act, title=_("End %(code)s") % {"code": row.code},
            submit=_("End it"), intro=_("From now on nobody can use it. Who did keeps what they got."), danger=True,
            obj=row, back=self.url("change", row.pk),
        )  # fmt: skip
