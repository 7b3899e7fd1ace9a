"""Filters and words that several lists of billing share."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.counting import leaving_ones
from billing.models import MembershipPlan
from members.naming import may_see_people

STATES: dict[str, Any] = {
    "active": _("active"),
    "trialing": _("trial"),
    "past_due": _("payment late"),
    "paused": _("paused"),
    "suspended": _("held back"),
    "free": _("free of charge"),
    "one_time": _("paid once"),
    "pending": _("waits for the first payment"),
    "ended": _("ended"),
    "duplicate": _("a second one"),
}
ACCESS: dict[str, Any] = {
    "none": _("not yet"),
    "held": _("holds good"),
    "suspended": _("held back"),
    "over": _("over"),
}
TONES = {
    "active": "success", "trialing": "info", "past_due": "danger", "paused": "warning", "suspended": "danger",
    "free": "success", "one_time": "success", "pending": "warning",
}  # fmt: skip


class StateFilter(SimpleListFilter):
    """By the word for how it stands; the list's rows carry it (billing.counting)."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() in STATES else queryset


class LeavingFilter(SimpleListFilter):
    title = _("leaving")
    parameter_name = "leaving"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes: to end at a date"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return leaving_ones(queryset) if self.value() == "yes" else queryset


class PlanFilter(SimpleListFilter):
    title = _("plan")
    parameter_name = "plan"
    path = "plan__code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(each.code, str(each)) for each in MembershipPlan.objects.order_by("position", "pk")[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.path: self.value()}) if self.value() else queryset


class PlanOfInvoice(PlanFilter):
    path = "subscription__plan__code"


def of_member(request: HttpRequest, rows: QuerySet[Any], term: str, *ids: str) -> QuerySet[Any]:
    """Rows of the member with this address or external id, or with this id in one of the named columns."""
    term = term.strip()
    if not term:
        return rows
    found = Q()
    for column in ids:
        found |= Q(**{column: term})
    if may_see_people(request):
        found |= Q(member__email__iexact=term) | Q(member__external_id=term)
    return rows.filter(found)
