"""So much of what a ladder goes by, in the reader's words: on pages and in letters."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from loyalty.moneywords import money_words
from loyalty.templatetags.points import amount, localized, points
from loyalty.tierviews import MetricView


def metric_words(minor: int, metric: MetricView) -> str:
    """So much of what a ladder goes by: “120 points”, “€40”, “3 × Orders”."""
    if metric.kind == "money":
        return money_words(minor, metric.of)
    if metric.kind == "counter":
        return f"{amount(minor)}\u00a0× {localized(metric.name_many)}"
    return points(minor, metric)


def words_joined(parts: Sequence[str], every: bool) -> str:
    word = _("and") if every else _("or")
    return f" {word} ".join(parts)
