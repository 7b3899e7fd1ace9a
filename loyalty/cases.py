"""One event while it is judged, and the rows and replies that come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from core.actor import Actor
from loyalty import errors
from loyalty.booking import Plan, Row
from loyalty.definition.compiled import CompiledLadder, CompiledProgram
from loyalty.incoming import EventInput
from loyalty.reading import MemberContext, Place
from loyalty.rules.context import BalanceFacts, CounterRef, EventFacts, MemberFacts
from loyalty.rules.judgement import Achieved
from loyalty.rules.tiers import TierMove
from loyalty.versions import ProgramState, VersionRow


class Case(msgspec.Struct, frozen=True):
    """One event while it is judged: who, by which version, and the id that it will have."""

    id: str
    event: EventInput
    member: MemberContext | None
    place: Place | None
    state: ProgramState
    version: VersionRow
    compiled: CompiledProgram


def program_state(programs: Mapping[str, ProgramState], slug: str | None) -> ProgramState:
    """The program that is meant: the named one, or the only one. UnknownProgram, ProgramRequired."""
    if slug is not None:
        if slug not in programs:
            raise errors.UnknownProgram(field="program")
        return programs[slug]
    if len(programs) != 1:
        raise errors.ProgramRequired(field="program") if programs else errors.UnknownProgram(field="program")
    return next(iter(programs.values()))


def event_facts(case: Case, now: datetime) -> EventFacts:
    event = case.event
    return EventFacts(
        id=case.id,
        type=event.type,
        occurred_at=event.occurred_at,
        received_at=now,
        payload=event.payload,
        member_known=case.place is not None,
    )


class Counters(Mapping[CounterRef, int]):
    """A place's counters by (key, period), as rules ask for them: few are asked, so none is turned round before."""

    __slots__ = ("_named",)

    def __init__(self, named: Mapping[str, int]) -> None:
        self._named = named

    def __getitem__(self, ref: CounterRef) -> int:
        return self._named[f"{ref[0]}@{ref[1]}"]

    def get(self, ref: CounterRef, default: Any = None) -> Any:
        return self._named.get(f"{ref[0]}@{ref[1]}", default)

    def __iter__(self) -> Iterator[CounterRef]:
        return iter([(name.rsplit("@", 1)[0], name.rsplit("@", 1)[1]) for name in self._named])

    def __len__(self) -> int:
        return len(self._named)


def member_facts(case: Case) -> MemberFacts:
    """What the rules may know of the member, tiers as at the event."""
    member, place = case.member, case.place
    if member is None or place is None:
        return MemberFacts()
    tiers = {each.ladder: each.tier for each in place.standings}
    # Moves after the event, newest first, lead back to the tier that held then.
    for move in reversed(place.moves):
        if move.at > case.event.occurred_at:
            tiers[move.ladder] = move.from_tier or tiers.get(move.ladder, "")
    return MemberFacts(
        balances={
            each.currency: BalanceFacts(active=each.balance, pending=each.pending, debt=each.debt)
            for each in place.accounts
        },
        tiers={ladder: tier for ladder, tier in tiers.items() if tier},
        counters=Counters(place.counters),
        language=member.language,
        joined_at=member.joined_at,
        enrolled_at=place.enrolled_at,
        time_zone=member.time_zone or None,
        attributes=member.attributes,
        birth_date=member.birth_date,
        facts=member.facts,
    )


def move_take(case: Case, plan: Plan, move: TierMove, place: Place, *, now: datetime, cause: str) -> TierMove:
    """Plan a tier move, let the place in memory follow, and tell it when the tier that counts changed; that move."""
    ladder = case.compiled.ladders[move.ladder]
    moved = plan.move_take(move, place=place, event_id=case.id, at=now, cause=cause, ranks=ladder.ranks)
    if moved.kind != "kept" and case.member is not None:
        whose = case.member.public_id
        move_tell(plan, ladder, moved, at=now, member_id=whose, program=case.state.slug, event_id=case.id)
    return moved


def move_tell(
    plan: Plan,
    ladder: CompiledLadder,
    move: TierMove,
    *,
    at: datetime,
    member_id: str,
    program: str,
    event_id: str | None = None,
) -> None:
    """Tell that the tier changed: what mails, entry effects and partners go by."""
    up = ladder.ranks.get(move.to_tier, 0) > ladder.ranks.get(move.from_tier, 0)
    body = {"ladder": move.ladder, "from_tier": move.from_tier, "to_tier": move.to_tier, "up": up, "at": at}
    if event_id is not None:
        body["event_id"] = event_id
    plan.tell("tier.changed", member_id=member_id, program=program, **body)


def event_row(case: Case, actor: Actor, status: str, trace: dict[str, Any], result: dict[str, Any]) -> Row:
    event = case.event
    return {
        "id": case.id,
        "source": event.source,
        "external_id": event.external_id,
        "type": event.type,
        "program_id": case.state.id,
        "member_id": case.member.id if case.member is not None else None,
        "version_id": case.version.id,
        "occurred_at": event.occurred_at,
        "initiated_by": actor.initiated_by,
        "actor": actor.name,
        "status": status,
        "payload": event.payload,
        "payload_hash": event.body_hash.hex(),
        "trace": trace,
        "result": result,
    }


def event_result(
    case: Case,
    status: str,
    *,
    awards: list[Row],
    reversed_: list[Row],
    changed: Mapping[str, str],
    achieved: Sequence[Achieved] = (),
) -> dict[str, Any]:
    """The reply, which is kept and given again to every repetition. What was achieved is in it if anything was."""
    place = case.place
    return {
        "id": case.id,
        "external_id": case.event.external_id,
        "source": case.event.source,
        "type": case.event.type,
        "status": status,
        "member": case.member.public_id if case.member is not None else None,
        "program": case.state.slug,
        "version": case.version.number,
        "occurred_at": case.event.occurred_at.isoformat(),
        "awards": awards,
        "reversed": reversed_,
        "balances": [
            {"currency": each.currency, "balance": each.balance, "pending": each.pending, "debt": each.debt}
            for each in (place.accounts if place is not None else [])
        ],
        "tiers": [
            {
                "ladder": each.ladder,
                "tier": each.tier,
                **({"changed_from": changed[each.ladder]} if each.ladder in changed else {}),
            }
            for each in (place.standings if place is not None else [])
        ],
        **({"achieved": msgspec.to_builtins(achieved)} if achieved else {}),
    }
