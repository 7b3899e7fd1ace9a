"""Achievements through the one way in: booked with the event, told, followed in a batch, taken back with a return."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from core.models import OutboxMessage
from loyalty.models import Achievement, Enrollment, ProgressCounter
from members.models import Member
from tests.loyalty import shop
from tests.loyalty.rules.achieving import card, challenge, streak
from tests.loyalty.rules.sample import fixed

pytestmark = pytest.mark.usefixtures("brand")


def advance(code: str, by: int = 1) -> dict[str, Any]:
    return {"kind": "advance", "achievement": code, "by": by}


DOCUMENT: dict[str, Any] = {
    **deepcopy(shop.DOCUMENT),
    "challenges": [challenge("three", 3, effects=[fixed(100), {"kind": "grant_badge", "badge": "regular"}])],
    "stamp_cards": [
        card(
            "coffee",
            2,
            name={"en": "Coffee card", "nl": "Koffiekaart"},
            effects=[fixed(40), {"kind": "issue_reward", "reward": "coffee"}],
        )
    ],
    "streaks": [streak("visits", 2)],
    "badges": [{"code": "regular", "name": "Regular", "valid": {"kind": "until_end", "of": "year"}}],
    "counters": [
        {"code": "orders", "name": "Orders", "trigger": "order.paid"},
        {"code": "days", "name": "Days", "trigger": "order.paid", "measure": {"kind": "distinct_days"}},
    ],
    "leaderboards": [
        {"code": "busy", "name": "Busy", "score": {"kind": "counter", "counter": "orders"}},
        {"code": "days_out", "name": "Out", "score": {"kind": "counter", "counter": "days"}, "period": "year"},
        {"code": "spenders", "name": "Spenders", "score": {"kind": "points", "currency": "points"}},
        {
            "code": "buyers",
            "name": "Buyers",
            "score": {"kind": "achievement", "achievement": "three"},
            "period": "lifetime",
        },
    ],
}
DOCUMENT["rules"].append(
    {
        "code": "onward",
        "name": "Onward",
        "trigger": "order.paid",
        "effects": [advance("three"), advance("coffee"), advance("visits")],
    }
)


class Visit:
    def __init__(self) -> None:
        self.program = shop.program(DOCUMENT)
        self.anna: Member = shop.member()
        self.place: Enrollment = shop.place(self.anna, self.program)

    def counted(self, key: str) -> int:
        return sum(ProgressCounter.objects.filter(enrollment=self.place, key=key).values_list("value", flat=True))

    def lines(self) -> list[tuple[str, str, int, bool]]:
        rows = Achievement.objects.filter(enrollment=self.place).order_by("id")
        return [(each.kind, each.code, each.n, each.undone) for each in rows]

    def topics(self) -> list[str]:
        return [each for each in OutboxMessage.objects.order_by("id").values_list("topic", flat=True) if "." in each]


def test_what_is_completed_is_booked_told_and_shown_under_its_own_name() -> None:
    visit = Visit()
    shop.send(shop.order(visit.anna, 10, "A"))
    [answer] = shop.send(shop.order(visit.anna, 10, "B"))
    assert visit.lines() == [("stamp_card", "coffee", 1, False)]
    assert [(each["kind"], each["code"], each["n"]) for each in answer.body["achieved"]] == [
        ("stamp_card", "coffee", 1)
    ]
    assert {each["rule"]: each["points"] for each in answer.body["awards"]} == {"per_euro": 10, "coffee": 40}
    reason = next(each["reason"] for each in answer.body["awards"] if each["rule"] == "coffee")
    assert reason == {"en": "Coffee card", "nl": "Koffiekaart"}
    message = OutboxMessage.objects.get(topic="stamp_card.filled")
    assert (message.payload["code"], message.payload["n"]) == ("coffee", 1)
    act = OutboxMessage.objects.get(topic="act.issue_reward")
    assert act.payload["rule"] == "coffee"
    assert shop.balance(visit.place) == 60


def test_a_batch_comes_out_as_its_events_one_by_one() -> None:
    together, apart = Visit(), shop.member("Ben")
    shop.place(apart, together.program)
    rows = [shop.order(together.anna, 10 + at, f"A{at}", days_ago=4 - at) for at in range(4)]
    shop.send(*rows)
    for at in range(4):
        shop.send(shop.order(apart, 10 + at, f"B{at}", days_ago=4 - at))
    assert counters(together.anna) == counters(apart)
    assert [each[:3] for each in together.lines()] == [
        ("stamp_card", "coffee", 1),
        ("milestone", "visits", 2),
        ("challenge", "three", 1),
        ("badge", "regular", 1),
        ("stamp_card", "coffee", 2),
    ]


def counters(who: Member) -> dict[tuple[str, str], int]:
    rows = ProgressCounter.objects.filter(enrollment__member=who).values_list("key", "period", "value")
    return {(key, period): value for key, period, value in rows if value}


def test_a_whole_return_leaves_no_trace_in_the_progress() -> None:
    visit = Visit()
    for number in ("A", "B"):
        shop.send(shop.order(visit.anna, 10, number))
    before, points = counters(visit.anna), shop.balance(visit.place)
    shop.send(shop.order(visit.anna, 10, "C"))
    assert ("challenge", "three", 1, False) in visit.lines()
    assert ("badge", "regular", 1, False) in visit.lines()
    shop.send(shop.returned(visit.anna, "C", 10))
    assert counters(visit.anna) == before
    assert shop.balance(visit.place) == points
    assert visit.lines()[-2:] == [("challenge", "three", 1, True), ("badge", "regular", 1, True)]
    assert OutboxMessage.objects.filter(topic="achievement.undone").count() == 2


def test_a_filled_cards_reward_is_revoked_with_the_order_that_filled_it() -> None:
    visit = Visit()
    shop.send(shop.order(visit.anna, 10, "A"), shop.order(visit.anna, 10, "B"))
    shop.send(shop.returned(visit.anna, "B", 10))
    given = OutboxMessage.objects.get(topic="act.issue_reward").payload
    taken = OutboxMessage.objects.get(topic="act_revoked.issue_reward").payload
    assert (given["event_id"], given["rule"], given["effect"]) == (taken["event_id"], taken["rule"], taken["effect"])
    assert visit.counted("stamps:coffee") == 1
    assert visit.counted("cards:coffee") == 0


def test_a_return_in_part_keeps_the_stamp() -> None:
    visit = Visit()
    shop.send(shop.order(visit.anna, 10, "A"))
    shop.send(shop.returned(visit.anna, "A", 4))
    assert visit.counted("stamps:coffee") == 1
    shop.send(shop.returned(visit.anna, "A", 6))
    assert visit.counted("stamps:coffee") == 0


def test_the_leaderboards_scores_follow_points_progress_and_returns() -> None:
    visit = Visit()
    shop.send(shop.order(visit.anna, 10, "A"), shop.order(visit.anna, 20, "B"))
    assert visit.counted("board:spenders") == 10 + 20 + 40
    assert visit.counted("board:buyers") == visit.counted("board:busy") == 2
    assert visit.counted("board:days_out") == 1
    shop.send(shop.returned(visit.anna, "B", 20))
    assert visit.counted("board:spenders") == 10
    assert visit.counted("board:buyers") == visit.counted("board:busy") == 1
    assert visit.counted("board:days_out") == 1


def test_a_day_told_late_fills_the_streak() -> None:
    visit = Visit()
    shop.send(shop.order(visit.anna, 10, "A", days_ago=2), shop.order(visit.anna, 10, "C", days_ago=0))
    assert not [each for each in visit.lines() if each[0] == "milestone"]
    shop.send(shop.order(visit.anna, 10, "B", days_ago=1))
    assert ("milestone", "visits", 3, False) in visit.lines()


def test_an_event_of_another_type_touches_nothing() -> None:
    visit = Visit()
    shop.send(shop.review(visit.anna))
    assert visit.lines() == []
    assert {key for key, _ in counters(visit.anna)} >= {"board:spenders"}
    assert not [key for key, _ in counters(visit.anna) if key.startswith(("challenge", "stamps", "streak"))]
