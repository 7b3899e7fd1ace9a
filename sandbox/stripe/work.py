"""Doing what falls due, in the order of its time."""

from collections.abc import Callable
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.clock import Clock

Json = dict[str, Any]
Worker = Callable[[Account, str, int], None]
WORKERS: dict[str, Worker] = {}


def worker(kind: str) -> Callable[[Worker], Worker]:
    """Let the function do the work of this kind: it gets the account, the object's id and the time at which it fell
    due."""

    def register(work: Worker) -> Worker:
        WORKERS[kind] = work
        return work

    return register


def run_until(account: Account, clock: Clock, until: int) -> int:
    """Do all that is due until then, what that plans included, and leave the clock there. How much was done."""
    done = 0
    while found := clock.next_due(until):
        at, kind, target = found
        clock.working_at = at
        try:
            WORKERS[kind](account, target, at)
        finally:
            clock.working_at = None
        done += 1
    clock.move_to(until)
    return done


def catch_up(account: Account) -> None:
    """Do what the account's own clock has come to by itself."""
    run_until(account, account.clock, account.clock.now())
