"""Leaderboards: who leads, among those who chose to be seen, under a name of their own choice.

A score starts with the version that first has the board; what happened before isn't counted.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText
from loyalty.definition.conditions import Condition
from loyalty.definition.translation import N_, Teller

BoardPeriod = Literal["week", "month", "year", "lifetime"]
_PERIODS = {
    "week": N_("this week"),
    "month": N_("this month"),
    "year": N_("this year"),
    "lifetime": N_("of all time"),
}


class PointsScore(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points"):
    """Points earned of a currency, spent or not; a return takes them off again."""

    currency: Code

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("%(points)s earned"), points=teller.currency(self.currency))


class CounterScore(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="counter"):
    """What a counter of the program counts."""

    counter: Code

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("counter %(counter)s"), counter=self.counter)


class AchievementScore(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="achievement"
):
    """Progress in a challenge or stamps on a card."""

    achievement: Code

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("progress in %(name)s"), name=teller.achievement(self.achievement))


Score = PointsScore | CounterScore | AchievementScore


class Leaderboard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """period: the score starts anew each week (from Monday), month or year. size: how many places are shown, at most.

    unit: what the score is counted in, for members; left out: the points' own name, or nothing. audience: who sees it.
    """

    code: Code
    name: LocalText
    description: LocalText = ""
    icon: Annotated[str, Meta(max_length=8, description=N_("One emoji."), examples=["🏆"])] = "🏆"
    score: Score
    unit: LocalText = ""
    period: BoardPeriod = "month"
    size: Annotated[int, Meta(ge=3, le=100)] = 10
    audience: Condition | None = None

    def words(self, teller: Teller) -> str:
        return teller.tell(
            N_("the best %(n)d by %(score)s %(period)s"),
            n=self.size,
            score=self.score.words(teller),
            period=teller.say(_PERIODS[self.period]),
        )


def board_key(code: str) -> str:
    """What a board's scores are kept under; see facts.CounterRef."""
    return f"board:{code}"
