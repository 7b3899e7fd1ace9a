"""JSON that two readers could read differently, or that can't be kept, is refused and says where."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import strict_json
from core.errors import DomainError

REFUSED = [
    (b"", "malformed_body", None),
    (b"{", "malformed_body", None),
    (b'{"a": 1} x', "malformed_body", None),
    (b'{"a": 01}', "malformed_body", None),
    ('{"a": １２}'.encode(), "malformed_body", None),
    (b'{"a": "\xff"}', "malformed_body", None),
    (b'\xef\xbb\xbf{"a": 1}', "malformed_body", None),
    (b'{"a": "\x01"}', "malformed_body", None),
    (b'{"a": NaN}', "number_out_of_range", "a"),
    (b'{"a": [1, Infinity]}', "number_out_of_range", "a[1]"),
    (b'{"a": -Infinity}', "number_out_of_range", "a"),
    (b'{"a": {"b": 1e400}}', "number_out_of_range", "a.b"),
    (b'{"a": 9223372036854775808}', "number_out_of_range", "a"),
    (b'{"a": -9223372036854775809}', "number_out_of_range", "a"),
    (b'{"a": ' + b"9" * 5000 + b"}", "number_out_of_range", "a"),
    (b'{"a": 1, "a": 1}', "duplicate_key", "a"),
    (b'{"a": [{"b": 1, "b": 2}]}', "duplicate_key", "a[0].b"),
    (b'{"a": "x\\u0000"}', "text_not_storable", "a"),
    (b'{"x\\u0000": 1}', "text_not_storable", None),
    (b'{"a": "\\ud800"}', "text_not_storable", "a"),
    (b'{"a": "\\udc00\\ud800"}', "text_not_storable", "a"),
    (b'{"\\ud800": 1}', "text_not_storable", None),
    (b"[" * 33 + b"]" * 33, "nested_too_deeply", None),
    (b"[" * 100_000, "nested_too_deeply", None),
    (b'{"a":' * 100_000, "nested_too_deeply", None),
]


@pytest.mark.parametrize(("raw", "code", "field"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cant_be_kept_is_refused(raw, code, field):
    with pytest.raises(DomainError) as refusal:
        strict_json.read(raw)
    assert (refusal.value.code, refusal.value.status) == (code, 400)
    if field is not None:
        assert refusal.value.field == field
    str(refusal.value.detail).encode()


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"-0", 0),
        (b"-0.0", 0.0),
        (b"1e400e", None),
        (b"9223372036854775807", 2**63 - 1),
        (b'"\\ud83d\\ude00"', "😀"),
        ('"שלום"'.encode(), "שלום"),
        (b"[" * 32 + b"]" * 32, ...),
        (b' {"a" : [ ] } ', {"a": []}),
    ],
)
def test_what_can_be_kept_is_read(raw, value):
    if value is None:
        with pytest.raises(DomainError):
            strict_json.read(raw)
        return
    found = strict_json.read(raw)
    assert value is ... or found == value
    assert str(found) not in ("-0", "-0.0")


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw):
    with suppress(DomainError):
        strict_json.read(raw)
