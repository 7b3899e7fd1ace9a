"""The fast reader of plain JSON takes nothing that the careful one would refuse, and reads the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import strict_json
from core.errors import DomainError

TEXTS = st.text(alphabet=st.sampled_from('ab":\\ \t\n\x00é\ud800{}[],0-1.'), max_size=6)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(LEAVES, lambda each: st.lists(each, max_size=3) | st.dictionaries(TEXTS, each, max_size=3))
FORMS = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",\n", ":\t")])


def careful(raw: bytes) -> object:
    value = strict_json.read_unchecked(raw)
    strict_json.value_check(value)
    return value


@given(st.dictionaries(TEXTS, VALUES, max_size=4), FORMS, st.booleans())
def test_what_the_fast_reader_takes_the_careful_one_reads_the_same(document, form, ascii_only):
    raw = json.dumps(document, separators=form, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    agree(raw)


@given(st.lists(st.tuples(TEXTS, VALUES), max_size=4), FORMS)
def test_keys_that_come_twice_are_never_taken_by_the_fast_reader(pairs, form):
    inside = form[0].join(json.dumps(key) + form[1] + json.dumps(value) for key, value in pairs)
    agree(f"{{{inside}}}".encode())


@given(st.binary(max_size=20).map(lambda raw: b'{"a":' + raw + b"}"))
def test_nor_is_anything_that_is_no_json(raw):
    agree(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a" :2}',
        b'{"a":1,"a":2,"b":"\\u0022:"}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":[ -0.0]}',
        b'{"a":12345678901234567890}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":"\\":","a":1}',
        b'{"a":1e400}',
    ],
)
def test_what_has_to_be_looked_at_is_left_to_the_careful_one(raw):
    assert strict_json._read_plain(raw) is None


def test_an_event_as_a_shop_sends_it_is_plain():
    assert strict_json._read_plain(b'{"id": "A-1", "at": "2026-01-01T10:00:00.25+00:00", "n": [1, -2, 0.5]}\r\n')


def agree(raw: bytes) -> None:
    fast = strict_json._read_plain(raw)
    if fast is None:
        return
    try:
        slow = careful(raw)
    except DomainError as error:
        raise AssertionError(f"{raw!r} is refused: {error}") from error
    assert json.dumps(fast) == json.dumps(slow)
