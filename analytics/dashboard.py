"""The admin's first page: how the last 30 days went, and what needs somebody. Named in config/settings/unfold.py."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from analytics import selectors
from analytics.memberships import membership_attention, membership_figures
from core import clock
from core.backoffice.display import points
from core.backoffice.words import in_language
from core.errors import DomainError
from core.tables import OutboxMessage
from loyalty.admin.amounts import money
from loyalty.models import PointCurrency, Program
from loyalty.publishing import draft_difference
from rewards.models import CodePool

FIGURES = "loyalty.view_pointsentry"


def dashboard_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds figures, chart and attention to unfold's context; figures only for whoever may see the ledger."""
    context["attention"] = attention(request)
    context["memberships"] = membership_figures(request)
    if not request.user.has_perm(FIGURES):
        return context
    now = clock.now()
    found = selectors.points_figures(now)
    chosen = next((each for each in found if each.currency == request.GET.get("currency")), found[0] if found else None)
    zone = getattr(getattr(request, "brand", None), "time_zone", "UTC")
    days = selectors.points_by_day(now, currency=chosen.currency, zone=zone) if chosen else []
    names = _names()
    context.update(
        as_of=now,
        figures=[*_people(now), *_money(now), *_points(chosen, names)],
        currencies=[{"code": each.currency, "name": names.get(each.currency, each.currency)} for each in found],
        chosen=chosen.currency if chosen else "",
        chosen_name=names.get(chosen.currency, chosen.currency) if chosen else "",
        days=days,
        chart=_chart(days),
        welcome=not found,
    )
    return context


def _card(title: str, value: str, pair: selectors.Pair | None, how: str) -> dict[str, Any]:
    return {"title": title, "value": value, "pair": pair, "change": pair.change if pair else None, "how": how}


def _people(now: Any) -> list[dict[str, Any]]:
    joined, active, taken = selectors.new_members(now), selectors.active_members(now), selectors.redemptions(now)
    return [
        _card(_("New members"), points(joined.now), joined, _("Members who joined; erased ones left out.")),
        _card(_("Active members"), points(active.now), active, _("Members of whom at least one event happened.")),
        _card(_("Rewards taken"), points(taken.now), taken, _("Redemptions that were not canceled.")),
    ]


def _money(now: Any) -> list[dict[str, Any]]:
    cards = []
    for each in selectors.sales(now):
        amount = money(each.amount.now, each.currency)
        cards += [
            _card(_("Orders"), points(each.orders.now), each.orders, _("Paid orders, guests' included.")),
            _card(_("Sales"), amount, each.amount, _("What orders came to with tax and shipping, returns taken off.")),
        ]
    return cards or [_card(_("Orders"), points(0), selectors.Pair(0, 0), _("Paid orders, guests' included."))]


def _points(chosen: selectors.PointsFigures | None, names: dict[str, str]) -> list[dict[str, Any]]:
    if chosen is None:
        return []
    name = names.get(chosen.currency, chosen.currency)
    return [
        _card(
            _("%(points)s given") % {"points": name.capitalize()},
            points(chosen.issued.now),
            chosen.issued,
            _("Earned, and adjusted upwards by hand. What returns took back later is not taken off."),
        ),
        _card(
            _("%(points)s spent") % {"points": name.capitalize()},
            points(chosen.spent.now),
            chosen.spent,
            _("Spent on rewards, less what canceled rewards gave back."),
        ),
        _card(
            _("%(points)s expired") % {"points": name.capitalize()},
            points(chosen.expired.now),
            chosen.expired,
            _("Gone because their time was over."),
        ),
        _card(
            _("%(points)s outstanding") % {"points": name.capitalize()},
            points(chosen.outstanding),
            None,
            _("What members hold now: to spend, pending and reserved together."),
        ),
    ]


def _chart(days: list[selectors.DayPoints]) -> str:
    """What unfold's bar chart reads."""
    return json.dumps(
        {
            "labels": [date_format(each.day, "j M") for each in days],
            "datasets": [
                {
                    "label": _("given"),
                    "data": [each.issued for each in days],
                    "backgroundColor": "var(--color-primary-600)",
                    "grouped": True,
                    "barThickness": 6,
                    "maxBarThickness": 6,
                    "displayYAxis": True,
                    "maxTicksXLimit": 8,
                },
                {
                    "label": _("spent"),
                    "data": [each.spent for each in days],
                    "grouped": True,
                    "barThickness": 6,
                    "maxBarThickness": 6,
                    "backgroundColor": "var(--color-base-400)",
                },
            ],
        }
    )


def _names() -> dict[str, str]:
    rows = PointCurrency.objects.values_list("code", "body")
    return {code: in_language(body.get("name_many")) or code for code, body in rows}


def attention(request: HttpRequest) -> list[dict[str, str]]:
    """What somebody should look at, each with where; only what this person may see."""
    found: list[dict[str, str]] = []
    if request.user.has_perm("core.view_outboxmessage"):
        failed = OutboxMessage.objects.filter(failed_at__isnull=False, delivered_at__isnull=True).count()
        if failed:
            text = ngettext("%(n)s message could not be sent.", "%(n)s messages could not be sent.", failed)
            url = f"{reverse('admin:core_outboxmessage_changelist')}?state=failed"
            found.append({"icon": "outbox", "text": text % {"n": points(failed)}, "url": url})
    if request.user.has_perm("rewards.view_codepool"):
        low = CodePool.objects.annotate(free=F("size") - F("next_ordinal") + 1).filter(free__lt=F("low_at"))[:10]
        for pool in low:
            text = _("%(pool)s has %(n)s codes left.") % {"pool": pool.name, "n": points(pool.left)}
            url = reverse("admin:rewards_codepool_change", args=[pool.pk])
            found.append({"icon": "password", "text": text, "url": url})
    found += membership_attention(request)
    if request.user.has_perm("loyalty.view_program"):
        found += _drafts()
    return found


def _drafts() -> list[dict[str, str]]:
    found = []
    for program in Program.objects.filter(archived_at__isnull=True).order_by("name")[:10]:
        url = reverse("admin:loyalty_program_change", args=[program.pk])
        try:
            waiting = len(draft_difference(program, language=(get_language() or "en")[:2]))
        except DomainError:
            found.append({"icon": "error", "text": _("The draft of %(p)s has mistakes.") % {"p": program}, "url": url})
            continue
        if waiting:
            text = ngettext(
                "The draft of %(p)s has %(n)d change that isn't published.",
                "The draft of %(p)s has %(n)d changes that aren't published.",
                waiting,
            )
            found.append({"icon": "edit_note", "text": text % {"p": program, "n": waiting}, "url": url})
    return found
