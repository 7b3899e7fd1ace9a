"""What an event would come to, without booking it: read and judged by the code of the real run, then let go.

Nothing is written: no event, no place for a member who has none, no id, no lock. What the real run would settle first
(points that are due of a member who returns something) is settled in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor, system
from core.errors import DomainError, NotFound
from loyalty.definition.compile import compile_program
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.document import Document
from loyalty.definition.read import document_hash
from loyalty.enrolling import enrolled_event
from loyalty.incoming import EventInput, event_read
from loyalty.ingest import context_for
from loyalty.judging import Answer, Item, NotEnrolled, SliceJudge, refusal
from loyalty.lots import MemoryLot, Purse
from loyalty.models import Enrollment, Event, Program
from loyalty.payloads import ORDER_PAID
from loyalty.reading import Account, Context, MemberContext, PastMove, Place, Standing
from loyalty.traces import trace_whole
from loyalty.versions import ALWAYS, ProgramState, VersionRow, compiled_of, programs, programs_fresh
from members.models import Member

DRAFT = VersionRow(id=0, number=0, in_force_from=ALWAYS, document_hash=b"")


class Trial(ProgramState, frozen=True):
    """A program as if one document had always been in force. Awards of the past keep the version that gave them."""

    row: VersionRow
    compiled: CompiledProgram

    def row_at(self, moment: datetime) -> VersionRow:
        return self.row

    def judging(self, *, occurred_at: datetime, received_at: datetime) -> tuple[VersionRow, CompiledProgram]:
        return self.row, self.compiled

    def version(self, version_id: int) -> CompiledProgram:
        return self.compiled if version_id == self.row.id else super().version(version_id)

    def at(self, moment: datetime) -> CompiledProgram:
        return self.compiled


class Simulated(msgspec.Struct, frozen=True):
    """What one event would come to: the answer that sending it would get, its body without an id.

    answer.status: 201 it would be booked; 200 it was booked before, so this is the first answer again; else it would be
    refused. trace: as an event keeps it. document: what judged it, None where nothing did. version None: a draft.
    """

    answer: Answer
    trace: Mapping[str, Any] = {}
    document: Document | None = None
    version: int | None = None


def trial_of(state: ProgramState, document: Document, row: VersionRow | None = None) -> Trial:
    """The program as if the document were in force; row: the published version that it is, if it is one."""
    row = row or msgspec.structs.replace(DRAFT, document_hash=document_hash(document))
    return Trial(
        id=state.id,
        slug=state.slug,
        name=state.name,
        stamp=state.stamp,
        versions=state.versions,
        withdrawn=state.withdrawn,
        counted_back=state.counted_back,
        row=row,
        compiled=compile_program(document),
    )


def event_simulate(
    rows: Sequence[Any],
    *,
    actor: Actor,
    program: Program | None = None,
    document: Document | None = None,
    version: int | None = None,
    anew: bool = False,
) -> list[Simulated]:
    """What each of these decoded JSON events would come to if it came now, each on its own; nothing is written.

    program, with document (a draft, checked) or version (a published one's number): judge by that instead of by the
    version in force. anew: as if neither the event nor its order had come before. A row that the real run would refuse
    is answered with the same error.
    """
    found: list[Simulated] = []
    for row in rows:
        try:
            event = event_read(row, default_source=actor.source)
            found.append(_simulate(event, actor, program, document, version, anew))
        except DomainError as error:
            found.append(Simulated(refusal(error)))
    return found


def stranger_simulate(row: Any, *, actor: Actor) -> list[dict[str, Any]]:
    """What somebody would be given who joined now and did this: for joining, then for the event. [] where that is
    refused.

    row: an event of a member whom nobody knows, by a public id that was never given. Nothing is written.
    """
    now = clock.now()
    try:
        event = event_read(row, default_source=actor.source)
    except DomainError:
        return []
    states, context = _read(event, None, None, None)
    who = Member(id=-1, public_id=row["member"], status=Member.Status.ACTIVE, joined_at=now)
    context.add_member(MemberContext(-1, row["member"], None, None, who.status, who.language, joined_at=now, places=[]))
    judge = SliceJudge(context, states, actor, now)
    given: list[dict[str, Any]] = []
    try:
        judge.judge([Item(0, event)])
    except NotEnrolled as missing:
        for _member, program_id in sorted(missing.missing):
            given += _place(context, states, who.pk, program_id, now, who)
        judge = SliceJudge(context, states, actor, now)
        judge.judge([Item(0, event)])
    answer = judge.answers[0]
    return [] if answer.error is not None else [*given, *answer.body["awards"]]


def _simulate(
    event: EventInput,
    actor: Actor,
    program: Program | None,
    document: Document | None,
    version: int | None,
    anew: bool,
) -> Simulated:
    now = clock.now()
    states, context = _read(event, program, document, version)
    if anew:
        context.twins = {}
        context.orders = context.orders if event.type != ORDER_PAID else {}
    twin = context.twins.get((event.source, event.external_id))
    _settle(context, now)
    judge = SliceJudge(context, states, actor, now)
    try:
        judge.judge([Item(0, event)])
    except NotEnrolled as missing:
        for member_id, program_id in sorted(missing.missing):
            _place(context, states, member_id, program_id, now)
        judge = SliceJudge(context, states, actor, now)
        judge.judge([Item(0, event)])
    answer = judge.answers[0]
    if answer.error is not None:
        return Simulated(answer)
    if twin is not None:
        return _before(event, answer)
    return _told(judge, states, answer)


def _read(
    event: EventInput, program: Program | None, document: Document | None, version: int | None
) -> tuple[Mapping[str, ProgramState], Context]:
    """The programs as they are to be judged by, and what judging needs, as the real run reads it."""
    cached = programs()
    known = _states(cached, program, document, version)
    context = context_for([event], known)
    fresh = programs(stamps=context.stamps)
    if fresh is cached:
        return known, context
    states = _states(fresh, program, document, version)
    return states, context_for([event], states)


def _states(
    known: Mapping[str, ProgramState], program: Program | None, document: Document | None, version: int | None
) -> Mapping[str, ProgramState]:
    if program is None or (document is None and version is None) or program.slug not in known:
        return known
    state = known[program.slug]
    if document is not None:
        return {**known, state.slug: trial_of(state, document)}
    row = next((each for each in state.versions if each.number == version), None)
    if row is None:
        raise NotFound(_("The program has no version %(n)d.") % {"n": version}, field="version")
    return {**known, state.slug: trial_of(state, compiled_of(row).document, row)}


def _before(event: EventInput, answer: Answer) -> Simulated:
    row = Event.objects.select_related("version").get(source=event.source, external_id=event.external_id)
    document = None
    if row.version is not None:
        state = next((each for each in programs_fresh().values() if each.id == row.program_id), None)
        document = state.version(row.version.pk).document if state is not None else None
    return Simulated(_without_id(answer), trace_whole(row.trace), document, row.version.number if row.version else None)


def _told(judge: SliceJudge, states: Mapping[str, ProgramState], answer: Answer) -> Simulated:
    booked = judge.plan.events[-1]
    state = states[answer.body["program"]]
    number = answer.body["version"]
    return Simulated(
        _without_id(answer), trace_whole(booked["trace"]), state.version(booked["version_id"]).document, number or None
    )


def _without_id(answer: Answer) -> Answer:
    """An id is given when an event is booked; this one isn't."""
    body = {key: value for key, value in answer.body.items() if key != "id"}
    return Answer(answer.status, body)


# --- as if -----------------------------------------------------------------------------------------------------------
def _place(
    context: Context,
    states: Mapping[str, ProgramState],
    member_id: int,
    program_id: int,
    now: datetime,
    who: Member | None = None,
) -> list[dict[str, Any]]:
    """A place in memory as enrolling.members_place() would make it; what a welcome gives."""
    state = next(each for each in states.values() if each.id == program_id)
    member = next(each for each in context.members if each.id == member_id)
    place = member.place(program_id)
    fresh = place is None
    if place is None:
        place = Place(
            id=-1,
            program_id=program_id,
            version=0,
            enrolled_at=now,
            accounts=[],
            standings=[],
            moves=[],
            counters={},
        )
        member.places.append(place)
    codes = {code for row in state.versions for code in compiled_of(row).currencies} | set(state.at(now).currencies)
    for code in sorted(codes):
        if place.account(code) is None:
            place.accounts.append(
                Account(id=-1 - len(place.accounts), currency=code, balance=0, pending=0, debt=0, held=0)
            )
    for ladder in state.at(now).ladders.values():
        if place.standing(ladder.code) is None:
            place.standings.append(Standing(ladder.code, ladder.tiers[0].code, now, None, "enrolled"))
            place.moves.append(PastMove(ladder.code, "", now))
    if not fresh:
        return []
    return _welcome(context, states, who or Member.objects.get(pk=member.id), program_id, now)


def _welcome(
    context: Context, states: Mapping[str, ProgramState], who: Member, program_id: int, now: datetime
) -> list[dict[str, Any]]:
    enrollment = Enrollment(id=0, member=who, program=Program.objects.get(pk=program_id), enrolled_at=now)
    judge = SliceJudge(context, states, system("enrollment"), now)
    judge.judge([Item(0, enrolled_event(enrollment))])
    answer = judge.answers[0]
    return [] if answer.error is not None else list(answer.body["awards"])


_LOTS = """
SELECT a.enrollment_id, json_build_object('entry', l.entry_id, 'account', l.account_id, 'effect', e.effect,
    'rule', e.rule, 'granted', l.granted, 'remaining', l.remaining, 'reversed', l.reversed, 'expired', l.expired,
    'active', l.active_at IS NOT NULL, 'activates_at', l.activates_at, 'expires_at', l.expires_at,
    'drops', l.drops)::text
FROM loyalty_pointsaccount a JOIN loyalty_pointslot l ON l.account_id = a.id
JOIN loyalty_pointsentry e ON e.id = l.entry_id
WHERE a.enrollment_id = ANY (%s) AND (l.remaining > 0 OR l.active_at IS NULL)
"""


def _settle(context: Context, now: datetime) -> None:
    """What ingest does before a return, in memory: points that are due become active or expire."""
    owners = {order.member_id for order in context.orders.values() if order.due}
    places = {place.holder: place for member in context.members if member.id in owners for place in member.places}
    if not places:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LOTS, [sorted(places)])
        lots = [msgspec.json.decode(text, type=MemoryLot) for _enrollment, text in cursor.fetchall()]
    for place in places.values():
        for account in place.accounts:
            Purse(account, [lot for lot in lots if lot.account == account.id]).settle(now)
    settled = {lot.entry: lot for lot in lots}
    for order in context.orders.values():
        order.lots = [settled.get(lot.entry, lot) for lot in order.lots]
