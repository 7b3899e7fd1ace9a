"""What is refused of challenges, stamp cards, streaks, badges and leaderboards, and how they are told in words."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.definition.difference import document_difference
from loyalty.definition.read import document_decode, document_plain
from loyalty.definition.translation import Teller
from tests.loyalty.definition.mistakes import problems
from tests.loyalty.rules.achieving import advancing, card, challenge, document, streak
from tests.loyalty.rules.sample import fixed, plain, rule

MOVE = {"kind": "advance", "achievement": "five"}
SEVERAL: dict[str, Any] = {
    "challenges": [challenge(), {**challenge("set"), "goal": None, "steps": [{"code": "one", "name": "One"}]}],
    "stamp_cards": [card(per_day=2, valid_months=6)],
    "streaks": [streak("daily", 7, protection={"most": 2})],
    "badges": [{"code": "star", "name": "Star", "valid": {"kind": "for", "n": 1, "unit": "years"}}],
    "leaderboards": [{"code": "top", "name": "Top", "score": {"kind": "points", "currency": "points"}}],
}


def told(**parts: Any) -> list[tuple[str, str]]:
    return [(each.path, each.problem) for each in problems(document(**parts))]


def test_a_document_with_achievements_is_read_and_written_without_loss() -> None:
    read = document_decode(document(**SEVERAL))
    assert document_decode(document_plain(read)) == read


def test_codes_are_unique_over_rules_and_achievements() -> None:
    found = told(challenges=[challenge("coffee")], stamp_cards=[card("coffee")])
    assert ("stamp_cards[0].code", "'coffee' is challenges[0]'s code too.") in found
    steps = [{"code": "base", "name": "Base"}]
    found = told(challenges=[{**challenge("set"), "goal": 1, "steps": steps}], rules=[rule("base")])
    assert ("challenges[0].steps[0].code", "'base' is rules[0]'s code too.") in found


def test_what_nobody_can_get_on_with_is_refused() -> None:
    off = advancing("five", "five", enabled=False)
    [nobody] = problems(plain([rule("a"), off], challenges=[challenge()]))
    assert nobody.path == "challenges[0]"
    assert "Nobody can get on with it" in nobody.problem
    [nobody] = problems(plain([rule("a")], badges=[{"code": "star", "name": "Star"}]))
    assert nobody.path == "badges[0]"


def test_an_unknown_achievement_or_badge_is_named_with_those_that_there_are() -> None:
    effects = [{"kind": "advance", "achievement": "sixth"}, {"kind": "grant_badge", "badge": "moon"}]
    found = problems(document(challenges=[challenge()], rules=[rule("a", *effects)]))
    assert [each.path for each in found] == ["rules[0].effects[0].achievement", "rules[0].effects[1].badge"]
    assert "five" in found[0].mend


def test_a_goal_out_of_reach_of_its_rules_limits_is_refused() -> None:
    limits = [{"per": "member", "period": "day", "at_most": 1, "measure": "times"}]
    once = advancing("five", "five", limits=limits)
    [far] = problems(plain([once], challenges=[challenge(goal=8, period="week")]))
    assert far.path == "challenges[0].goal"
    assert "let 7 through" in far.problem
    document_decode(plain([once], challenges=[challenge(goal=7, period="week")]))
    document_decode(plain([once], challenges=[challenge(goal=800)]))


def test_achievements_that_move_each_other_on_in_a_circle_are_refused() -> None:
    on = {"kind": "advance", "achievement": "other"}
    found = told(challenges=[challenge(effects=[on]), challenge("other", effects=[MOVE])])
    assert found == [("challenges[0]", "It moves itself on: five → other → five.")]
    steps = [{"code": "one", "name": "One", "effects": []}]
    found = told(
        challenges=[{**challenge("set"), "goal": 1, "steps": steps, "effects": [{**on, "achievement": "one"}]}]
    )
    assert "moves itself on" in found[0][1]


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"challenges": [{**challenge("set", 2), "steps": [{"code": "a", "name": "A"}]}]}, "challenges[0].goal"),
        (
            {"challenges": [{**challenge("set", 1, repeat=2), "steps": [{"code": "a", "name": "A"}]}]},
            "challenges[0].repeat",
        ),
        ({"challenges": [challenge(schedule={"starts_at": "2026-02-30T00:00"})]}, "challenges[0].schedule.starts_at"),
        ({"challenges": [challenge(name="")]}, "challenges[0].name"),
        (
            {
                "challenges": [
                    challenge(audience={"kind": "attribute", "path": "order.x", "operator": "eq", "value": 1})
                ]
            },
            "challenges[0].audience",
        ),
        ({"challenges": [challenge(effects=[fixed(1, "gold")])]}, "challenges[0].effects[0].currency"),
        ({"challenges": [challenge(effects=[{**MOVE, "of": "n"}])]}, "challenges[0]"),
        ({"stamp_cards": [card(effects=[{"kind": "grant_badge", "badge": "x"}])]}, "stamp_cards[0].effects[0].badge"),
        ({"streaks": [streak("daily", 3, 3)]}, "streaks[0].milestones[1].at"),
        ({"streaks": [streak("daily", protection={"every": None})]}, "streaks[0].protection"),
        ({"streaks": [streak("daily", protection={"most": 1, "at_start": 2})]}, "streaks[0].protection.at_start"),
        (
            {"leaderboards": [{"code": "t", "name": "T", "score": {"kind": "counter", "counter": "x"}}]},
            "leaderboards[0].score.counter",
        ),
        (
            {"leaderboards": [{"code": "t", "name": "T", "score": {"kind": "achievement", "achievement": "x"}}]},
            "leaderboards[0].score.achievement",
        ),
        (
            {"leaderboards": [{"code": "t", "name": "T", "score": {"kind": "points", "currency": "stars"}}]},
            "leaderboards[0].score.currency",
        ),
    ],
)
def test_a_mistake_is_told_where_it_stands(parts: dict[str, Any], path: str) -> None:
    assert path in [each for each, _ in told(**{"rules": [rule("base")], **parts})]


def test_steps_are_moved_on_by_their_own_code() -> None:
    steps = [{"code": "one", "name": "One"}]
    whole = document(challenges=[{**challenge("set", 1), "steps": steps}], rules=[advancing("all", "set")])
    [wrong] = problems(whole)
    assert (wrong.path, wrong.mend) == ("rules[0].effects[0]", "Name one of its steps: one.")


def test_each_is_told_in_words() -> None:
    read = document_decode(document(**SEVERAL))
    teller = Teller(read)
    assert read.challenges[0].words(teller) == "5 towards it: 100 points"
    assert read.challenges[1].words(teller) == "One: 100 points"
    assert read.stamp_cards[0].words(teller) == "10 stamps, at most 2 a day, within 6 months: 50 points"
    assert read.streaks[0].words(teller) == (
        "every day; one more protected for every 7 in a row, 2 protected at most; at 7: 7 points"
    )
    assert read.badges[0].words(teller) == "🏅 for 1 years"
    assert read.leaderboards[0].words(teller) == "the best 10 by points earned this month"


def test_changes_are_told_by_name() -> None:
    before = document_decode(document(**SEVERAL))
    changed = {**SEVERAL, "challenges": [challenge(goal=6), *SEVERAL["challenges"][1:]], "stamp_cards": []}
    sentences = [each.sentence for each in document_difference(before, document_decode(document(**changed)))]
    assert "Challenge five: goal changes from 5 to 6." in sentences
    assert "Stamp card coffee is removed." in sentences
