"""Plans as rows, with their prices. What a plan says is the document's; a price never changes, it is replaced."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from loyalty.definition.translation import text_in
from loyalty.models import Program
from loyalty.models.program import code_validator
from loyalty.moneywords import money_words


class MembershipPlan(BrandModel):
    """A plan that a published program has or had. body: as the version in force says it, or last said it.

    offered: what the brand says of it. retired_at: since when no version in force has it.
    """

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="plans", verbose_name=_("program"), db_index=False
    )
    code = models.CharField(_("code"), max_length=40, validators=[code_validator])
    group = models.CharField(_("group"), max_length=40)
    level = models.PositiveIntegerField(_("level"), default=0)
    kind = models.CharField(_("kind"), max_length=10)
    body = models.JSONField(_("definition"), default=dict)
    position = models.PositiveIntegerField(_("position"), default=0)
    offered = models.BooleanField(_("offered"), default=True)
    changed_at = models.DateTimeField(_("changed at"))
    retired_at = models.DateTimeField(_("not sold since"), null=True, blank=True)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            # A fact about a member names the plan by its code alone.
            models.UniqueConstraint(fields=["code"], name="plan_code_once"),
        ]

    @property
    def for_sale(self) -> bool:
        """Whether one can join it, or buy it, now."""
        return self.offered and self.retired_at is None and self.program.archived_at is None

    def __str__(self) -> str:
        name = self.body.get("name") or self.code
        return text_in(name, (get_language() or "en")[:2])


class PlanPrice(BrandModel):
    """An amount of a plan, for ever. replaced_at: since when new members pay another; who has it keeps it.

    every: week, month, quarter, year; empty: once. countries: whose members pay it; empty: everybody else. area: the
    first of them, which names the price: of one period and currency a country stands in one price only. included: of
    what is metered, how many uses of a period cost nothing.
    """

    plan = models.ForeignKey(
        MembershipPlan, on_delete=models.PROTECT, related_name="prices", verbose_name=_("plan"), db_index=False
    )
    currency = models.CharField(_("currency"), max_length=3)
    every = models.CharField(_("every"), max_length=8, blank=True)
    countries = models.JSONField(_("countries"), default=list, blank=True)
    area = models.CharField(max_length=2, blank=True, editable=False)
    included = models.PositiveIntegerField(_("included uses"), default=0)
    number = models.PositiveIntegerField(_("version"))
    amount_minor = models.BigIntegerField(_("amount"))
    since = models.DateTimeField(_("since"))
    replaced_at = models.DateTimeField(_("replaced at"), null=True, blank=True)

    class Meta:
        verbose_name = _("price of a plan")
        verbose_name_plural = _("prices of plans")
        ordering: ClassVar = ["plan", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "currency", "every", "area", "number"], name="plan_price_once"),
            models.UniqueConstraint(
                fields=["plan", "currency", "every", "area"],
                condition=models.Q(replaced_at__isnull=True),
                name="plan_price_one_current",
            ),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="plan_price_positive"),
        ]

    def __str__(self) -> str:
        return money_words(self.amount_minor, self.currency)

    @property
    def code(self) -> str:
        """What a member's choice names: `month-EUR`, `once-EUR`, `month-EUR-BE` where it is some countries' own."""
        return "-".join(filter(None, (self.every or "once", self.currency, self.area)))
