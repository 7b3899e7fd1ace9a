"""A filter by time that always bounds the list: the last 30 days unless another period is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import clock

_DAYS = {"7": 7, "30": 30, "90": 90, "365": 365}


class PeriodFilter(SimpleListFilter):
    """Subclass with `period_of(field)`. `default` is the key that holds when nothing is chosen; "all" is no bound."""

    title = _("period")
    parameter_name = "period"
    field: ClassVar[str]
    default: ClassVar[str] = "30"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("today", _("today")),
            ("7", _("last 7 days")),
            ("30", _("last 30 days")),
            ("90", _("last 90 days")),
            ("365", _("last 365 days")),
            ("all", _("all time")),
        ]

    def chosen(self) -> str:
        value = self.value()
        return value if value in _DAYS or value in ("today", "all") else self.default

    def since(self) -> datetime | None:
        """Where the chosen period begins; None for all time."""
        chosen, now = self.chosen(), clock.now()
        if chosen == "all":
            return None
        if chosen == "today":
            return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        return now - timedelta(days=_DAYS[chosen])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        since = self.since()
        return queryset if since is None else queryset.filter(**{f"{self.field}__gte": since})

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for key, title in self.lookup_choices:
            yield {
                "selected": self.chosen() == str(key),
                "query_string": changelist.get_query_string({self.parameter_name: key}),
                "display": title,
            }


def period_of(field_name: str, *, default_period: str = "30") -> type[PeriodFilter]:
    """A PeriodFilter over a field. Lists of what must be worked on use default_period "all"."""

    class Period(PeriodFilter):
        field = field_name
        default = default_period

    return Period
