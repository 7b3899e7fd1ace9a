"""The one way in: every event, one or a million, comes through event_ingest.

Validate → read → judge → book, a slice of the batch at a time. Booking names the versions that were judged on; if one
has moved, nothing is written and the slice is read and judged again under the members' locks. A slice
that the database refuses is taken apart and tried row by row, so that one bad row answers for itself alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction

from core import clock
from core.actor import Actor, system
from core.errors import Busy, DomainError
from core.failpoint import failpoint
from core.outbox import wake_for
from loyalty import ledger
from loyalty.demand import demand_note, demand_of
from loyalty.enrolling import enrolled_event, members_place
from loyalty.errors import EventConflict, NotBooked
from loyalty.incoming import EventInput, MemberRef, event_read
from loyalty.judging import Answer, Item, NotEnrolled, SliceJudge, answers_again, refusal
from loyalty.models import Enrollment
from loyalty.parts import Booked, Unwanted, parts_book, parts_of
from loyalty.payloads import ORDER_PAID, ORDER_RETURNED
from loyalty.reading import Context, context_read, twins_read
from loyalty.reversing import reversals_read
from loyalty.rules.context import EventFacts, needed_counters
from loyalty.versions import ProgramState, VersionGone, programs, programs_fresh

__all__ = [
    "Answer",
    "Booked",
    "EventInput",
    "MemberRef",
    "Unwanted",
    "event_ingest",
    "event_ingest_raw",
    "event_read",
    "place_ensure",
    "places_ensure",
]

log = logging.getLogger(__name__)

# Twins and late enrollments start over without counting, up to this often.
ATTEMPTS, RESTARTS = 3, 12
# Optimistic once, then locked: who has moved once is in demand, and every further try that isn't booked is lost. But
# a slice of more members than this is tried once more without: all of them would wait while it is judged.
FEW_MEMBERS = 50
# What a caller can do while PostgreSQL is at work, without asking the database anything.
Meanwhile = Callable[[], None]


def event_ingest_raw(
    rows: Sequence[Any], *, actor: Actor, booked: Booked | None = None, meanwhile: Meanwhile | None = None
) -> list[Answer]:
    """Read decoded JSON rows and ingest the good ones; every row gets its answer, in order. Otherwise event_ingest."""
    answers: list[Answer | None] = [None] * len(rows)
    batch: list[tuple[int, EventInput]] = []
    for index, row in enumerate(rows):
        try:
            batch.append((index, event_read(row, default_source=actor.source)))
        except DomainError as error:
            answers[index] = refusal(error)
    given = event_ingest([event for _index, event in batch], actor=actor, booked=booked, meanwhile=meanwhile)
    for (index, _event), answer in zip(batch, given, strict=True):
        answers[index] = answer
    return [each for each in answers if each is not None]


def event_ingest(
    batch: Sequence[EventInput], *, actor: Actor, booked: Booked | None = None, meanwhile: Meanwhile | None = None
) -> list[Answer]:
    """Take in a batch; one answer per event, in order. One bad row never harms another. Busy when locks aren't had.

    meanwhile: given, a large batch is booked part by part, and this called (or not) while the last one is.
    """
    answers: dict[int, Answer] = {}
    first: dict[tuple[str, str], int] = {}
    items: list[Item] = []
    repeats: list[Item] = []
    for index, event in enumerate(batch):
        seen = first.setdefault((event.source, event.external_id), index)
        (items if seen == index else repeats).append(Item(index, event))
    if len(items) > 1:
        # What is there already needs none of what judging reads. One alone isn't worth a question of its own.
        known = twins_read([item.event for item in items])
        answers.update(answers_again(known, items))
        items = [item for item in items if item.index not in answers]
    if meanwhile is not None and items:
        done, items = _parts(items, actor, booked, meanwhile)
        answers.update(done)
    while items:
        done, items = _slice(items, actor, booked)
        answers.update(done)
    for item in repeats:
        key = (item.event.source, item.event.external_id)
        earlier = first[key]
        if answers[earlier].status >= 400 and item.event.body_hash != batch[earlier].body_hash:
            # The first was refused and left nothing; this one may be its correction.
            [answers[item.index]] = event_ingest([item.event], actor=actor, booked=booked)
            first[key] = item.index
        else:
            answers[item.index] = _repeat(item.event, batch[earlier], answers[earlier])
    return [answers[index] for index in range(len(batch))]


def _repeat(event: EventInput, earlier: EventInput, answer: Answer) -> Answer:
    """The second of two rows with one id in a batch: as if it had come in a request of its own."""
    if event.body_hash != earlier.body_hash:
        return refusal(EventConflict(field="id", external_id=event.external_id))
    return msgspec.structs.replace(answer, status=200) if answer.status == 201 else answer


def _parts(
    items: list[Item], actor: Actor, booked: Booked | None, meanwhile: Meanwhile
) -> tuple[dict[int, Answer], list[Item]]:
    """Book what can be booked in parts; what is left comes back."""
    try:
        judge = _prepared(items, actor)
        parts = parts_of(judge.context, items)
    except Busy:
        raise
    except Exception:
        log.exception("a batch of %d events could not be prepared as a whole", len(items))
        return {}, items
    return parts_book(judge, parts, booked, meanwhile) if parts else ({}, items)


def _slice(items: Sequence[Item], actor: Actor, booked: Booked | None) -> tuple[dict[int, Answer], list[Item]]:
    """Book the longest slice that can be judged at once; what is left comes back."""
    try:
        return _book(items, actor, booked)
    except (Busy, Unwanted):
        raise
    except Exception:
        if len(items) == 1:
            raise
        log.exception("a batch of %d events could not be booked; taking it row by row", len(items))
    answers: dict[int, Answer] = {}
    for item in items:
        try:
            answers.update(_book([item], actor, booked)[0])
        except (Busy, Unwanted):
            raise
        except Exception:  # one row's failure, whatever it is, stays its own
            log.exception("event %s of %s could not be booked", item.event.external_id, item.event.source)
            answers[item.index] = refusal(NotBooked())
    return answers, []


def _book(items: Sequence[Item], actor: Actor, booked: Booked | None) -> tuple[dict[int, Answer], list[Item]]:
    events = [item.event for item in items]
    stale = demand_of(events)
    attempt, restarts, within = 1 if stale else 0, 0, connection.in_atomic_block
    enrolling: NotEnrolled | None = None
    while attempt < ATTEMPTS and restarts < RESTARTS:
        if enrolling is not None:
            _enroll(enrolling.missing)
            enrolling = None
        locked = attempt > 0 and (len(stale) <= FEW_MEMBERS or attempt == ATTEMPTS - 1)
        try:
            with transaction.atomic() if locked else nullcontext():
                if locked:
                    ledger.enrollments_lock(stale)
                failpoint("book.before_read")
                judge = _judged(items, actor)
                failpoint("book.before")
                moved = (_commit_now if locked and not within else _commit)(judge, booked)
                failpoint("book.in_transaction" if locked and within else "book.after")
        except NotEnrolled as unenrolled:
            enrolling, restarts = unenrolled, restarts + 1
            continue
        except ledger.BudgetMoved:
            # Each time this happens another got what was wanted here, so soon there is nothing left to want.
            restarts += 1
            continue
        except IntegrityError:
            # A twin was booked between the read and the booking; the next read finds it.
            restarts += 1
            if restarts >= RESTARTS // 2:
                raise
            continue
        if not moved:
            return judge.answers, judge.rest
        # Everyone of the slice, not only who has moved: the booking locks all of them, in the same order.
        stale, attempt = sorted(judge.plan.members), attempt + 1
        demand_note(events, stale)
    raise Busy()


def _enroll(missing: set[tuple[int, int]]) -> None:
    """missing: (member id, program id)."""
    for program_id in sorted({program for _member, program in missing}):
        members = {member for member, program in missing if program == program_id}
        places_ensure(member_ids=members, program_id=program_id)


def place_ensure(*, member_id: int, program_id: int) -> Enrollment:
    """A member's place in a program, made now if need be."""
    [place] = places_ensure(member_ids=[member_id], program_id=program_id)
    return place


def places_ensure(*, member_ids: Collection[int], program_id: int) -> list[Enrollment]:
    """The same for several at once; being enrolled is an event like any other."""
    places = members_place(member_ids=member_ids, program_id=program_id)
    if fresh := [enrolled_event(place) for place, created in places if created]:
        event_ingest(fresh, actor=system("enrollment"))
    return [place for place, _created in places]


def _commit(judge: SliceJudge, booked: Booked | None) -> list[int]:
    if not judge.plan.events:
        return []
    with transaction.atomic() if booked is not None else nullcontext():
        members = sorted(judge.plan.members.items())
        moved = ledger.batch_book(members=members, now=judge.now, plan=judge.plan.rows())
        if booked is not None and not moved:
            booked([answer for answer in judge.answers.values() if answer.status == 201])
    if not moved:
        wake_for(judge.plan.topics())
    return moved


def _commit_now(judge: SliceJudge, booked: Booked | None) -> list[int]:
    """The same in a transaction of our own under the members' locks, with its commit sent along: they are held for as
    long as this takes."""
    plan = judge.plan.rows()
    if not judge.plan.events or "budgets" in plan:
        return _commit(judge, booked)
    if booked is not None:
        booked([answer for answer in judge.answers.values() if answer.status == 201])
    try:
        ledger.batch_send(members=sorted(judge.plan.members.items()), now=judge.now, plan=plan)()
    except ledger.Moved:
        # Somebody whose place wasn't among the locked ones.
        transaction.set_rollback(True)
        return sorted(judge.plan.members)
    wake_for(judge.plan.topics())
    return []


def _judged(items: Sequence[Item], actor: Actor) -> SliceJudge:
    judge = _prepared(items, actor)
    judge.judge(items)
    return judge


def _prepared(items: Sequence[Item], actor: Actor) -> SliceJudge:
    """Read what judging these needs. Programs are cached; when one was published since, read once more."""
    now = clock.now()
    events = [item.event for item in items]
    states = programs()
    try:
        context = context_for(events, states)
    except VersionGone:
        states = programs_fresh()
        context = context_for(events, states)
    fresh = programs(stamps=context.stamps)
    if fresh is not states:
        context = context_for(events, fresh)
    if _settle(context, now):
        context = context_for(events, fresh)
    return SliceJudge(context, fresh, actor, now)


def context_for(events: Sequence[EventInput], states: Mapping[str, ProgramState]) -> Context:
    """Everything that judging these events by these programs needs, as it stands now."""
    now = clock.now()
    context = context_read(events, counters=_counters(events, states), orders=_orders(events), now=now)
    reversals_read(context, events, now)
    return context


def _counters(events: Iterable[EventInput], states: Mapping[str, ProgramState]) -> set[tuple[str, str]]:
    """Which cap counters judging may ask for, by the versions known now."""
    now = clock.now()
    wanted: set[tuple[str, str]] = set()
    for event in events:
        if event.member is None:
            continue
        for state in states.values():
            if state.versions and (event.program is None or event.program == state.slug):
                _row, compiled = state.judging(occurred_at=event.occurred_at, received_at=now)
                facts = EventFacts(
                    id="",
                    type=event.type,
                    occurred_at=event.occurred_at,
                    received_at=now,
                    payload=event.payload,
                    member_known=True,
                )
                wanted.update(needed_counters(compiled, facts))
    return wanted


def _orders(events: Iterable[EventInput]) -> list[tuple[str, str]]:
    """(source, number) of the orders that these events pay or return, as far as the payload is in shape."""
    found: set[tuple[str, str]] = set()
    for event in events:
        if event.type == ORDER_PAID:
            body, name = event.payload.get("order"), "number"
        elif event.type == ORDER_RETURNED:
            body, name = event.payload.get("return"), "order"
        else:
            continue
        number = body.get(name) if isinstance(body, dict) else None
        if isinstance(number, str) and "\x00" not in number:
            found.add((event.source, number))
    return sorted(found)


def _settle(context: Context, now: datetime) -> bool:
    """A return takes points from the balance, so what is due of that member happens first. Whether anything was."""
    taken = [*context.orders.values(), *context.reversals.values()]
    owners = {order.member_id for order in taken if order.due}
    found = [place for member in context.members if member.id in owners for place in member.places]
    places = sorted({each for place in found for each in (place.id, place.holder)})
    for enrollment_id in places:
        ledger.points_settle(enrollment_id=enrollment_id, now=now)
    return bool(places)
