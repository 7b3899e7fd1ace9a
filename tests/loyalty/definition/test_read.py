"""Documents in and out: without loss, and with every mistake named."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from loyalty.definition import sections
from loyalty.definition.compile import compile_program
from loyalty.definition.document import Document
from loyalty.definition.parsing import parse, yaml_text
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import DefinitionError, Problem
from loyalty.definition.read import (
    document_decode,
    document_encode,
    document_hash,
    document_plain,
    document_schema,
    document_shape,
    document_yaml,
)
from tests.loyalty.definition.mistakes import LADDER, broken, problems
from tests.loyalty.rules.sample import fixed, per_money, plain, rule, times

TEMPLATES = sorted((Path(__file__).parents[3] / "programs").glob("*.yaml"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_each_template_is_read_compiles_and_comes_back_the_same(path: Path) -> None:
    document = document_decode(path.read_bytes())
    assert document_decode(document_encode(document)) == document
    assert document_decode(document_yaml(document)) == document
    assert document_decode(document_plain(document)) == document
    assert compile_program(document).triggers
    assert isinstance(document.program.name, dict)
    assert set(document.program.name) == {"en", "nl"}
    assert document.program.description


def test_there_are_templates() -> None:
    assert {path.stem for path in TEMPLATES} >= {"points_and_tiers", "coffee_club"}


def test_the_canonical_form_does_not_depend_on_how_the_document_was_written() -> None:
    one = document_decode(
        plain([rule("a", fixed("10.0"), group="x"), rule("b", group="y")], stacking={"y": "all", "x": "all"})
    )
    rules = [rule("a", fixed(10), enabled=True, group="x"), rule("b", group="y")]
    other = document_decode({**plain(rules), "schema": 1, "stacking": {"x": "all", "y": "all"}})
    assert one == other
    assert document_encode(one) == document_encode(other)
    assert document_hash(one) == document_hash(other)
    assert len(document_hash(one)) == 32
    assert document_hash(one) != document_hash(document_decode(plain([rule("a", fixed(11))])))


names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)
texts = st.one_of(names, st.dictionaries(st.sampled_from(["en", "nl"]), names, min_size=1))
conditions = st.recursive(
    st.one_of(
        st.builds(
            lambda value: {"kind": "attribute", "path": "order.x", "operator": "contains", "value": value},
            st.one_of(names, st.integers(-9, 9), st.booleans(), st.floats(-9, 9)),
        ),
        st.just({"kind": "tier", "ladder": "club", "any_of": ["two"]}),
        st.just({"kind": "time", "weekdays": ["mon"], "from_hour": "16:30"}),
    ),
    lambda inner: st.builds(
        lambda kind, of: {"kind": kind, "of": of},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)
bodies = st.fixed_dictionaries(
    {"name": texts, "description": texts, "priority": st.integers(-9, 9), "enabled": st.booleans(), "when": conditions},
    optional={
        "schedule": st.just({"starts_at": "2026-01-01T00:00"}),
        "limits": st.just([{"per": "member", "period": "day", "at_most": "7"}]),
    },
)


@settings(deadline=None)
@given(rules=st.lists(bodies, max_size=4), color=st.sampled_from([None, "#0a0b0c"]))
def test_what_is_written_is_read_back_the_same(rules: list[dict[str, Any]], color: str | None) -> None:
    ladder = deepcopy(LADDER)
    ladder["tiers"][1]["color"] = color  # type: ignore[index]  # there is one here
    listed = [
        rule(f"r{at}", per_money(points="0.5"), trigger="thing.happened", **body) for at, body in enumerate(rules)
    ]
    try:
        document = document_decode(plain([*listed, rule("z")], ladders=[ladder]))
    except DefinitionError:
        reject()  # conditions that exclude each other: test_never has those
    for again in (document_encode(document), document_yaml(document), document_plain(document)):
        assert document_decode(again) == document
        assert document_encode(document_decode(again)) == document_encode(document)
    compile_program(document)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no",
        "16:30",
        "2026-01-01",
        "1e3",
        "1.5e3",
        "010",
        "0x1f",
        "~",
        "null",
        "1_000",
        ".5",
        ".inf",
        "<<",
        "=",
        "-",
        "é",
        "a: b",
        " x",
    ],
)
def test_a_text_that_looks_like_something_else_stays_a_text_in_yaml(text: str) -> None:
    assert parse(yaml_text({"a": text})) == {"a": text}


def test_yaml_is_read_without_its_surprises() -> None:
    assert parse("a: no\nb: 16:30\nc: 2026-01-01\nd: 010\ne: 1.5\nf: 12\ng: true\nh: ~\n") == {
        "a": "no",
        "b": "16:30",
        "c": "2026-01-01",
        "d": "010",
        "e": 1.5,
        "f": 12,
        "g": True,
        "h": None,
    }


@pytest.mark.parametrize(
    "source",
    [
        b"\xff\xfe",
        "",
        "just text",
        "[1]",
        "{",
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": 1e400}',
        '{"a": "\\u0000"}',
        '{"a": "\\ud800"}',
        '{"a": ' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"a":' * 100_000,
        "a: &x [1]\nb: *x",
        "a: 1\na: 2",
        "<<: {a: 1}",
        "a: .nan",
        "a: 1e400",
        "a: " + "9" * 5000,
        "a: !!python/object/apply:os.system [ls]",
        "a: !!binary aGk=",
        "? [1]\n: 2",
        "1: 2",
        "a: 1\n---\nb: 2",
        "a: b: c",
        "a:\n" + "".join(" " * depth + "- \n" for depth in range(1, 60)),
        "a: '" + "x" * 6000 + "'",
        " " * 2_000_001,
    ],
    ids=lambda source: repr(source[:24]),
)
def test_a_source_that_is_dangerous_or_ambiguous_is_refused(source: bytes | str) -> None:
    assert problems(source)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**30, "a\x00b", "\ud800", object(), b"x", {1: 2}])
def test_plain_values_that_no_document_may_hold_are_refused(value: Any) -> None:
    assert broken("sections", value={"x": value})


@pytest.mark.parametrize(
    ("path", "value", "where", "mend"),
    [
        (("rules", 0, "efects"), 1, "rules[0].efects", "'effects'"),
        (("rules", 0, "effects", 0, "kind"), "gift", "rules[0].effects[0].kind", "points_per_money"),
        (("rules", 0, "effects", 0), {"points": 1}, "rules[0].effects[0].kind", "points_fixed"),
        (("rules", 1, "effects", 0, "rounding"), "up", "rules[1].effects[0].rounding", "half_up"),
        (("rules", 0, "effects", 0, "points"), "many", "rules[0].effects[0].points", "number"),
        (("rules", 0, "effects", 0, "points"), "NaN", "rules[0].effects[0].points", "number"),
        (("rules", 0, "effects", 0, "points"), "1e400", "rules[0].effects[0].points", "number"),
        (("rules", 0, "effects", 0, "points"), "0.5", "rules[0].effects[0].points", "fits"),
        (("rules", 0, "effects", 0, "points"), -1, "rules[0].effects[0].points", "number"),
        (("rules", 0, "effects", 0, "currency"), "gems", "rules[0].effects[0].currency", "points"),
        (("rules", 0, "effects"), [], "rules[0].effects", "1 to 10"),
        (("rules", 0, "effects", 0), times(2, rules=["zz"]), "rules[0].effects[0].rules[0]", "a, b"),
        (("rules", 0, "effects", 0), times(1), "rules[0].effects[0].factor", "double"),
        (("rules", 0, "trigger"), "paid", "rules[0].trigger", "order.paid"),
        (("rules", 0, "code"), "A b", "rules[0].code", "small letters"),
        (("rules", 0, "code"), "a\n", "rules[0].code", "small letters"),
        (("rules", 0, "code"), "b", "rules[1].code", "another code"),
        (("rules", 0, "name"), " ", "rules[0].name", "Write"),
        (("rules", 0, "name"), {}, "rules[0].name", "en"),
        (("rules", 0, "name"), {"english": "x"}, "rules[0].name.english", "two letters"),
        (("rules", 0, "limits"), [{"per": "member", "at_most": 5}], "rules[0].limits[0].period", "lifetime"),
        (("rules", 0, "limits"), [{"per": "event", "at_most": 0}], "rules[0].limits[0].at_most", "100"),
        (
            ("rules", 0, "limits"),
            [{"per": "event", "at_most": 5, "measure": "times"}],
            "rules[0].limits[0]",
            "cap group",
        ),
        (("rules", 0, "limits"), [{"per": "event", "at_most": 5}] * 2, "rules[0].limits[1]", "stricter"),
        (("rules", 0, "caps"), ["daily"], "rules[0].caps[0]", "There is none yet"),
        (("rules", 0, "when"), {"kind": "tier", "ladder": "x", "any_of": ["y"]}, "rules[0].when.ladder", "club"),
        (
            ("rules", 0, "when"),
            {"kind": "tier", "ladder": "club", "any_of": ["y"]},
            "rules[0].when.any_of[0]",
            "one, two",
        ),
        (("rules", 0, "when"), {"kind": "any", "of": []}, "rules[0].when.of", "condition"),
        (("rules", 0, "when"), {"kind": "any", "of": [7]}, "rules[0].when.of[0]", "attribute"),
        (("rules", 0, "when"), {"kind": "time"}, "rules[0].when", "weekdays"),
        (
            ("rules", 0, "when"),
            {"kind": "attribute", "path": "a.b", "operator": "in", "value": 1},
            "rules[0].when.value",
            "list",
        ),
        (
            ("rules", 0, "when"),
            {"kind": "attribute", "path": "a.b", "operator": "gt", "value": "x"},
            "rules[0].when.value",
            "number",
        ),
        (
            ("rules", 0, "when"),
            {"kind": "attribute", "path": "a b", "operator": "eq", "value": 1},
            "rules[0].when.path",
            "order.channel",
        ),
        (("rules", 0, "schedule"), {"starts_at": "2026-02-30T00:00"}, "rules[0].schedule.starts_at", "2027"),
        (("rules", 0, "schedule"), {"starts_at": "2026-02-01"}, "rules[0].schedule.starts_at", "2027"),
        (
            ("rules", 0, "schedule"),
            {"starts_at": "2026-02-02T00:00", "ends_at": "2026-02-01T00:00"},
            "rules[0].schedule.ends_at",
            "after",
        ),
        (("rules", 0, "priority"), "high", "rules[0].priority", "whole number"),
        (("rules", 0, "stop"), "yes", "rules[0].stop", "true or false"),
        (("program", "time_zone"), "Mars/Olympus", "program.time_zone", "Europe/Amsterdam"),
        (("program", "time_zone"), "../../etc/passwd", "program.time_zone", "Europe/Amsterdam"),
        (("program", "money_currency"), "euro", "program.money_currency", "EUR"),
        (("currencies",), [], "currencies", "Add a currency"),
        (("currencies", 0, "scale"), 9, "currencies[0].scale", "up to 4"),
        (("currencies", 0, "expiry"), {"kind": "after", "n": 0, "unit": "days"}, "currencies[0].expiry.n", "from 1"),
        (("currencies", 0, "expiry"), "never", "currencies[0].expiry", "after"),
        (("currencies", 0, "kind"), "spendable", "ladders[0].qualify.currency", "both"),
        (("currencies", 0, "value_minor_per_point"), "-1", "currencies[0].value_minor_per_point", "cent"),
        (("ladders", 0, "tiers"), [], "ladders[0].tiers", "1 to 20"),
        (("ladders", 0, "tiers", 0, "threshold"), 5, "ladders[0].tiers[0].threshold", "0"),
        (("ladders", 0, "tiers", 1, "threshold"), 0, "ladders[0].tiers[1].threshold", "low to high"),
        (("ladders", 0, "tiers", 1, "code"), "one", "ladders[0].tiers[1].code", "another"),
        (("ladders", 0, "tiers", 1, "color"), "red", "ladders[0].tiers[1].color", "text"),
        (("stacking",), {"base": "some"}, "stacking", "first_match"),
        (("stacking",), {"Base": "all"}, "stacking", "small letters"),
        (("sections",), {"nowhere": {}}, "sections.nowhere", ""),
        (("schema",), 99, "schema", "2"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_would_be_right(
    path: tuple[Any, ...], value: Any, where: str, mend: str
) -> None:
    found = broken(*path, value=value)
    assert where in [each.path for each in found]
    assert any(mend in each.mend for each in found if each.path == where), found


def test_a_draft_may_be_unfinished_but_not_of_the_wrong_shape() -> None:
    assert document_shape(plain([rule("a", fixed(1, "gone"))])).rules[0].code == "a"
    with pytest.raises(DefinitionError):
        document_shape(plain([{"code": "a"}]))


def test_a_number_that_would_fill_the_memory_is_shown_as_it_was_written() -> None:
    draft = document_shape(plain([rule("a", fixed("1e999999999"))]))
    assert b"1E+999999999" in document_encode(draft)


def test_a_section_is_checked_by_the_type_that_its_room_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plans(msgspec.Struct, forbid_unknown_fields=True):
        price: int

    monkeypatch.setattr(sections, "_sections", {})
    sections.section_register(
        "plans",
        Plans,
        lambda section, path, ground: [Problem(path, phrase("dear"), phrase("less"))] if section.price > 9 else [],
    )
    sections.section_register("plans", Plans)
    with pytest.raises(ValueError, match="already"):
        sections.section_register("plans", Document)
    sections.section_register("plans", Plans)
    assert document_decode(plain([], sections={"plans": {"price": 3}})).sections == {"plans": {"price": 3}}
    assert sections.section_of({"plans": {"price": 3}}, "plans").price == 3
    assert [each.path for each in problems(plain([], sections={"plans": {"prize": 3}}))] == ["sections.plans.prize"]


def test_the_json_schema_describes_every_kind_and_takes_what_is_written() -> None:
    schema = document_schema()
    text = json.dumps(schema)
    for kind in ("points_per_money", "points_fixed", "multiply", "attribute", "time", "tier", "after"):
        assert f'"{kind}"' in text
    assert schema["$schema"].endswith("2020-12/schema")


def test_a_window_told_by_its_name_alone_is_read_as_the_object_that_it_became() -> None:
    ladder = {**LADDER, "window": "calendar_year"}
    old = document_decode({**plain([rule("a")], ladders=[ladder]), "schema": 1})
    assert old == document_decode(plain([rule("a")], ladders=[{**ladder, "window": {"kind": "calendar_year"}}]))
    with pytest.raises(DefinitionError) as refused:
        document_decode(plain([rule("a")], ladders=[ladder]))
    assert [each.path for each in refused.value.problems] == ["ladders[0].window"]


def test_a_one_that_is_compared_with_does_not_become_a_yes() -> None:
    at_least_one = {"kind": "attribute", "path": "order.total_minor", "operator": "ge", "value": 1}
    document = document_decode(plain([rule("a", fixed(1), when=at_least_one)]))
    assert document_plain(document)["rules"][0]["when"]["value"] == 1
    assert document_encode(document_decode(document_encode(document))) == document_encode(document)
