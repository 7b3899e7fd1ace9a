"""Filters that several lists of this room share."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.models import PointCurrency


class CurrencyFilter(SimpleListFilter):
    title = gettext_lazy("point currency")
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        codes = PointCurrency.objects.order_by("code").values_list("code", flat=True).distinct()
        return [(code, code) for code in codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(account__currency=self.value()) if self.value() else queryset


class MemberIdFilter(SimpleListFilter):
    """Not offered in the panel: the link from a member's page sets it."""

    title = gettext_lazy("member")
    parameter_name = "member"
    path = "account__enrollment__member"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = self.used_parameters.get(self.parameter_name) or request.GET.get(self.parameter_name)
        return [(str(chosen), _("this member"))] if chosen else []

    def has_output(self) -> bool:
        return bool(self.lookup_choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(**{self.path: int(value)}) if value.isdigit() else queryset.none()
