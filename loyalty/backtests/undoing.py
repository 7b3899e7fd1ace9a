"""Events that the product took back again (`event.reversed`): what a replay has to keep of them until it does."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loyalty.backtests.memory import Sale, Stored
from loyalty.cases import Case
from loyalty.lots import MemoryLot
from loyalty.payloads import EVENT_REVERSED
from loyalty.reading import OrderContext
from loyalty.rules.judgement import Judgement

Name = tuple[str, str]


class Undoing:
    """Of one member. Most have nothing taken back, so only what will be is kept."""

    def __init__(self) -> None:
        self._named: frozenset[Name] = frozenset()
        self._kept: dict[Name, Sale] = {}

    def expect(self, events: Sequence[Stored]) -> None:
        self._named = frozenset(_named(each.payload) for each in events if each.type == EVENT_REVERSED)

    def keep(self, case: Case, judgement: Judgement, lots: list[MemoryLot]) -> None:
        name = (case.event.source, case.event.external_id)
        if name in self._named:
            self._kept[name] = Sale(case.id, case.version.id, 1, judgement, lots)

    def undone(self, case: Case) -> OrderContext | None:
        """What the event of the case takes back, as reversing._READ has it; None where there is none."""
        name = _named(case.event.payload)
        kept = self._kept.get(name)
        if kept is None:
            return None
        return OrderContext(
            event_id=kept.event_id,
            source=name[0],
            number="",
            member_id=case.member.id if case.member is not None else None,
            program_id=case.state.id,
            version_id=kept.version_id,
            total_minor=1,
            refunded_minor=0,
            due=False,
            awards=msgspec.to_builtins(kept.judgement.awards),
            lots=list(kept.lots),
            raised=list(kept.judgement.raised),
            acts=list(kept.judgement.acts),
        )


def _named(payload: object) -> Name:
    told = payload.get("event", {}) if isinstance(payload, dict) else {}
    return str(told.get("source", "")), str(told.get("id", ""))
