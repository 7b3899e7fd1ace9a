"""Challenges, stamp cards, streaks, badges and leaderboards made ready for judging.

Everything that can be moved on stands in one order in which whatever an achievement's own prizes move on comes after
it, so that one walk settles all of them, however the rules and the document are ordered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalty.definition.achievements import Achievement, Challenge, Milestone, Prize, StampCard, Step
from loyalty.definition.acteffects import Advance, GrantBadge
from loyalty.definition.badges import Badge
from loyalty.definition.conditions import Check, ConditionScope
from loyalty.definition.effects import CompiledEffect, EffectScope, Granter
from loyalty.definition.leaderboards import AchievementScore, CounterScore, PointsScore, Score, board_key
from loyalty.definition.rule import Schedule

if TYPE_CHECKING:
    from loyalty.definition.document import Document

# (counter key, period) of a leaderboard's score.
BoardRef = tuple[str, str]


class Gate(Struct, frozen=True):
    """Whose events count, and when. member_zone: by the member's own wall clock instead of the program's."""

    starts_at: datetime | None
    ends_at: datetime | None
    check: Check | None
    member_zone: bool


class CompiledChallenge(Struct, frozen=True):
    """A challenge, or a step of one: parent is then the challenge. repeat: 0 without end."""

    code: str
    target: int
    period: str
    repeat: int
    parent: str
    gate: Gate
    prizes: tuple[CompiledEffect, ...]


class CompiledCard(Struct, frozen=True):
    """per_day, valid_months: 0 for no limit."""

    code: str
    stamps: int
    keep_overflow: bool
    per_day: int
    valid_months: int
    gate: Gate
    prizes: tuple[CompiledEffect, ...]


class CompiledMilestone(Struct, frozen=True):
    """first: the number of its first prize; they are numbered through the streak's milestones."""

    at: int
    repeat: bool
    first: int
    prizes: tuple[CompiledEffect, ...]


class CompiledStreak(Struct, frozen=True):
    """most, every, at_start: protected days; 0 where there are none. every 0: none are earned."""

    code: str
    unit: str
    most: int
    every: int
    at_start: int
    gate: Gate
    milestones: tuple[CompiledMilestone, ...]


CompiledAchievement = CompiledChallenge | CompiledCard | CompiledStreak


class AchievementPlan(Struct, frozen=True):
    """order: in which to settle them. reach: code → what moving it on can move on, itself too.

    The leaderboards that something counts for: boards, by achievement; points, by currency.
    audiences: whom a leaderboard is for, by its code, where that isn't everyone.
    """

    order: tuple[str, ...]
    each: Mapping[str, CompiledAchievement]
    badges: Mapping[str, Badge]
    boards: Mapping[str, tuple[BoardRef, ...]]
    points: Mapping[str, tuple[BoardRef, ...]]
    reach: Mapping[str, frozenset[str]]
    audiences: Mapping[str, Check]

    def reached(self, codes: Iterable[str]) -> tuple[str, ...]:
        """What an event can move on that moves on these, in order."""
        found = set().union(*(self.reach.get(code, frozenset()) for code in codes))
        return tuple(code for code in self.order if code in found)

    def granted(self, codes: Iterable[str]) -> set[str]:
        """The badges that completing these gives."""
        return {each.badge for code in codes for each in compiled_prizes(self.each[code]) if isinstance(each, Granter)}


def achievements_build(document: Document, zone: ZoneInfo, conditions: ConditionScope) -> AchievementPlan:
    scope = EffectScope(document.program.money_currency, {each.code: each.scale for each in document.currencies})
    each: dict[str, CompiledAchievement] = {}
    for challenge in document.challenges:
        gate = _gate(challenge, zone, conditions)
        for step in challenge.steps:
            each[step.code] = _challenge(challenge, gate, scope, step)
        each[challenge.code] = _challenge(challenge, gate, scope)
    for card in document.stamp_cards:
        each[card.code] = CompiledCard(
            code=card.code,
            stamps=card.stamps,
            keep_overflow=card.keep_overflow,
            per_day=card.per_day or 0,
            valid_months=card.valid_months or 0,
            gate=_gate(card, zone, conditions),
            prizes=_prizes(card.effects, scope),
        )
    for streak in document.streaks:
        held = streak.protection
        each[streak.code] = CompiledStreak(
            code=streak.code,
            unit=streak.unit,
            most=held.most if held else 0,
            every=(held.every or 0) if held else 0,
            at_start=min(held.at_start, held.most) if held else 0,
            gate=_gate(streak, zone, conditions),
            milestones=_milestones(streak.milestones, scope),
        )
    moves = achievement_moves(document)
    reach = {code: frozenset(_reach(code, moves)) for code in each}
    order = tuple(sorted(each, key=lambda code: (-len(reach[code]), code)))
    badges = {badge.code: badge for badge in document.badges}
    boards, points = _boards(document, AchievementScore), _boards(document, PointsScore)
    audiences = {
        board.code: board.audience.build("audience", conditions)
        for board in document.leaderboards
        if board.audience is not None
    }
    return AchievementPlan(order, each, badges, boards, points, reach, audiences)


def compiled_prizes(each: CompiledAchievement) -> tuple[CompiledEffect, ...]:
    if isinstance(each, CompiledStreak):
        return tuple(prize for milestone in each.milestones for prize in milestone.prizes)
    return each.prizes


def achievement_moves(document: Document) -> dict[str, set[str]]:
    """Code → the codes that completing it moves on: by its prizes, and a step its challenge."""
    moves: dict[str, set[str]] = {}
    for challenge in document.challenges:
        moves[challenge.code] = _advanced(challenge.effects)
        for step in challenge.steps:
            moves[step.code] = _advanced(step.effects) | {challenge.code}
    for card in document.stamp_cards:
        moves[card.code] = _advanced(card.effects)
    for streak in document.streaks:
        moves[streak.code] = set().union(*(_advanced(milestone.effects) for milestone in streak.milestones))
    return moves


def prizes_of(achievement: Achievement | Step) -> tuple[Prize, ...]:
    """All that it can give, in the numbering that awards and acts use. A challenge's steps give by themselves."""
    if isinstance(achievement, Challenge | StampCard | Step):
        return achievement.effects
    return tuple(prize for milestone in achievement.milestones for prize in milestone.effects)


def badges_granted(document: Document) -> set[str]:
    """The badges that completing something gives."""
    parts: list[Achievement | Step] = list(document.achievements)
    return {prize.badge for part in parts for prize in prizes_of(part) if isinstance(prize, GrantBadge)}


def local_instant(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def schedule_bounds(schedule: Schedule | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """(from, up to and not including) as instants; None where a side is open."""
    if schedule is None:
        return None, None
    return (
        local_instant(schedule.starts_at, zone) if schedule.starts_at else None,
        local_instant(schedule.ends_at, zone) if schedule.ends_at else None,
    )


def _challenge(challenge: Challenge, gate: Gate, scope: EffectScope, step: Step | None = None) -> CompiledChallenge:
    return CompiledChallenge(
        code=step.code if step else challenge.code,
        target=step.goal if step else challenge.target,
        period=challenge.period,
        # All steps of a period are done once, and so is what is made of them.
        repeat=1 if challenge.steps else challenge.repeat or 0,
        parent=challenge.code if step else "",
        gate=gate,
        prizes=_prizes(step.effects if step else challenge.effects, scope),
    )


def _gate(achievement: Achievement, zone: ZoneInfo, conditions: ConditionScope) -> Gate:
    starts_at, ends_at = schedule_bounds(achievement.schedule, zone)
    check = achievement.audience.build("audience", conditions) if achievement.audience is not None else None
    return Gate(starts_at, ends_at, check, achievement.zone == "member")


def _prizes(effects: tuple[Prize, ...], scope: EffectScope) -> tuple[CompiledEffect, ...]:
    return tuple(each.build(scope) for each in effects)


def _milestones(milestones: tuple[Milestone, ...], scope: EffectScope) -> tuple[CompiledMilestone, ...]:
    found: list[CompiledMilestone] = []
    first = 0
    for each in milestones:
        found.append(CompiledMilestone(each.at, each.repeat, first, _prizes(each.effects, scope)))
        first += len(each.effects)
    return tuple(found)


def _advanced(effects: tuple[Prize, ...]) -> set[str]:
    return {each.achievement for each in effects if isinstance(each, Advance)}


def _reach(code: str, moves: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [code]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += moves.get(here, set())
    return found


def _boards(document: Document, kind: type[Score]) -> dict[str, tuple[BoardRef, ...]]:
    """The boards of one kind of score, by what they are about: an achievement, a counter, a currency."""
    found: dict[str, tuple[BoardRef, ...]] = {}
    for board in document.leaderboards:
        if isinstance(board.score, kind):
            found[_about(board.score)] = (*found.get(_about(board.score), ()), (board_key(board.code), board.period))
    return found


def counter_boards(document: Document, code: str) -> tuple[BoardRef, ...]:
    """The boards about that counter of the program."""
    return _boards(document, CounterScore).get(code, ())


def _about(score: Score) -> str:
    if isinstance(score, CounterScore):
        return score.counter
    return score.currency if isinstance(score, PointsScore) else score.achievement
