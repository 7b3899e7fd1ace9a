"""Whether anything of a plan was used: asked by the room that sells plans, answered by the room that has benefits."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from members.models import Member


class Unused(Protocol):
    def __call__(self, *, member: Member, plan: str, since: datetime) -> bool: ...


_answers: list[Unused] = []


def plan_use_register(answer: Unused) -> None:
    """Called once in ready()."""
    if answer not in _answers:
        _answers.append(answer)


def plan_unused_since(*, member: Member, plan: str, since: datetime) -> bool:
    """Whether the member has used nothing of what the plan gives since then. True where no room gives anything."""
    return all(answer(member=member, plan=plan, since=since) for answer in _answers)
