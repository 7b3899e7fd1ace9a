"""What rules do besides giving points: told through the outbox, in the event's own transaction.

Topic `act.<kind>`, and `act_revoked.<kind>` when the order that caused it is returned whole. (event_id, rule, effect)
names the act; a handler does each once. An act whose params say `follows_returns` is told of every other return of the
order too: `act_lowered.<kind>`, with what is left of the money as the param `left_minor`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

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


def acts_lower(case: Case, event_id: str, acts: Sequence[Act], plan: Plan, left_minor: int) -> None:
    """Of a part of the order that came back; left_minor: of the money that is still with the brand."""
    for act in acts:
        if act.params.get("follows_returns"):
            _tell(
                f"act_lowered.{act.kind}",
                event_id,
                case,
                msgspec.structs.replace(act, params={**act.params, "left_minor": left_minor}),
                plan,
            )


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
