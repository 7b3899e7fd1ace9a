"""`tier.reached` in a replay: it follows from the rises of the replay, at the time at which it followed then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from loyalty.backtests.memory import ReplayState, Stored
from loyalty.incoming import OWN_SOURCE
from loyalty.payloads import TIER_REACHED
from loyalty.rising import Riser, risen_events


class Rises:
    """What rose and hasn't been judged yet. An event is known by what it is about, without the place's id."""

    def __init__(self, state: ReplayState, who: Riser) -> None:
        self.state, self.who = state, who
        self.at_once: list[Stored] = []
        self._coming: set[str] = set()
        self._made: dict[str, Stored] = {}

    def expect(self, events: Sequence[Stored]) -> None:
        """What is stored of them, none of which has come yet."""
        self._coming = {_key(each.external_id) for each in events if _is_rise(each)}

    def told(self, change: dict[str, Any], now: datetime) -> None:
        """A tier changed. What came of it then comes again then; what didn't is judged at once, in the window."""
        at = change["at"]
        ladder = self.state.at(at).ladders.get(change["ladder"])
        if not change["up"] or ladder is None or change["to_tier"] not in ladder.ranks:
            return
        for event in risen_events(ladder, change, at, self.who):
            key = _key(event.external_id)
            if key in self._made:
                continue  # paid for in this window already
            made = Stored(now, key, event.type, event.source, event.external_id, event.occurred_at, event.payload)
            self._made[key] = made
            if key not in self._coming and now >= self.state.since:
                self.at_once.append(made)

    def instead_of(self, stored: Stored) -> Stored | None:
        """What is judged for an event that came then; None for a rise that is none in the replay."""
        if not _is_rise(stored):
            return stored
        key = _key(stored.external_id)
        self._coming.discard(key)
        made = self._made.setdefault(key, stored) if stored.at < self.state.since else self._made.get(key)
        if made is None:
            return None
        return Stored(stored.at, stored.id, made.type, made.source, made.external_id, made.occurred_at, made.payload)


def _is_rise(stored: Stored) -> bool:
    return stored.type == TIER_REACHED and stored.source == OWN_SOURCE


def _key(external_id: str) -> str:
    return external_id.split(":", 2)[2]
