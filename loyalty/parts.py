"""A large batch in parts: while PostgreSQL books one, the next is judged.

What all of them need is read at once. No two parts have a member, an account or an order in common, so that what is
judged of one doesn't hang on another being booked; and each booking proves the versions that were judged on, as ever.
A part that can't be booked is left to the ordinary way, which reads and judges it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from django.db import IntegrityError, connection, transaction

from core.errors import Busy
from core.failpoint import failpoint
from core.outbox import wake_for
from loyalty import ledger
from loyalty.judging import Answer, Item, SliceJudge
from loyalty.payloads import ORDER_PAID, ORDER_RETURNED
from loyalty.reading import Context

log = logging.getLogger(__name__)

PART = 500
# Called with the answers of what is booked, in the same transaction; may raise Unwanted.
Booked = Callable[[Sequence[Answer]], None]


class Unwanted(Exception):
    """Raised by a caller's Booked: the slice is not booked, and what is left of the batch isn't tried."""


def parts_of(context: Context, items: Sequence[Item]) -> list[list[Item]]:
    """Parts that can be judged apart, each in the order of the batch; none when they can't be or it isn't worth it."""
    events = [item.event for item in items]
    if len(items) < 2 * PART or connection.in_atomic_block or context.budgets:
        return []
    # A return belongs to an order, whoever sends it, and of two orders with one number the first counts.
    orders = [each.payload.get("order") for each in events if each.type == ORDER_PAID]
    numbers = [order["number"] for order in orders if isinstance(order, dict) and isinstance(order.get("number"), str)]
    if any(each.type == ORDER_RETURNED for each in events) or len(set(numbers)) < len(numbers):
        return []
    parts: list[list[Item]] = [[] for _each in range(len(items) // PART)]
    for item in items:
        parts[_holder(context, item) % len(parts)].append(item)
    return [part for part in parts if part]


def _holder(context: Context, item: Item) -> int:
    """Who share accounts are judged together."""
    member = context.member(item.event.member) if item.event.member is not None else None
    return min((place.holder for place in member.places), default=member.id) if member is not None else 0


def parts_book(
    judge: SliceJudge, parts: Sequence[Sequence[Item]], booked: Booked | None, meanwhile: Callable[[], None]
) -> tuple[dict[int, Answer], list[Item]]:
    """The answers of what is booked or refused, and the items that are left. Busy, Unwanted: not all was tried."""
    left: dict[int, Item] = {}
    flight: _Flight | None = None
    try:
        for part in parts:
            judge.begin()
            try:
                judge.judge(part)
                sound = True
            except Exception:  # noqa: BLE001  (somebody isn't enrolled, or whatever: the ordinary way will tell)
                sound = False
            if flight is not None:
                left.update(flight.land())
            flight = _Flight(judge, part, booked) if sound else None
            if not sound:
                left.update(_by_index(part))
        meanwhile()
    finally:
        if flight is not None:
            left.update(flight.land())
    answers = {index: answer for index, answer in judge.answers.items() if index not in left}
    left.update(_by_index(judge.rest))
    return answers, [left[index] for index in sorted(left)]


def _by_index(items: Sequence[Item]) -> dict[int, Item]:
    return {item.index: item for item in items}


class _Flight:
    """A part whose booking has been sent, its transaction open until it lands."""

    def __init__(self, judge: SliceJudge, part: Sequence[Item], booked: Booked | None) -> None:
        self._part = part
        self._left: dict[int, Item] = {}
        self._steps = _booking(judge, part, booked)
        self._step()

    def land(self) -> dict[int, Item]:
        """Wait for it. What is left of the part, by index: all of it when it couldn't be booked. Again: the same."""
        self._step()
        return self._left

    def _step(self) -> None:
        try:
            next(self._steps, None)
        except (Busy, Unwanted):
            raise
        except (ledger.Moved, IntegrityError):
            self._left = _by_index(self._part)
        except Exception:
            log.exception("a part of %d events could not be booked; taking it the ordinary way", len(self._part))
            self._left = _by_index(self._part)


def _booking(judge: SliceJudge, part: Sequence[Item], booked: Booked | None) -> Iterator[None]:
    """Two steps: what the part came to is sent with its commit, and waited for."""
    plan, answers = judge.plan, [judge.answers[item.index] for item in part if item.index in judge.answers]
    if not plan.events:
        return
    with transaction.atomic():
        if booked is not None:
            # Before the booking, which is under way when it could be called after.
            booked([answer for answer in answers if answer.status == 201])
        failpoint("book.before")
        landed = ledger.batch_send(members=sorted(plan.members.items()), now=judge.now, plan=plan.rows())
        try:
            yield
        finally:
            landed()
    wake_for(plan.topics())
    failpoint("book.after")
