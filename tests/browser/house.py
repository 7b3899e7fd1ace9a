"""The second brand that the browser visits: friends, a sweepstake and a product panel, and who takes part in them."""

from __future__ import annotations

from typing import Any

from members.models import User
from members.staff import staff_role_set
from tests.browser import cast
from tests.draws import cast as draw_cast
from tests.loyalty import shop
from tests.panels import cast as panel_cast
from tests.referrals.cast import fixed

SLUG, NAME = "friendcafe", "Friend & Leaf"
DESK = "desk@friend.example"
TICKET = {
    "code": "ticket", "name": {"en": "A ticket", "nl": "Een lot"}, "emoji": "🎟️",
    "kind": {"kind": "sweepstake_entry", "sweepstake": "summer"}, "prices": [{"currency": "points", "points": 10}],
}  # fmt: skip
JACKET = {"code": "own_jacket", "name": "Your jacket", "prices": [{"currency": "points", "points": 120}]}


def document() -> dict[str, Any]:
    prizes = [{"code": "points", "name": {"en": "500 points", "nl": "500 punten"}, "effects": [fixed(500)]}]
    piece = draw_cast.piece(prizes=prizes, answer_days=7, alternates=0, terms="From 18.")
    friends = {
        "referrer": {"effects": [fixed(100)]},
        "friend": {"effects": [fixed(50)]},
        "milestones": [{"at": 3, "effects": [fixed(500)]}],
        "landing_text": {"en": "Good coffee.", "nl": "Goede koffie."},
    }
    back = {"kind": "buy", "reward": JACKET["code"], "days": 28, "how": "In the box that it came in."}
    panel = panel_cast.piece(after=back, terms="It is yours to test, not to sell.")
    made = panel_cast.document(
        panel, sweepstakes={"items": [piece]}, referrals=friends, rewards={"items": [TICKET, JACKET]}
    )
    return dict(made)


def people() -> None:
    """Anna, who has bought before, and Desk, who works there."""
    anna = cast.person("Anna de Wit", "anna@friend.example")
    shop.send(shop.order(anna, 250, "F-1"))
    user = User.objects.create_user(DESK, cast.PASSWORD, name="Desk")
    staff_role_set(user=user, role="owner", actor=shop.STAFF)
