"""What the members' pages about achievements and leaderboards show."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import get_language

from loyalty.achievementviews import ChallengeView, StampCardView, StreakView, achievements_of
from loyalty.definition.translation import text_in
from loyalty.leaderboards import boards_of, player_of
from loyalty.models import Enrollment
from loyalty.selectors import program_of

Context = dict[str, Any]
TEASERS = 3


class Stamp(NamedTuple):
    """One place on a card. prize: the last one."""

    number: int
    stamped: bool
    prize: bool


class ShownCard(NamedTuple):
    card: StampCardView
    stamps: list[Stamp]
    gives: str
    left: int


class ShownChallenge(NamedTuple):
    challenge: ChallengeView
    gives: str


class ShownStreak(NamedTuple):
    """missing: to the next milestone."""

    streak: StreakView
    gives: str
    missing: int


def achievements_page(enrollment: Enrollment) -> Context:
    view = achievements_of(enrollment)
    challenges = [ShownChallenge(each, _told(each.gives)) for each in view.challenges]
    return {
        "enrollment": enrollment,
        "any": view.any,
        "open": [each for each in challenges if not each.challenge.done],
        "done": [each for each in challenges if each.challenge.done],
        "cards": [_card(each) for each in view.stamp_cards],
        "streaks": [_streak(each) for each in view.streaks],
        "badges": sorted(view.badges, key=lambda each: not each.held),
        "boards": bool(program_of(enrollment).document.leaderboards),
    }


def leaderboards_page(enrollment: Enrollment, *, name: str | None = None, refusal: str = "") -> Context:
    """name: what was typed and refused, and why."""
    player = player_of(enrollment)
    return {
        "enrollment": enrollment,
        "boards": boards_of(enrollment),
        "player": player,
        "name": name if name is not None else player.name if player else "",
        "refusal": refusal,
    }


def home_part(enrollment: Enrollment) -> Context:
    """What is nearest: cards, streaks and the challenges that are furthest on."""
    document = program_of(enrollment).document
    if not (document.achieving or document.badges or document.leaderboards):
        return {"any": False}
    view = achievements_of(enrollment)
    challenges = sorted((each for each in view.challenges if not each.done), key=lambda each: -each.share)
    return {
        "any": view.any or bool(document.leaderboards),
        "boards": bool(document.leaderboards),
        "cards": [_card(each) for each in view.stamp_cards[:TEASERS]],
        "streaks": [_streak(each) for each in view.streaks[:TEASERS]],
        "challenges": [ShownChallenge(each, _told(each.gives)) for each in challenges[:TEASERS]],
        "badges": [each for each in view.badges if each.held][:12],
    }


def _card(card: StampCardView) -> ShownCard:
    stamps = [Stamp(n, n <= card.stamps, n == card.needed) for n in range(1, card.needed + 1)]
    return ShownCard(card, stamps, _told(card.gives), card.needed - card.stamps)


def _streak(streak: StreakView) -> ShownStreak:
    return ShownStreak(streak, _told(streak.gives), max(0, (streak.next_at or 0) - streak.length))


def _told(gives: dict[str, str]) -> str:
    return text_in(dict(gives), get_language() or "en")
