"""What a judged event achieved, planned for booking and told through the outbox; and taken back with a whole return."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from loyalty.booking import Plan
from loyalty.cases import Case
from loyalty.definition.achievementbuild import AchievementPlan, CompiledChallenge
from loyalty.reading import Place
from loyalty.rules.judgement import Achieved, Raised

TOPICS = {
    "challenge": "challenge.completed",
    "step": "challenge.step_completed",
    "stamp_card": "stamp_card.filled",
    "streak": "streak.extended",
    "milestone": "streak.milestone_reached",
    "badge": "badge.granted",
}


def achieved_take(case: Case, achieved: Sequence[Achieved], plan: Plan) -> None:
    """A row for each but a streak's growth, which its counters tell, and a message for all."""
    for each in achieved:
        if each.kind != "streak":
            _row(case, each, plan, undone=False)
        _tell(TOPICS[each.kind], case, each, plan)


def achieved_undo(case: Case, place: Place, raised: Sequence[Raised], plan: Plan, by: AchievementPlan) -> None:
    """The event that raised these was undone whole; its counters have been lowered already. by: what judged it."""
    for each in _undone(place, raised, by):
        _row(case, each, plan, undone=True)
        _tell("achievement.undone", case, each, plan, kind=each.kind)


def _undone(place: Place, raised: Sequence[Raised], by: AchievementPlan) -> Iterator[Achieved]:
    for each in raised:
        name, _, code = each.key.partition(":")
        left = place.counters.get(f"{each.key}@{each.period}", 0)
        if name == "challenge_done":
            known = by.each.get(code)
            kind = "step" if isinstance(known, CompiledChallenge) and known.parent else "challenge"
            yield from (Achieved(kind, code, left + number + 1) for number in range(each.amount))
        elif name == "cards":
            yield from (Achieved("stamp_card", code, left + number + 1) for number in range(each.amount))
        elif name == "unmarked" and code.startswith("streak_paid:") and not each.guard:
            streak, _, at = code.removeprefix("streak_paid:").rpartition(":")
            yield Achieved("milestone", streak, int(at))
        elif name == "badge" and left <= 0:
            yield Achieved("badge", code, 1, date.fromisoformat(each.period) if each.period else None)


def _row(case: Case, each: Achieved, plan: Plan, *, undone: bool) -> None:
    assert case.place is not None
    plan.achievements.append(
        {
            "enrollment": case.place.id,
            "kind": each.kind,
            "code": each.code,
            "n": each.n,
            "last_day": each.last_day,
            "undone": undone,
            "event_id": case.id,
            "at": case.event.occurred_at,
        }
    )


def _tell(topic: str, case: Case, each: Achieved, plan: Plan, **more: str) -> None:
    assert case.member is not None
    plan.tell(
        topic,
        event_id=case.id,
        member_id=case.member.public_id,
        program=case.state.slug,
        code=each.code,
        n=each.n,
        **({"last_day": each.last_day.isoformat()} if each.last_day is not None else {}),
        **more,
    )
