"""What this room adds to a member's pages: points and tiers, achievements, the ledger, events; two list columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from core.backoffice.display import points
from core.backoffice.words import in_language
from loyalty.achievementviews import achievements_of
from loyalty.floors import floors_of
from loyalty.inviting import invitations_waiting
from loyalty.leaderboards import player_of
from loyalty.models import Achievement, Enrollment, Event, PointsAccount, PointsEntry, Tier, TierChange, TierStanding
from loyalty.selectors import balances_of
from loyalty.tierviews import tiers_of
from members import panels
from members.models import Member

ROWS = 50


def _enrollments(member: Member) -> list[Enrollment]:
    return list(Enrollment.objects.filter(member=member).select_related("program", "member").order_by("pk"))


def _points(request: HttpRequest, member: Member) -> dict[str, Any]:
    """Per program what the member has and where they stand."""
    programs = [
        {
            "program": each.program,
            "enrolled_at": each.enrolled_at,
            "balances": balances_of(each),
            "tiers": tiers_of(each),
            "accounts": each.accounts.order_by("currency"),
            "given": floors_of(each),
            "invitations": invitations_waiting(each),
            "moves": TierChange.objects.filter(enrollment=each).order_by("-id")[:ROWS],
        }
        for each in _enrollments(member)
    ]
    return {"programs": programs}


def _ledger(request: HttpRequest, member: Member) -> dict[str, Any]:
    accounts = PointsAccount.objects.filter(enrollment__member=member).values_list("pk", flat=True)
    # The newest of each account by its index, then the newest of all: never the whole ledger.
    entries: list[PointsEntry] = []
    for account in accounts:
        entries += PointsEntry.objects.filter(account_id=account).select_related("account").order_by("-id")[:ROWS]
    entries.sort(key=lambda each: -each.pk)
    more = f"{reverse('admin:loyalty_pointsentry_changelist')}?member={member.pk}&period=all"
    return {"entries": entries[:ROWS], "more_url": more}


def _events(request: HttpRequest, member: Member) -> dict[str, Any]:
    events = Event.objects.filter(member=member).defer("payload", "trace", "payload_hash").order_by("-occurred_at")
    more = f"{reverse('admin:loyalty_event_changelist')}?member={member.pk}&period=all"
    rows = [{"event": event} for event in events[:ROWS]]
    return {"events": rows, "more_url": more}


def _achievements(request: HttpRequest, member: Member) -> dict[str, Any]:
    """Per program how far they are, what they have reached, and whether they are on leaderboards."""
    programs = [
        {
            "program": each.program,
            "view": achievements_of(each, everything=True),
            "lines": Achievement.objects.filter(enrollment=each).order_by("-id")[:ROWS],
            "player": player_of(each),
        }
        for each in _enrollments(member)
    ]
    return {"programs": programs, "may_events": request.user.has_perm("loyalty.view_event")}


def _balances(members: Sequence[Member]) -> Mapping[int, str]:
    """Up to two balances per member, the page in one query."""
    ranked = (
        PointsAccount.objects.filter(enrollment__member__in=[each.pk for each in members])
        .annotate(place=Window(RowNumber(), partition_by=F("enrollment__member"), order_by=F("pk").asc()))
        .filter(place__lte=2)
        .values_list("enrollment__member", "currency", "balance")
    )
    told: dict[int, list[str]] = {}
    for member, currency, balance in ranked:
        told.setdefault(member, []).append(f"{points(balance)} {currency}")
    return {member: ", ".join(parts) for member, parts in told.items()}


def _tiers(members: Sequence[Member]) -> Mapping[int, str]:
    """The tier on each ladder by name, the page in two queries."""
    standings = TierStanding.objects.filter(enrollment__member__in=[each.pk for each in members]).values_list(
        "enrollment__member", "enrollment__program", "ladder", "tier"
    )
    names = {
        (program, ladder, code): in_language(body.get("name", code))
        for program, ladder, code, body in Tier.objects.values_list("ladder__program", "ladder__code", "code", "body")
    }
    told: dict[int, list[str]] = {}
    for member, program, ladder, code in standings:
        told.setdefault(member, []).append(names.get((program, ladder, code), code))
    return {member: ", ".join(parts) for member, parts in told.items()}


panels.add_column(panels.ListColumn("tier", gettext_lazy("tier"), _tiers))
panels.add_column(panels.ListColumn("balance", gettext_lazy("balance"), _balances))
for key, title, permission, context in (
    ("points", gettext_lazy("Points and tiers"), "loyalty.view_pointsaccount", _points),
    ("achievements", gettext_lazy("Achievements"), "loyalty.view_achievement", _achievements),
    ("ledger", gettext_lazy("Ledger"), "loyalty.view_pointsentry", _ledger),
    ("events", gettext_lazy("Events"), "loyalty.view_event", _events),
):
    panels.add_panel(panels.Panel(key, title, f"admin/loyalty/member_{key}.html", permission, context))
