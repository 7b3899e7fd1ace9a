"""Challenges, a stamp card, a streak, badges and leaderboards for the brand that the browser visits."""

from __future__ import annotations

from typing import Any

from loyalty.definition.read import document_shape
from loyalty.drafts import draft_plain, draft_replace
from loyalty.leaderboards import leaderboard_join
from loyalty.models import Program
from loyalty.publishing import program_publish
from members.models import Member
from tests.browser import cast
from tests.loyalty import shop


def _move(code: str) -> dict[str, Any]:
    return {"kind": "advance", "achievement": code}


def _points(number: int) -> dict[str, Any]:
    return {"kind": "points_fixed", "currency": "points", "points": number}


LISTS: dict[str, list[dict[str, Any]]] = {
    "challenges": [
        {"code": "autumn", "name": {"en": "Autumn menu", "nl": "Herfstmenu"}, "icon": "🍂", "goal": 10,
         "description": {"en": "Ten visits this month.", "nl": "Tien bezoeken deze maand."}, "period": "month",
         "effects": [_points(100), {"kind": "grant_badge", "badge": "regular"}]},
        {"code": "welcome", "name": {"en": "Getting to know us", "nl": "Even kennismaken"}, "icon": "👋",
         "steps": [
             {"code": "first_visit", "name": {"en": "Your first visit", "nl": "Je eerste bezoek"}},
             {"code": "first_review", "name": {"en": "Three reviews", "nl": "Drie reviews"}, "goal": 3},
         ], "effects": [{"kind": "issue_reward", "reward": "cake"}]},
        {"code": "visit", "name": {"en": "Say hello", "nl": "Zeg hallo"}, "goal": 1, "effects": [_points(5)]},
    ],
    "stamp_cards": [
        {"code": "coffee", "name": {"en": "Coffee card", "nl": "Koffiekaart"}, "icon": "☕", "stamps": 10,
         "valid_months": 6, "per_day": 8, "effects": [{"kind": "issue_reward", "reward": "cappuccino"}]},
    ],
    "streaks": [
        {"code": "daily", "name": {"en": "Every day a cup", "nl": "Elke dag een kop"}, "zone": "program",
         "protection": {"most": 2, "at_start": 1, "every": 7}, "milestones": [{"at": 7, "effects": [_points(50)]}]},
    ],
    "badges": [
        {"code": "regular", "name": {"en": "Regular", "nl": "Stamgast"}, "icon": "🏅",
         "valid": {"kind": "until_end", "of": "year"}},
        {"code": "early", "name": {"en": "Early bird", "nl": "Vroege vogel"}, "icon": "🐦"},
    ],
    "leaderboards": [
        {"code": "month", "name": {"en": "This month", "nl": "Deze maand"},
         "score": {"kind": "points", "currency": "points"}, "size": 5},
        {"code": "visits", "name": {"en": "Most visits", "nl": "Meeste bezoeken"}, "period": "lifetime",
         "unit": {"en": "visits", "nl": "bezoeken"}, "score": {"kind": "achievement", "achievement": "autumn"}},
    ],
}  # fmt: skip
RULES: list[dict[str, Any]] = [
    {"code": "onward", "name": "Onward", "trigger": "order.paid",
     "effects": [_move("autumn"), _move("first_visit"), _move("coffee"), _move("daily"), _move("visit"),
                 {"kind": "grant_badge", "badge": "early"}]},
    {"code": "reviewed", "name": "Reviewed", "trigger": "review.posted", "effects": [_move("first_review")]},
]  # fmt: skip


def achievements(anna: Member) -> None:
    """A version with all of it, some days of Anna's in it, and others on the leaderboards."""
    program = cast.program()
    plain = draft_plain(program)
    # Judged by when they are received, so that days of the past count in what is published now.
    settings = {**plain["program"], "judged_by": "received_at"}
    plain = {**plain, **LISTS, "program": settings, "rules": [*plain["rules"], *RULES]}
    draft_replace(
        program=program, document=document_shape(plain), expected_revision=program.draft_revision, actor=shop.STAFF
    )
    revision = Program.objects.get(pk=program.pk).draft_revision
    program_publish(program=program, actor=shop.STAFF, expected_revision=revision)
    names = ("Silver Fox", "Bean Queen", "Early Bird", "Flat White", "Cold Brew", "Ristretto")
    for number, name in enumerate(names):
        other = cast.person(f"Person {number}", f"person{number}@example.com")
        leaderboard_join(enrollment=other.enrollments.get(), name=name, actor=shop.STAFF)
        shop.send(shop.order(other, 90 - 15 * (number // 2), f"P-{number}"))
    shop.send(*(shop.order(anna, 4, f"A-{number}", days_ago=days) for number, days in enumerate((5, 4, 4, 2, 1, 0, 0))))
    shop.send(shop.review(anna))
    leaderboard_join(enrollment=anna.enrollments.get(), name="Latte Lover", actor=shop.STAFF)
