"""Points, days and texts as a member reads them: the locale's digits, the currency's own name, the active language.

A `currency` here is anything with name_one, name_many and (where it has fractions) scale: a selector's Balance.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy

from loyalty.models import PointsEntry

register = template.Library()

MINUS = "\u2212"
KIND_WORDS: dict[str, str | Promise] = {
    PointsEntry.Kind.EARN: pgettext_lazy("points", "Earned"),
    PointsEntry.Kind.SPEND: pgettext_lazy("points", "Spent"),
    PointsEntry.Kind.EXPIRE: pgettext_lazy("points", "Expired"),
    PointsEntry.Kind.ADJUST: pgettext_lazy("points", "Corrected"),
    PointsEntry.Kind.TRANSFER: pgettext_lazy("points", "Transferred"),
    PointsEntry.Kind.DEBT: pgettext_lazy("points", "Debt paid off"),
}
KIND_ICONS = {
    PointsEntry.Kind.EARN: "plus",
    PointsEntry.Kind.SPEND: "gift",
    PointsEntry.Kind.EXPIRE: "hourglass",
    PointsEntry.Kind.ADJUST: "settings",
    PointsEntry.Kind.REVERSE: "arrow-left",
    PointsEntry.Kind.TRANSFER: "arrow-right",
    PointsEntry.Kind.DEBT: "check",
}


def scale_of(currency: Any) -> int:
    return int(getattr(currency, "scale", 0) or 0)


@register.filter
def amount(minor: int, currency: Any = None) -> str:
    """The number alone, in the locale's digits: 123456 of a currency with two decimals is "1,234.56"."""
    scale = scale_of(currency)
    return number_format(Decimal(minor).scaleb(-scale), decimal_pos=scale, force_grouping=True)


@register.filter
def unit(minor: int, currency: Any) -> str:
    """The currency's name that fits the number: one bean, two beans."""
    return localized(currency.name_one if abs(minor) == 10 ** scale_of(currency) else currency.name_many)


@register.filter
def points(minor: int, currency: Any) -> str:
    """Number and name, held together on one line: "1,200 beans"."""
    return f"{amount(minor, currency)}\u00a0{unit(minor, currency)}"


@register.filter
def signed(minor: int, currency: Any = None) -> str:
    """The number with its sign, a real minus: "+120", "−45"."""
    sign = "+" if minor > 0 else MINUS if minor < 0 else ""
    return f"{sign}{amount(abs(minor), currency)}"


@register.filter
def localized(text: Any) -> str:
    """A text kept as {"en": …, "nl": …}, in the reader's language, else in English, else in any."""
    if not isinstance(text, Mapping):
        return str(text or "")
    return str(text.get(get_language() or "en") or text.get("en") or next(iter(text.values()), ""))


@register.filter
def in_language(row: Any, field: str) -> str:
    """A row's field in the reader's language, where it has one (`name_nl` beside `name`)."""
    own = getattr(row, f"{field}_{get_language()}", "")
    return str(own or getattr(row, field))


@register.filter
def last_day(ends_at: datetime | None) -> date | None:
    """The last local day of something that ends at a moment: midnight of 1 January is 31 December."""
    return timezone.localtime(ends_at - timedelta(microseconds=1)).date() if ends_at else None


@register.filter
def short_day(moment: datetime | date | None, form: str = "j M Y") -> str:
    """22 Nov 2026, or in Dutch, which writes months and days small, 22 nov 2026. form: as of Django's date filter."""
    if moment is None:
        return ""
    day = timezone.localtime(moment).date() if isinstance(moment, datetime) else moment
    text = date_format(day, form)
    return text.lower() if get_language() == "nl" else text


@register.filter
def kind_word(entry: PointsEntry) -> str:
    """What an entry is, for members. A reversal takes or gives, by its sign."""
    if entry.kind == PointsEntry.Kind.REVERSE:
        taken, given = pgettext_lazy("points", "Taken back"), pgettext_lazy("points", "Given back")
        return str(given if entry.points > 0 else taken)
    return str(KIND_WORDS[entry.kind])


@register.filter
def kind_icon(entry: PointsEntry) -> str:
    return KIND_ICONS[PointsEntry.Kind(entry.kind)]
