"""When a rule fires."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from tests.loyalty.rules.sample import NOON, compiled, judge, outcomes, paid, rule
from tests.loyalty.rules.test_evaluate import LADDER


def why(
    when: dict[str, Any], at: datetime | None = None, order: dict[str, Any] | None = None, **member: Any
) -> str | None:
    """None when the rule fired, else the path that the trace names."""
    program = compiled([rule("a", when=when, trigger="thing.happened")], ladders=[LADDER])
    event = structs.replace(paid(at or NOON, **(order or {})), type="thing.happened")
    outcome, path = outcomes(judge(program, event, **member))["a"]
    return None if outcome == "fired" else path


def attribute(operator: str, value: Any, path: str = "order.x") -> dict[str, Any]:
    return {"kind": "attribute", "path": path, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("operator", "value", "actual", "holds"),
    [
        ("eq", "web", "web", True),
        ("eq", 1, True, False),
        ("eq", True, 1, False),
        ("eq", 1, "1", False),
        ("eq", 1, 1.0, True),
        ("eq", 0.1, Decimal("0.1"), True),
        ("eq", 0.1, 0.1, True),
        ("ne", "web", "app", True),
        ("ne", "web", None, True),
        ("gt", 3, 3.5, True),
        ("gt", 3, 3, False),
        ("ge", 3, 3, True),
        ("lt", 3, float("nan"), False),
        ("gt", 3, float("inf"), False),
        ("lt", 3, True, False),
        ("le", 3, "2", False),
        ("gt", "2026-01-01", "2026-01-02T10:00", True),
        ("gt", "2026-01-01", "not a day", False),
        ("in", ["a", 1], 1, True),
        ("in", ["a"], "b", False),
        ("not_in", ["a"], "b", True),
        ("not_in", ["a"], "a", False),
        ("contains", "ARAB", "Arabica", True),
        ("contains", "a", ["a", "b"], True),
        ("contains", "c", ["a", "b"], False),
        ("eq", "b", ["a", "b"], True),
        ("exists", True, 0, True),
        ("exists", False, None, True),
        ("exists", True, None, False),
    ],
)
def test_an_attribute_is_compared_by_type(operator: str, value: Any, actual: Any, holds: bool) -> None:
    assert (why(attribute(operator, value), order={"x": actual}) is None) is holds


def test_a_path_through_a_list_holds_when_it_holds_for_one_item() -> None:
    lines = [{"sku": "A"}, {"sku": "B", "tags": ["new"]}, "nonsense", {}]
    assert why(attribute("eq", "B", "order.lines.sku"), order={"lines": lines}) is None
    assert why(attribute("eq", "new", "order.lines.tags"), order={"lines": lines}) is None
    assert why(attribute("eq", "C", "order.lines.sku"), order={"lines": lines}) == "when"
    assert why(attribute("eq", "C", "order.net_minor.deeper")) == "when"


def test_the_trace_names_the_condition_that_failed() -> None:
    yes, no = attribute("exists", False), attribute("exists", True)
    assert why({"kind": "all", "of": [yes, {"kind": "all", "of": [yes, no]}]}) == "when.of[1].of[1]"
    assert why({"kind": "any", "of": [no, yes]}) is None
    assert why({"kind": "any", "of": [no, no]}) == "when"
    assert why({"kind": "none", "of": [no, no]}) is None
    assert why({"kind": "none", "of": [no, yes]}) == "when.of[1]"


def test_the_tier_is_the_one_at_the_event_and_the_first_when_none_is_known() -> None:
    first = {"kind": "tier", "ladder": "club", "any_of": ["one"]}
    second = {"kind": "tier", "ladder": "club", "any_of": ["two"]}
    assert why(first) is None
    assert why(second) == "when"
    assert why(second, tiers={"club": "two"}) is None


@pytest.mark.parametrize(
    ("when", "at", "holds"),
    [
        ({"from_hour": "12:00", "to_hour": "13:00"}, datetime(2026, 3, 4, 11, 0, tzinfo=UTC), True),
        ({"from_hour": "12:00", "to_hour": "13:00"}, datetime(2026, 3, 4, 12, 0, tzinfo=UTC), False),
        ({"from_hour": "12:00", "to_hour": "13:00"}, datetime(2026, 7, 1, 10, 30, tzinfo=UTC), True),
        ({"from_hour": "22:00", "to_hour": "02:00"}, datetime(2026, 3, 4, 0, 30, tzinfo=UTC), True),
        ({"from_hour": "22:00", "to_hour": "02:00"}, datetime(2026, 3, 4, 1, 0, tzinfo=UTC), False),
        ({"weekdays": ["wed"]}, datetime(2026, 3, 4, 11, 0, tzinfo=UTC), True),
        ({"weekdays": ["wed"]}, datetime(2026, 3, 4, 23, 30, tzinfo=UTC), False),
        ({"to_hour": "13:00"}, datetime(2026, 3, 4, 11, 0, tzinfo=UTC), True),
    ],
)
def test_time_is_that_of_the_program_zone(when: dict[str, Any], at: datetime, holds: bool) -> None:
    assert (why({"kind": "time", **when}, at) is None) is holds


def test_time_may_be_the_members_own() -> None:
    evening = {"kind": "time", "zone": "member", "from_hour": "20:00", "to_hour": "23:00"}
    at = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
    assert why(evening, at) == "when"
    assert why(evening, at, time_zone="Asia/Tokyo") is None
    assert why(evening, at, time_zone="Nowhere/Such") == "when"
    assert why(evening, at, time_zone="../../etc/passwd") == "when"


def test_a_member_is_tested_by_language_joining_and_attributes() -> None:
    language = {"kind": "member", "attribute": "language", "operator": "eq", "value": "nl"}
    assert why(language, language="nl") is None
    assert why(language) == "when"
    joined = {"kind": "member", "attribute": "joined_days", "operator": "ge", "value": 1}
    at = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
    # 23:30 UTC is the next day in Amsterdam.
    assert why(joined, at, joined_at=datetime(2026, 3, 3, 22, 30, tzinfo=UTC)) is None
    assert why(joined, at, joined_at=datetime(2026, 3, 3, 23, 30, tzinfo=UTC)) == "when"
    assert why(joined, at) == "when"
    shop = {"kind": "member", "attribute": "attributes.shop", "operator": "eq", "value": "Utrecht"}
    assert why(shop, attributes={"shop": "Utrecht"}) is None
