"""From events and what was read to a plan of rows: the engine's thinking, without a statement of its own.

A slice of a batch is judged in order, each member's holdings, counters and tiers following in memory. An event that
needs what isn't booked yet (a return of an order in the same slice, or anything of a member who has a return or has
paid a debt in it) is put off to the next slice, and with it whatever comes later of the same member. The engine books a
slice, then the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.ids import uuid7_text
from core.problems import problem_document
from loyalty import errors
from loyalty.achieving import achieved_take
from loyalty.acting import acts_tell
from loyalty.booking import Origin, Plan, Row, allocated_value, order_number_of
from loyalty.cases import (
    Case,
    event_facts,
    event_result,
    event_row,
    member_facts,
    move_take,
    program_state,
)
from loyalty.definition.compiled import CompiledProgram
from loyalty.incoming import EventInput
from loyalty.lapsing import Whose, anchor_of, place_progress, standings_lapse
from loyalty.lotting import award_fields, lots_follow
from loyalty.payloads import EVENT_REVERSED, INTERNAL, ORDER_PAID, ORDER_RETURNED, payload_read
from loyalty.reading import Context, Place, Twin
from loyalty.returns import return_judge, return_order
from loyalty.reversing import reversal_judge
from loyalty.rules.evaluate import evaluate
from loyalty.rules.judgement import Judgement
from loyalty.rules.progress import progress_in
from loyalty.rules.tiers import TierMove, fixed_windows, tier_review, tier_stays
from loyalty.tellings import award_reason
from loyalty.traces import trace_kept
from loyalty.versions import ProgramState


class Answer(msgspec.Struct, frozen=True):
    """What one row came to. status: 201 booked, 200 the first answer again, else a refusal that changed nothing.

    body: the event's result, or the problem document of the refusal (then error is set).
    """

    status: int
    body: dict[str, Any]
    error: DomainError | None = None


class Item(msgspec.Struct, frozen=True):
    """An event of the batch and its place there."""

    index: int
    event: EventInput


class NotEnrolled(Exception):
    """Members of the slice have no place in the program, or no account of one of its currencies, yet."""

    def __init__(self, missing: set[tuple[int, int]]) -> None:
        super().__init__(f"{len(missing)} members")
        self.missing = missing  # (member id, program id)


def refusal(error: DomainError) -> Answer:
    return Answer(error.status, problem_document(error), error)


def twin_answer(twins: Mapping[tuple[str, str], Twin], event: EventInput) -> Answer | None:
    """An event that is there already: its first answer again, or a refusal when the body differs. None: it is new."""
    twin = twins.get((event.source, event.external_id))
    if twin is None:
        return None
    if twin.payload_hash != event.body_hash.hex():
        return refusal(errors.EventConflict(field="id", external_id=event.external_id))
    return Answer(200, twin.result)


def answers_again(twins: Mapping[tuple[str, str], Twin], items: Sequence[Item]) -> dict[int, Answer]:
    """The answers of those that are there already, by index."""
    if not twins:
        return {}
    found = ((item.index, twin_answer(twins, item.event)) for item in items)
    return {index: answer for index, answer in found if answer is not None}


class SliceJudge:
    """Judges what can be booked together. plan: what to book; answers: by index; rest: put off to the next slice.

    whole: whether every rule's trace is wanted.
    """

    whole = True

    def __init__(self, context: Context, programs: Mapping[str, ProgramState], actor: Actor, now: datetime) -> None:
        self.context = context
        self.programs = programs
        self.actor = actor
        self.now = now
        self.plan = Plan()
        self.answers: dict[int, Answer] = {}
        self.rest: list[Item] = []
        self._missing: set[tuple[int, int]] = set()
        self._closed: set[int] = set()
        self._waiting_here: set[tuple[int, str]] = set()
        self._orders_here: set[tuple[str, str]] = set()
        self._types: dict[int, tuple[frozenset[str], dict[str, Any]]] = {}

    def begin(self) -> None:
        """What is judged from here on is booked by itself: another plan; who is missing is asked anew."""
        self.plan, self._missing = Plan(), set()

    def judge(self, items: Sequence[Item]) -> None:
        """Judge what can be judged now. NotEnrolled names everyone who must get a place first."""
        for item in items:
            try:
                answer = twin_answer(self.context.twins, item.event) or self._judge(item.event)
            except NotEnrolled as missing:
                self._missing |= missing.missing
                continue
            except DomainError as error:
                answer = refusal(error)
            if answer is None:
                self.rest.append(item)
            else:
                self.answers[item.index] = answer
        if self._missing:
            raise NotEnrolled(self._missing)

    def _judge(self, event: EventInput) -> Answer | None:
        """Judge one event into the plan. None: it is put off."""
        case = self._case(event)
        if case.place is not None and self._put_off(case, case.place):
            return None
        if event.type == ORDER_RETURNED:
            number = case.event.payload["return"]["order"]
            if (event.source, number) in self._orders_here:
                if case.place is not None:
                    self._closed.add(case.place.holder)
                return None
            order = return_order(case, self.context)
            self._lapse(case)
            result = self._taken_back(case, lambda: return_judge(case, order, self.plan, self.actor, self.now))
        elif event.type == EVENT_REVERSED:
            self._lapse(case)
            result = self._taken_back(
                case, lambda: reversal_judge(case, self.context, self.plan, self.actor, self.now)
            )  # fmt: skip
        else:
            result = self._earn(case)
        if case.place is not None:
            # What pays a debt does so before the member's next event, or another lot would be drawn on than one by one.
            repay = self.plan.repay
            if event.type in (ORDER_RETURNED, EVENT_REVERSED) or (
                repay and any(each.id in repay for each in case.place.accounts)
            ):
                self._closed.add(case.place.holder)
            self.plan.members.setdefault(case.place.id, case.place.version)
            if case.place.pool_id is not None and case.place.pool_version is not None:
                self.plan.members.setdefault(case.place.pool_id, case.place.pool_version)
        return Answer(201, result)

    def _taken_back(self, case: Case, judge: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Judge a return. Room that it gives back in a budget is there for the next one of the batch."""
        place = case.place
        shared = self.context.budgets.get(place.program_id, {}) if place is not None else {}
        if place is not None:
            place.counters.update(shared)
        result = judge()
        if place is not None:
            shared.update({name: place.counters[name] for name in shared})
        return result

    def _put_off(self, case: Case, place: Place) -> bool:
        """Whether the event needs what this slice hasn't booked yet; then whatever comes later waits with it."""
        if (place.holder, case.event.type) in self._waiting_here:
            self._closed.add(place.holder)
        return place.holder in self._closed

    def _lapse(self, case: Case) -> None:
        """The night may not have run yet: a tier whose time is over doesn't count any more."""
        place, member = case.place, case.member
        if place is None or member is None:
            return
        if any(each.due_by(self.now) for each in place.standings):
            whose = Whose(member.public_id, case.state.slug, member.joined_at)
            standings_lapse(place, compiled=case.state.at(self.now), plan=self.plan, at=self.now, whose=whose)

    def _follow(self, case: Case) -> None:
        lots_follow(case, self.plan, self.now)

    def _case(self, event: EventInput) -> Case:
        """Who and by which version. Raises what is wrong with either."""
        if event.type in INTERNAL and self.actor.initiated_by != "system":
            raise InvalidInput(_("Events of this type are made by the product itself."), field="type")
        state = program_state(self.programs, event.program)
        version, compiled = state.judging(occurred_at=event.occurred_at, received_at=self.now)
        types = self._types.get(version.id)
        if types is None:
            types = self._types[version.id] = _own_types(compiled)
        own_types, schemas = types
        payload = payload_read(event.type, event.payload, own_types=own_types, schema=schemas.get(event.type))
        event = msgspec.structs.replace(event, payload=payload)
        member, place = None, None
        if event.member is not None:
            member = self.context.member(event.member)
            if member is None or member.status == "erased":
                raise errors.UnknownMember(field="member")
            if member.status != "active" and event.type != EVENT_REVERSED:
                raise errors.MemberSuspended(field="member")
            place = member.place(state.id)
            if place is None or not place.has_accounts(compiled.currencies):
                raise NotEnrolled({(member.id, state.id)})
        return Case(uuid7_text(), event, member, place, state, version, compiled)

    def _earn(self, case: Case) -> dict[str, Any]:
        """An event that may give points: its row, its awards, its counters, and what they do to the tiers."""
        event, place = case.event, case.place
        if event.type == ORDER_PAID:
            self._order(case)
        self._lapse(case)
        self._follow(case)
        if place is not None:
            # What all members share is the same for the next one of the batch.
            place.counters.update(self.context.budgets.get(place.program_id, {}))
        judgement = judged(case, self.now, whole=self.whole)
        awards: list[Row] = []
        if place is not None:
            self._count(case, place, judgement)
            awards = self._awards(case, judgement)
            acts_tell(case, judgement.acts, self.plan)
            achieved_take(case, judgement.achieved, self.plan)
        moved = awards or judgement.counters
        changed = tiers_review(case, self.plan, judgement, self.now) if place is not None and moved else {}
        return self._keep(case, judgement, awards, changed)

    def _keep(self, case: Case, judgement: Judgement, awards: list[Row], changed: Mapping[str, str]) -> dict[str, Any]:
        """Plan the event's row; the reply. What only asks what would happen (a replay) keeps less."""
        status = "processed" if case.place is not None else "guest"
        result = event_result(case, status, awards=awards, reversed_=[], changed=changed, achieved=judgement.achieved)
        self.plan.events.append(event_row(case, self.actor, status, trace_kept(judgement), result))
        return result

    def _count(self, case: Case, place: Place, judgement: Judgement) -> None:
        plan = case.compiled.triggers.get(case.event.type)
        budgets = plan.budgets if plan is not None else {}
        shared = self.context.budgets.setdefault(place.program_id, {})
        for key, period, delta in judgement.counters:
            self.plan.counter_add(place, key, period, delta, budgets.get(key))
            if key in budgets:
                shared[f"{key}@{period}"] = place.counters[f"{key}@{period}"]

    def _order(self, case: Case) -> None:
        """The order's facts. A number that was paid before under another event id is refused."""
        event = case.event
        key = (event.source, event.payload["order"]["number"])
        if key in self.context.orders or key in self._orders_here:
            raise errors.OrderConflict(field="data.order.number", number=key[1])
        self._orders_here.add(key)
        self.plan.order_add(case.id, event, case.member.id if case.member is not None else None)

    def _awards(self, case: Case, judgement: Judgement) -> list[Row]:
        place, told = case.place, []
        assert place is not None
        number = order_number_of(case.event) if judgement.awards else ""
        for award in judgement.awards:
            account = place.account(award.currency)
            assert account is not None  # _case made sure of every currency
            reason = award_reason(case.compiled, award)
            origin = Origin(case.id, case.event, self.actor, reason, number, self.now)
            value = allocated_value(award, case.compiled)
            fields = award_fields(award, account, case)
            self.plan.award_add(award, account=account, origin=origin, allocated_minor=value, fields=fields)
            if award.waits_for:
                self._waiting_here.add((place.holder, award.waits_for))
            told.append(
                {
                    "rule": award.rule,
                    "currency": award.currency,
                    "points": award.awarded,
                    "desired": award.desired,
                    "reason": reason,
                    "active": award.activates_at <= self.now and not award.waits_for,
                }
            )
        if told and case.member is not None:
            entries = [{"currency": each["currency"], "points": each["points"]} for each in told]
            self.plan.tell("points.earned", event_id=case.id, member_id=case.member.public_id, entries=entries)
        return told


def _own_types(compiled: CompiledProgram) -> tuple[frozenset[str], dict[str, Any]]:
    """The types that the program names, and the schemas of those that it describes."""
    described = {each.type: each.schema for each in compiled.document.event_types}
    return compiled.own_events | described.keys(), described


def tiers_review(case: Case, plan: Plan, judgement: Judgement, now: datetime) -> dict[str, str]:
    """Look at the ladders whose counters rose. Returns ladder → tier before, of those that moved."""
    place, changed = case.place, {}
    assert place is not None
    for move in tier_moves(case, place, judgement, now):
        moved = move_take(case, plan, move, place, now=now, cause="earned")
        if moved.kind != "kept":
            changed[move.ladder] = moved.from_tier
    return changed


def tier_moves(case: Case, place: Place, judgement: Judgement, now: datetime) -> Iterator[TierMove]:
    """What the judgement does to the tiers of a place whose counters follow it already."""
    assert case.member is not None
    counters, raised = place.counters, judgement.counters
    earned = {award.currency for award in judgement.awards}
    for ladder in case.compiled.ladders.values():
        keys = [metric.key for metric in ladder.metrics]
        touched = {period for key, period, delta in raised if delta > 0 and key in keys}
        if not touched and not any(each.kind == "balance" and each.of in earned for each in ladder.metrics):
            continue
        standing = place.standing(ladder.code)
        tier, until = standing.earned if standing else (None, None)
        if tier_stays(ladder, current=tier, counters=counters, touched=touched):
            continue
        fixed = fixed_windows(ladder)
        move = tier_review(
            ladder,
            current=tier,
            valid_until=until,
            progress=progress_in(ladder, counters, touched) if fixed else place_progress(ladder, place),
            at=now,
            touched=touched,
            anchor=None if fixed else anchor_of(ladder, place, case.member.joined_at),
        )
        if move is not None:
            yield move


def judged(case: Case, now: datetime, *, whole: bool = True) -> Judgement:
    """What the event gives: by the tiers that held when it happened or, where the program says so and the event leads
    to higher ones, by those. It is judged anew once: what the higher rate adds leads no further. whole: see evaluate.
    """
    event, member, place = event_facts(case, now), member_facts(case), case.place
    judgement = evaluate(case.compiled, event, member, whole=whole)
    if place is None or case.compiled.document.program.upgrade_rate == "before":
        return judgement
    counters = dict(place.counters)
    for key, period, delta in judgement.counters:
        counters[f"{key}@{period}"] = counters.get(f"{key}@{period}", 0) + delta
    after = msgspec.structs.replace(place, counters=counters)
    higher = {move.ladder: move.to_tier for move in tier_moves(case, after, judgement, now) if move.kind == "upgraded"}
    if not higher:
        return judgement
    member = msgspec.structs.replace(member, tiers={**member.tiers, **higher})
    return evaluate(case.compiled, event, member, whole=whole)
