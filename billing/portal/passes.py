"""What is left: of a pass, the time that it still holds, and of what a plan gives, how often it can still be used."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.selectors import Held
from core import clock
from loyalty.home import Context
from loyalty.models import Enrollment
from loyalty.planwords import plan_left


class Left(NamedTuple):
    """until None: it has no end of its own. time: in words; empty where there is no end. lines: one for each thing.
    plan: its code, where it can be bought again."""

    until: datetime | None
    time: str
    lines: list[str]
    plan: str


def left_part(held: Held) -> Context | None:
    """On the membership's card. None where nothing of it is counted."""
    row, now = held.row, clock.now()
    place = Enrollment.objects.filter(member_id=row.member_id, program_id=row.plan.program_id).first()
    lines = plan_left(place, row.plan.code) if place is not None else []
    ends = row.plan.kind == "one_fee" and row.period_end is not None and row.period_end > now
    if not lines and not ends:
        return None
    until = row.period_end if ends else None
    time = time_words(until - now) if until is not None else ""
    again = row.plan.code if row.plan.for_sale else ""
    return {"left": Left(until, time, lines, again), "id": row.pk}


def time_words(left: timedelta) -> str:
    """Days while there are two or more, else hours, else minutes; rounded down, so that it never says too much."""
    minutes = int(left.total_seconds()) // 60
    if minutes >= 2 * 24 * 60:
        return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}
    if minutes >= 2 * 60:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    if minutes:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return _("less than a minute")
