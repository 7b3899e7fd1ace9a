"""The kinds of reward and what each does when a member gets one.

A kind's module registers itself from RewardsConfig.ready():

    kind_handler("gift_card", issue=gift_card_issue, revoke=voucher_void)

issue runs once, in the transaction in which the redemption becomes final (taken at once, captured, or given by a
rule); revoke in the one in which a final redemption is canceled, before the points go back. Both may refuse with a
DomainError, which undoes the whole; effects on the outside leave through the outbox. A kind without a handler does
nothing more than its redemption says.

ready refuses the use of one that isn't there yet. code gives the code of a redemption whose code is the kind's own.

A reward may have become another kind since it was taken. So revoke, ready and code are asked of every kind, and each
looks for what it made for this redemption; where there is nothing it does nothing.

problems tells what only the room's tables can tell of a kind before its document is published (a sweepstake or a
supplier that isn't there); paths start at the given one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from core.actor import Actor
from loyalty.definition.problems import Problem
from loyalty.models import Program

if TYPE_CHECKING:
    from rewards.models import Redemption


class Handing(msgspec.Struct, frozen=True):
    """A redemption that becomes final, or is taken back. kind: the struct of the reward, see shapes.py."""

    redemption: Redemption
    kind: Any
    actor: Actor
    now: datetime


Step = Callable[[Handing], None]
Check = Callable[[Program, Any, str], Iterable[Problem]]
Ready = Callable[["Redemption"], None]
Reveal = Callable[["Redemption"], str | None]


class Handler(msgspec.Struct, frozen=True):
    issue: Step | None = None
    revoke: Step | None = None
    problems: Check | None = None
    ready: Ready | None = None
    code: Reveal | None = None


_handlers: dict[str, Handler] = {}


def kind_handler(
    tag: str,
    *,
    issue: Step | None = None,
    revoke: Step | None = None,
    problems: Check | None = None,
    ready: Ready | None = None,
    code: Reveal | None = None,
) -> None:
    """Called once per kind, in ready()."""
    _handlers[tag] = Handler(issue, revoke, problems, ready, code)


def handler_of(kind: Any) -> Handler:
    return _handlers.get(str(kind.__struct_config__.tag), Handler())


def revokers() -> list[Step]:
    """What takes back, each once, whatever kind it belongs to."""
    return list(dict.fromkeys(each.revoke for each in _handlers.values() if each.revoke is not None))


def readiers() -> list[Ready]:
    return list(dict.fromkeys(each.ready for each in _handlers.values() if each.ready is not None))


def revealers() -> list[Reveal]:
    return list(dict.fromkeys(each.code for each in _handlers.values() if each.code is not None))
