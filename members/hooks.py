"""What higher rooms do when members come into being. They register in ready(); members never imports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction

from core.actor import Actor
from members.acquisition import Acquisition
from members.models import Member

CreatedHook = Callable[[Sequence[Member], Actor], None]
JoinedHook = Callable[[Member, Acquisition], None]

_created: list[CreatedHook] = []
_joined: list[JoinedHook] = []
_waiting: ContextVar[list[Member] | None] = ContextVar("members_waiting", default=None)


def on_members_created(function: CreatedHook) -> CreatedHook:
    """Call `function(members, actor)` for new members, in the transaction that makes them: raising undoes it."""
    if function not in _created:
        _created.append(function)
    return function


def on_joined(function: JoinedHook) -> JoinedHook:
    """Call `function(member, first touch)` when somebody who signed up has proven their address."""
    if function not in _joined:
        _joined.append(function)
    return function


def member_joined(member: Member, first: Acquisition) -> None:
    for function in _joined:
        function(member, first)


def member_created(member: Member, actor: Actor) -> None:
    """At once, or at the end of the `created_together` that this happens in."""
    waiting = _waiting.get()
    if waiting is not None:
        waiting.append(member)
        return
    _tell([member], actor)


@contextmanager
def created_together(actor: Actor) -> Iterator[None]:
    """What follows the making of members happens once for all that are made within. In the caller's transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("created_together outside a transaction: members could stay without what follows")
    waiting: list[Member] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if waiting:
        _tell(waiting, actor)


def _tell(members: Sequence[Member], actor: Actor) -> None:
    for function in _created:
        function(members, actor)
