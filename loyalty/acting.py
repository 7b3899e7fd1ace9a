"""What rules do besides giving points: told through the outbox, in the event's own transaction.

Topic `act.<kind>`, and `act_revoked.<kind>` when the order that caused it is returned whole. (event_id, rule, effect)
names the act; a handler does each once.
"""

from __future__ import annotations

from collections.abc import Sequence

from loyalty.booking import Plan
from loyalty.cases import Case
from loyalty.rules.judgement import Act


def acts_tell(case: Case, acts: Sequence[Act], plan: Plan) -> None:
    for act in acts:
        _tell(f"act.{act.kind}", case.id, case, act, plan)


def acts_revoke(case: Case, event_id: str, acts: Sequence[Act], plan: Plan) -> None:
    """event_id: of the event that caused them, which has been undone."""
    for act in acts:
        _tell(f"act_revoked.{act.kind}", event_id, case, act, plan)


def _tell(topic: str, event_id: str, case: Case, act: Act, plan: Plan) -> None:
    if case.member is not None:
        plan.tell(
            topic,
            event_id=event_id,
            member_id=case.member.public_id,
            program=case.state.slug,
            rule=act.rule,
            effect=act.effect,
            params=dict(act.params),
        )
