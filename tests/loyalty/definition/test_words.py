"""Documents in plain words, and what changed between two of them."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from loyalty.definition.difference import Change, document_difference
from loyalty.definition.read import document_decode, document_shape
from loyalty.definition.words import award_reason, currency_words, ladder_words, rule_words
from tests.loyalty.rules.sample import fixed, per_money, plain, rule, times

TEMPLATES = sorted((Path(__file__).parents[3] / "programs").glob("*.yaml"))


def sentence(*effects: dict[str, Any], **fields: Any) -> str:
    document = document_decode(plain([rule("a", *effects, **fields), rule("z")]))
    return rule_words(document, document.rules[0])


def changes(change: Any, before: dict[str, Any] | None = None) -> list[Change]:
    before = before or plain([rule("a"), rule("b", per_money(), priority=2)])
    after = deepcopy(before)
    change(after)
    return document_difference(document_decode(before), document_decode(after))


def test_a_rule_is_one_sentence() -> None:
    assert sentence() == "When an order is paid: 10 points."
    assert sentence(fixed(1)) == "When an order is paid: 1 point."
    assert (
        sentence(
            per_money(per_minor=150),
            fixed("0.5", "stars"),
            when={
                "kind": "all",
                "of": [
                    {"kind": "attribute", "path": "order.channel", "operator": "in", "value": ["app", "web"]},
                    {"kind": "time", "weekdays": ["sat", "sun"], "from_hour": "10:00"},
                ],
            },
            limits=[{"per": "member", "period": "day", "at_most": 50, "currency": "points"}],
            schedule={"starts_at": "2027-03-01T00:00"},
        )
        == "When an order is paid and channel is one of app or web and on Saturday or Sunday between 10:00 and "
        "24:00: 1 point for every €1.50 spent and 0.5 stars, at most 50 points a day, from 1 March 2027 00:00 on."
    )
    assert (
        sentence(times("1.5", rules=["z"]), trigger="order.paid") == "When an order is paid: 1.5 times the points of z."
    )


def test_what_the_product_keeps_of_a_member_is_told_in_words() -> None:
    asked = {"kind": "member", "attribute": "facts.referral_open", "operator": "eq", "value": True}
    assert "and the first step after a friend’s invitation is still to come:" in sentence(when=asked)


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ({"ends_at": "2027-01-01T18:30"}, "until 1 January 2027 18:30."),
        ({"starts_at": "2026-12-31T00:00", "ends_at": "2027-13-01T00:00"},
         "from 31 December 2026 00:00 until 2027-13-01T00:00."),
    ],
)  # fmt: skip
def test_a_schedule_tells_its_days_by_their_months(schedule: dict[str, str], told: str) -> None:
    document = document_shape(plain([rule("a", schedule=schedule)]))
    assert rule_words(document, document.rules[0]).endswith(told)


def test_the_sentence_is_told_in_the_language_of_the_caller() -> None:
    document = document_decode(
        plain([rule("a", trigger="quiz.done", name={"en": "Quiz", "nl": "Quiz!"}, description={"nl": "Voor de quiz"})])
    )
    dutch = {"When %(event)s happens": "Bij %(event)s"}
    assert (
        rule_words(document, document.rules[0], lambda message: dutch.get(message, message), "nl")
        == "Bij quiz.done: 10 points."
    )
    assert award_reason(document, "a", 0, language="nl") == "Voor de quiz"
    assert award_reason(document, "a", 0, language="en") == "Voor de quiz"


def test_the_reason_of_an_award_is_the_description_or_made_from_the_effect() -> None:
    document = document_decode(
        plain([rule("a", per_money()), rule("b", times(2), name="Happy hour"), rule("c", trigger="x.y", name="A quiz")])
    )
    assert award_reason(document, "a", 0) == "1 point for every €1 spent"
    assert award_reason(document, "b", 0) == "Happy hour: 2 times the points"
    assert award_reason(document, "c", 0) == "A quiz"
    assert award_reason(document, "gone", 0) == "gone"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_template_can_be_told(path: Path) -> None:
    document = document_decode(path.read_bytes())
    for language in ("en", "nl"):
        told = [rule_words(document, each, language=language) for each in document.rules]
        told += [currency_words(document, each.code, language=language) for each in document.currencies]
        told += [ladder_words(document, each.code, language=language) for each in document.ladders]
        assert all(text.endswith(".") and "%(" not in text for text in told)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_equal_documents_do_not_differ(path: Path) -> None:
    assert document_difference(document_decode(path.read_bytes()), document_decode(path.read_bytes())) == []


def test_a_changed_field_is_told_with_both_values() -> None:
    (change,) = changes(lambda document: document["rules"][0]["effects"][0].update(points=15))
    assert change == Change(
        "rules.a.effects",
        "changed",
        [{"kind": "points_fixed", "currency": "points", "points": 10}],
        [{"kind": "points_fixed", "currency": "points", "points": 15}],
        "Rule a: what it gives changes from 10 points to 15 points.",
    )


def test_a_rule_added_or_removed_is_told_in_full() -> None:
    (added,) = changes(lambda document: document["rules"].append(rule("c", fixed(3))))
    assert (added.path, added.kind, added.before) == ("rules.c", "added", None)
    assert added.sentence == "Rule c is added: When an order is paid: 3 points."
    (removed,) = changes(lambda document: document["rules"].pop(0))
    assert (removed.path, removed.kind, removed.after) == ("rules.a", "removed", None)


@pytest.mark.parametrize(
    ("change", "path", "told"),
    [
        (lambda d: d["program"].update(time_zone="UTC"), "program.time_zone", "Europe/Amsterdam to UTC"),
        (lambda d: d["rules"][1].update(enabled=False), "rules.b.enabled", "switched on changes from yes to no"),
        (lambda d: d["rules"][1].update(name={"en": "B", "nl": "Bé"}), "rules.b.name", "nl: “Bé”"),
        (lambda d: d.update(stacking={"base": "best_for_member"}), "stacking.base", "best for the member"),
        (lambda d: d["rules"].reverse(), "rules", "another order"),
        (
            lambda d: d["currencies"][0].update(expiry={"kind": "after", "n": 2, "unit": "years", "round_up": "year"}),
            "currencies.points.expiry",
            "never expire to expire after 2 years, up to the end of the year",
        ),
        (
            lambda d: d["rules"][0].update(schedule={"ends_at": "2027-01-01T00:00"}),
            "rules.a.schedule",
            "until 1 January 2027",
        ),
        (
            lambda d: d["rules"][0].update(limits=[{"per": "event", "at_most": 5}]),
            "rules.a.limits",
            "at most 5 points an event",
        ),
    ],
)
def test_each_change_has_a_place_and_a_sentence(change: Any, path: str, told: str) -> None:
    (found,) = changes(change)
    assert found.path == path
    assert told in found.sentence


def test_tiers_are_compared_by_code() -> None:
    ladder = {
        "code": "club",
        "name": "Club",
        "qualify": {"kind": "points_earned", "currency": "points"},
        "tiers": [{"code": "one", "name": "One", "threshold": 0}, {"code": "two", "name": "Two", "threshold": 500}],
    }
    before = plain([rule("a")], ladders=[ladder])
    (change,) = changes(lambda document: document["ladders"][0]["tiers"][1].update(threshold=750), before)
    assert change.path == "ladders.club.tiers.two.threshold"
    assert change.sentence == "Tier Two: points to reach it changes from 500 to 750."


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ({"where": [{"path": "sku", "operator": "eq", "value": "A"}]}, "at least 1 line where"),
        ({"value": 2}, "at least 2 lines"),
        ({"operator": "eq"}, "exactly 1 line"),
        ({"measure": "quantity", "operator": "le"}, "at most 1 piece"),
    ],
)
def test_one_line_is_a_line(test: dict[str, Any], words: str) -> None:
    told = sentence(trigger="order.paid", when={"kind": "line", **test})
    assert f"{words}:" in told or f"{words} article" in told or f"{words} sku" in told, told


def test_an_event_of_the_brands_own_goes_by_its_name_or_by_the_claim_that_it_is() -> None:
    rules = [rule("a", trigger="class.attended"), rule("b", trigger="gear.taken_back"), rule("c", trigger="x.y")]
    gear = {"code": "gear", "name": "Used gear", "event_type": "gear.taken_back", "proofs": [{"kind": "photo"}]}
    types = [{"type": "class.attended", "name": {"en": "A class", "nl": "Een les"}}]
    document = document_decode(plain(rules, event_types=types, claim_types=[gear]))
    told = [rule_words(document, each) for each in document.rules]
    assert told == [
        "When “A class” happens: 10 points.",
        "When a claim of “Used gear” is approved: 10 points.",
        "When x.y happens: 10 points.",
    ]
    assert "“Een les”" in rule_words(document, document.rules[0], language="nl")


@pytest.mark.parametrize(
    ("expiry", "told"),
    [
        ({"kind": "fixed", "dates": ["12-31", "06-30"]}, "Points expire on the next 30 June or 31 December."),
        ({"kind": "inactivity", "months": 1}, "Points expire after a month without a paid order."),
        (
            {"kind": "inactivity", "months": 6, "resets": ["order.paid", "class.attended"]},
            "Points expire after 6 months without a paid order or “A class”.",
        ),
    ],
)
def test_an_expiry_is_told_without_codes(expiry: dict[str, Any], told: str) -> None:
    raw = plain([rule("a")])
    raw["currencies"][0]["expiry"] = expiry
    raw["event_types"] = [{"type": "class.attended", "name": {"en": "A class", "nl": "Een les"}}]
    assert currency_words(document_decode(raw), "points") == told


def test_a_new_currency_is_told_with_how_it_works() -> None:
    def seeds(raw: dict[str, Any]) -> None:
        more = {"code": "seeds", "name_one": "seed", "name_many": "seeds", "expiry": {"kind": "never"}}
        raw["currencies"].append(more)

    assert [each.sentence for each in changes(seeds)] == ["Currency seeds is added: Seeds never expire."]
