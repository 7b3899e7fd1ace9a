"""What higher rooms do when a member comes into being. They register in ready(); members never imports them."""

from __future__ import annotations

from collections.abc import Callable

from core.actor import Actor
from members.models import Member

CreatedHook = Callable[[Member, Actor], None]

_created: list[CreatedHook] = []


def on_member_created(function: CreatedHook) -> CreatedHook:
    """Call `function(member, actor)` for every new member, in the transaction that makes them: raising undoes it."""
    if function not in _created:
        _created.append(function)
    return function


def member_created(member: Member, actor: Actor) -> None:
    for function in _created:
        function(member, actor)
