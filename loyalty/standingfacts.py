"""What rules may know of a member now, without an event: for showing what is meant for whom."""

from __future__ import annotations

from typing import Any

from core import clock
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.facts import CounterRef, EventFacts, Facts, MemberFacts
from loyalty.models import Enrollment, ProgressCounter, TierStanding
from loyalty.rules.dates import period_start
from loyalty.selectors import Place
from members.models import MemberFact


def facts_now(place: Place, program: CompiledProgram) -> Facts:
    """Facts of an event that is none: conditions of the member hold or don't, conditions of an event never do."""
    now = clock.now()
    enrollment = Enrollment.objects.select_related("member").get(pk=place.pk)
    member = enrollment.member
    told = MemberFact.objects.filter(member=member).values_list("key", "value", "until")
    facts: dict[str, Any] = {key: value for key, value, until in told if until is None or until > now}
    standings = TierStanding.objects.filter(enrollment_id=place.pk).values_list("ladder", "tier")
    event = EventFacts(id="", type="", occurred_at=now, received_at=now, payload={})
    return Facts(
        event,
        MemberFacts(
            tiers=dict(standings),
            counters=_counters(place, program, now.astimezone(program.zone).date()),
            language=member.language,
            joined_at=member.joined_at,
            enrolled_at=enrollment.enrolled_at,
            time_zone=member.time_zone or None,
            attributes=member.attributes,
            birth_date=member.birth_date,
            facts=facts,
        ),
        program.zone,
    )


def _counters(place: Place, program: CompiledProgram, day: Any) -> dict[CounterRef, int]:
    """The declared counters of the periods that run now."""
    if not program.document.counters:
        return {}
    now = {period_start(each, day) for each in ("day", "week", "month", "year", "lifetime")}
    rows = ProgressCounter.objects.filter(enrollment_id=place.pk, key__startswith="count:", period__in=now)
    return {(key, period): value for key, period, value in rows.values_list("key", "period", "value")}
