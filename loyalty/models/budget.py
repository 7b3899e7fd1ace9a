"""What all members together have been given under a budget."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from loyalty.models.program import Program


class Budget(BrandModel):
    """A running count over all members for a period. Raised by the booking alone, which never lets it pass its limit.

    key: `budget:<rule or group>:<measure>:<period>`; period: its first local day, or "" for a lifetime.
    """

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="budgets", verbose_name=_("program"), db_index=False
    )
    key = models.CharField(_("what"), max_length=120)
    period = models.CharField(_("period"), max_length=10, blank=True)
    value = models.BigIntegerField(_("value"), default=0)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key", "period"], name="budget_once"),
            models.CheckConstraint(condition=models.Q(value__gte=0), name="budget_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.period} {self.value}"
