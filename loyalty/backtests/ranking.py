"""Tiers that move without an event, in a replay: with a balance in the night, and by a ladder that was recalculated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from core.tables import JobRun
from loyalty.backtests.memory import ReplayState
from loyalty.booking import Plan
from loyalty.cases import move_tell
from loyalty.definition.compiled import CompiledLadder
from loyalty.definition.windows import Rolling
from loyalty.lapsing import anchor_of, place_progress
from loyalty.reading import MemberContext, Place
from loyalty.rules.dates import local_day
from loyalty.rules.progress import tier_reached, values_in, values_on
from loyalty.rules.tiers import TierMove, tier_by_balance
from loyalty.tierpreview import JOB, Recalculated, counting_periods, recalculation_move, tier_goes


def recalculations_of(state: ReplayState, until: datetime) -> tuple[Recalculated, ...]:
    """Those of versions that were in force as the window began: what happened to tiers before it. Within the window
    the document under test holds and nothing is published."""
    runs = JobRun.objects.filter(
        job=JOB, scope__startswith=f"{state.slug}:", started_at__lte=state.since, finished_at__lt=until
    )
    return tuple(
        Recalculated(at, outcome["modes"])
        for at, outcome in runs.order_by("finished_at", "id").values_list("finished_at", "outcome")
        if at is not None
    )


class Ranking:
    """Of one member."""

    def __init__(self, state: ReplayState, member: MemberContext, place: Place, plan: Plan) -> None:
        self.state, self.member, self.place, self.plan = state, member, place, plan

    def by_balance(self, at: datetime) -> None:
        """As the night does."""
        for ladder in self.state.at(at).ladders.values():
            standing = self.place.standing(ladder.code)
            account = self.place.account(ladder.metrics[0].of) if ladder.metrics[0].kind == "balance" else None
            if standing is not None and account is not None:
                move = tier_by_balance(ladder, current=standing.earned[0], balance=account.balance)
                if move is not None:
                    self._take(move, ladder, at, "balance")

    def recalculated(self, run: Recalculated) -> None:
        """As tierpreview.recalculations_run() did it."""
        compiled = self.state.at(run.at)
        for ladder, mode in self._chosen(run):
            standing = self.place.standing(ladder.code)
            if standing is None:
                continue
            own, _until = standing.earned
            to = tier_goes(compiled.document.ladder(ladder.code), ladder, own, self._reached(ladder, run.at), mode)
            if to is not None and ladder.tiers[to].code != own:
                anchor = anchor_of(ladder, self.place, self.member.joined_at)
                self._take(
                    recalculation_move(ladder, own=own, to=to, at=run.at, anchor=anchor), ladder, run.at, "program"
                )

    def _chosen(self, run: Recalculated) -> Iterator[tuple[CompiledLadder, str]]:
        ladders = self.state.at(run.at).ladders
        return ((ladders[code], mode) for code, mode in run.modes.items() if code in ladders)

    def _reached(self, ladder: CompiledLadder, at: datetime) -> int:
        """The highest rank in any window that still counted then."""
        progress, day = place_progress(ladder, self.place), local_day(at, ladder.zone)
        if ladder.metrics[0].kind == "balance" or isinstance(ladder.window, Rolling):
            return tier_reached(ladder, values_on(ladder, progress, day))
        first, last = counting_periods(ladder, day)
        found = (tier_reached(ladder, values) for period, values in values_in(progress) if first <= period <= last)
        return max(found, default=0)

    def _take(self, move: TierMove, ladder: CompiledLadder, at: datetime, cause: str) -> None:
        moved = self.plan.move_take(move, place=self.place, event_id=None, at=at, cause=cause, ranks=ladder.ranks)
        if moved.kind != "kept":
            slug = self.state.slug
            move_tell(self.plan, ladder, moved, at=at, member_id=self.member.public_id, program=slug)
