"""Examples of achievements and leaderboards in the API's document."""

from __future__ import annotations

from typing import Any

from loyalty.api.examples import MEMBER_ID

ACHIEVEMENTS: dict[str, Any] = {
    "member": MEMBER_ID,
    "program": "club",
    "as_of": "2026-11-14T09:05:00Z",
    "challenges": [
        {
            "code": "autumn",
            "name": {"en": "Autumn menu", "nl": "Herfstmenu"},
            "description": "",
            "icon": "🍂",
            "progress": 2,
            "goal": 5,
            "completed": 0,
            "done": False,
            "period": "month",
            "starts_at": None,
            "ends_on": "2026-11-30",
            "steps": [],
            "gives": {"en": "100 points", "nl": "100 punten"},
        }
    ],
    "stamp_cards": [
        {
            "code": "coffee",
            "name": {"en": "Coffee card", "nl": "Koffiekaart"},
            "description": "",
            "icon": "☕",
            "stamps": 7,
            "needed": 10,
            "filled": 3,
            "expires_on": None,
            "per_day": 4,
            "gives": {"en": "Free coffee", "nl": "Gratis koffie"},
        }
    ],
    "streaks": [
        {
            "code": "visits",
            "name": {"en": "Every day", "nl": "Elke dag"},
            "description": "",
            "icon": "🔥",
            "unit": "day",
            "length": 12,
            "best": 20,
            "current_done": True,
            "protected": 1,
            "protected_most": 2,
            "next_at": 14,
            "gives": {"en": "50 points", "nl": "50 punten"},
            "latest": [{"day": "2026-11-13", "state": "protected"}, {"day": "2026-11-14", "state": "done"}],
        }
    ],
    "badges": [
        {
            "code": "regular",
            "name": {"en": "Regular", "nl": "Stamgast"},
            "description": "",
            "icon": "🏅",
            "held": True,
            "granted_at": "2026-11-02T17:20:00Z",
            "last_day": "2026-12-31",
        }
    ],
}
BOARD: dict[str, Any] = {
    "code": "month",
    "name": {"en": "This month", "nl": "Deze maand"},
    "description": "",
    "icon": "🏆",
    "period": "month",
    "period_starts": "2026-11-01",
    "period_ends": "2026-11-30",
    "unit": {"en": "points", "nl": "punten"},
    "scale": 0,
    "size": 10,
    "rows": [
        {"rank": 1, "name": "Silver Fox", "score": 900, "me": False},
        {"rank": 2, "name": "Bean Queen", "score": 750, "me": False},
        {"rank": 2, "name": "Early Bird", "score": 750, "me": False},
    ],
    "my_rank": None,
    "my_score": None,
}
_MINE: dict[str, Any] = {
    **BOARD,
    "rows": [{"rank": 1, "name": "Silver Fox", "score": 900, "me": True}],
    "my_rank": 1,
    "my_score": 900,
}
PLAYER_PUT: dict[str, Any] = {"name": "Silver Fox"}
PLAYER: dict[str, Any] = {
    "member": MEMBER_ID,
    "program": "club",
    "playing": True,
    "name": "Silver Fox",
    "hidden": False,
    "leaderboards": [_MINE],
}
PLAYER_GONE: dict[str, Any] = {
    **PLAYER,
    "playing": False,
    "name": None,
    "leaderboards": [{**BOARD, "my_score": 900}],
}
