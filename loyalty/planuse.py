"""What the room that sells plans and the room that has benefits say to each other: whether anything of a plan was used,
and each use of a benefit in its own transaction, since some are paid for."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

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


class Bought(Struct, frozen=True):
    """How often a pass that a member has was paid for, and since when they have it."""

    times: int
    since: datetime


class AskBought(Protocol):
    def __call__(self, *, member_id: int, plan: str) -> Bought | None: ...


_bought: list[AskBought] = []


def pass_bought_register(answer: AskBought) -> None:
    """Called once in ready()."""
    if answer not in _bought:
        _bought.append(answer)


def pass_bought(*, member_id: int, plan: str) -> Bought | None:
    """None where the plan is no pass, or the member doesn't have it."""
    return next((found for answer in _bought if (found := answer(member_id=member_id, plan=plan)) is not None), None)


class Use(Struct, frozen=True):
    """A use of a benefit as it is noted."""

    id: UUID
    benefit: str
    units: int
    used_at: datetime


class Takes(Protocol):
    def __call__(self, member: Member, use: Use) -> None: ...


class Drops(Protocol):
    def __call__(self, member: Member, use_id: str) -> None: ...


_takers: list[tuple[Takes, Drops]] = []


def use_taker_register(takes: Takes, drops: Drops) -> None:
    """Called once in ready(). Both are called in the transaction of the use; what takes raises undoes the use."""
    if (takes, drops) not in _takers:
        _takers.append((takes, drops))


def use_told(member: Member, use: Use) -> None:
    for takes, _drops in _takers:
        takes(member, use)


def use_taken_back_told(member: Member, use_id: str) -> None:
    for _takes, drops in _takers:
        drops(member, use_id)
