"""CSV: columns become fields, cells are read strictly, each row is whole or not at all."""

from __future__ import annotations

import io
from typing import Any

import pytest

from core.errors import InvalidInput
from loyalty.imports.cells import moment_read, money_read
from loyalty.imports.fields import field_guess, fields_of
from loyalty.imports.mapping import Columns, dates_guess, mapping_guess, mapping_read
from loyalty.imports.refusals import ColumnsUnclear, UnreadableFile
from loyalty.imports.rows import Row, csv_rows, json_rows, sheet_read

BASE = {"fields": {"id": "no", "occurred_at": "at", "order.number": "no", "order.total_minor": "total"}}
ORDER = {**BASE, "constants": {"type": "order.paid", "order.currency": "EUR"}}


def rows(text: str | bytes, mapping: dict[str, Any], kind: str = "events") -> list[Row]:
    file = io.BytesIO(text.encode() if isinstance(text, str) else text)
    sheet = sheet_read(file)
    columns = Columns(mapping_read(mapping, kind=kind, columns=sheet.titles), sheet.titles, kind)
    return list(csv_rows(file, columns, delimiter=sheet.delimiter, offset=sheet.offset, line=sheet.line))


@pytest.mark.parametrize(
    ("text", "way", "minor"),
    [
        ("1250", "minor", 1250),
        ("12,50", "decimal_comma", 1250),
        ("1.234,5", "decimal_comma", 123450),
        ("12.50", "decimal_point", 1250),
        ("1,234.56", "decimal_point", 123456),
        ("-3", "decimal_point", -300),
    ],
)
def test_money_is_read_as_it_is_said_to_be_written(text, way, minor):
    assert money_read(text, way=way, digits=2, field="total") == minor


@pytest.mark.parametrize("text", ["12,50", "1.2.3", "=1+1", "12.505", "€ 12", "1e3", "NaN", "", "٣"])
def test_what_is_no_amount_is_refused_with_its_column(text):
    with pytest.raises(InvalidInput) as refused:
        money_read(text, way="decimal_point", digits=2, field="total")
    assert refused.value.field == "total"


def test_a_yen_has_no_decimals_and_a_dinar_three():
    assert money_read("1200", way="decimal_point", digits=0, field="t") == 1200
    assert money_read("1.234", way="decimal_point", digits=3, field="t") == 1234


@pytest.mark.parametrize(
    ("text", "way", "found"),
    [
        ("2026-07-01 10:00", "iso", "2026-07-01T10:00:00+02:00"),
        ("2026-07-01T10:00:00Z", "iso", "2026-07-01T10:00:00+00:00"),
        ("31-12-2026", "dmy", "2026-12-31T00:00:00+01:00"),
        ("12/31/2026 23:59:59", "mdy", "2026-12-31T23:59:59+01:00"),
    ],
)
def test_a_moment_without_an_offset_is_local(text, way, found):
    from zoneinfo import ZoneInfo

    assert moment_read(text, way=way, zone=ZoneInfo("Europe/Amsterdam"), field="at") == found


def test_a_row_is_the_object_that_a_line_of_json_would_hold():
    [row] = rows("no;at;total\nA1;2026-07-01T10:00Z;1250\n", ORDER)
    assert row.body == {
        "id": "A1",
        "type": "order.paid",
        "occurred_at": "2026-07-01T10:00:00+00:00",
        "member": None,
        "data": {"order": {"number": "A1", "currency": "EUR", "total_minor": 1250}},
    }


def test_rows_that_follow_each_other_under_one_id_are_lines_of_one_order():
    mapping = {**ORDER, "fields": {**BASE["fields"], "order.lines.sku": "sku", "order.lines.net_minor": "net"}}
    text = "no,at,total,sku,net\nA,2026-07-01,30,x,10\nA,2026-07-01,30,y,20\nB,2026-07-01,5,z,5\nA,2026-07-02,1,q,1\n"
    found = rows(text, mapping)
    lines = [row.body["data"]["order"]["lines"] for row in found]
    assert lines[0] == [{"sku": "x", "net_minor": 10}, {"sku": "y", "net_minor": 20}]
    assert [(row.id, row.line) for row in found] == [("A", 2), ("B", 4), ("A", 5)]


def test_lines_of_one_order_that_disagree_on_the_order_are_refused_as_one():
    mapping = {**ORDER, "fields": {**BASE["fields"], "order.lines.sku": "sku"}}
    found = rows("no,at,total,sku\nA,2026-07-01,30,x\nA,2026-07-01,31,y\nB,2026-07-01,5,z\n", mapping)
    assert [row.error is None for row in found] == [False, True]


def test_half_rows_and_rows_with_too_much_are_refused_alone():
    found = rows("no,at,total\nA,2026-07-01\nB,2026-07-01,5,6\nC,2026-07-01,5\n", ORDER)
    assert [row.error is None for row in found] == [False, False, True]


def test_every_row_knows_where_the_next_begins():
    text = 'no,at,total\r\nA,2026-07-01,"5"\r\n\r\n"B\r\nb",2026-07-01,6\r\nC,2026-07-01,7\r\n'
    raw = text.encode()
    file = io.BytesIO(raw)
    sheet = sheet_read(file)
    columns = Columns(mapping_read(ORDER, kind="events", columns=sheet.titles), sheet.titles, "events")
    found = list(csv_rows(file, columns, delimiter=",", offset=sheet.offset, line=sheet.line))
    assert [row.id for row in found] == ["A", "B\r\nb", "C"]
    for at, row in enumerate(found):
        rest = list(csv_rows(file, columns, delimiter=",", offset=row.end, line=row.end_line))
        assert [each.id for each in rest] == [each.id for each in found[at + 1 :]]
        assert [each.line for each in rest] == [each.line for each in found[at + 1 :]]
    assert found[-1].end == len(raw)


def test_lines_of_json_know_it_too():
    raw = b'\xef\xbb\xbf{"id": "a"}\n\n{"id": "b"}\r\nnot json\n{"id": "c"}'
    found = list(json_rows(io.BytesIO(raw)))
    assert [(row.line, row.id) for row in found] == [(1, "a"), (3, "b"), (4, ""), (5, "c")]
    rest = list(json_rows(io.BytesIO(raw), offset=found[0].end, line=found[0].end_line))
    assert [(row.line, row.id) for row in rest] == [(3, "b"), (4, ""), (5, "c")]


def test_a_line_that_is_too_long_is_refused_and_the_next_one_read():
    raw = b'{"id": "' + b"x" * 3_000_000 + b'"}\n{"id": "b"}\n'
    found = list(json_rows(io.BytesIO(raw)))
    assert [(row.line, row.id, row.error is None) for row in found] == [(1, "", False), (2, "b", True)]
    assert found[-1].end == len(raw)


@pytest.mark.parametrize(
    ("head", "delimiter"), [("a;b,c;d\n", ";"), ("a,b\n", ","), ("a\tb\n", "\t"), ('"a;b;c",d\n', ","), ("a\n", ",")]
)
def test_the_delimiter_is_what_parts_the_first_line(head, delimiter):
    assert sheet_read(io.BytesIO(b"\xef\xbb\xbf" + head.encode())).delimiter == delimiter


def test_a_bom_is_no_part_of_the_first_title():
    assert sheet_read(io.BytesIO(b"\xef\xbb\xbfno,at\n")).titles == ["no", "at"]


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"a,a\n1,2\n", b'a,"b\n', b"a\xff,b\n", b"x" * 300 + b",b\n"])
def test_titles_that_are_none_make_the_file_unreadable(raw):
    with pytest.raises(UnreadableFile):
        sheet_read(io.BytesIO(raw))


def test_a_quote_that_is_never_closed_is_seen_as_what_it_is():
    found = rows('no,at,total\nA,2026-07-01,"5\nB,2026-07-01,6\n', ORDER)
    assert isinstance(found[0].error, UnreadableFile)


def test_names_that_shops_use_are_understood_and_all_shapes_have_their_fields():
    assert field_guess("Order Number", "events") == "order.number"
    assert field_guess("Klantnummer", "events") == "member.external_id"
    assert field_guess("data.stars", "events") == "data.stars"
    assert field_guess("weather", "events") is None
    assert fields_of("events")["order.lines.quantity"] == "whole"
    assert fields_of("events")["order.shipping_minor"] == "money"
    assert fields_of("events")["order.lines.tags"] == "list"


def test_a_guess_takes_the_orders_number_for_its_id_and_sees_how_money_is_written():
    guess = mapping_guess(["Ordernummer", "Datum", "Totaal"], kind="events", sample=[["1", "2026-01-01", "12,50"]])
    assert guess["fields"] == {
        "order.number": "Ordernummer", "occurred_at": "Datum", "order.total_minor": "Totaal", "id": "Ordernummer",
    }  # fmt: skip
    assert (guess["constants"], guess["money"]) == ({"type": "order.paid"}, "decimal_comma")


@pytest.mark.parametrize(
    "wrong",
    [
        {"fields": {"id": "no"}},
        {**ORDER, "fields": {**BASE["fields"], "order.totl": "total"}},
        {**ORDER, "fields": {**BASE["fields"], "order.store": "shop"}},
        {**ORDER, "time_zone": "Mars/Base"},
        {**ORDER, "money": "coins"},
        {**ORDER, "colour": "red"},
        {"fields": {"occurred_at": "at"}, "constants": {"id": "1", "type": "order.paid"}},
        [],
    ],
)
def test_a_mapping_that_says_too_little_or_what_isnt_there_is_refused(wrong):
    with pytest.raises(ColumnsUnclear):
        mapping_read(wrong, kind="events", columns=["no", "at", "total"])


def test_own_fields_are_texts_unless_they_are_said_to_be_numbers():
    mapping = {
        "fields": {"id": "no", "occurred_at": "at", "data.stars": "total", "data.word": "word"},
        "constants": {"type": "review.posted"},
        "numbers": ["data.stars"],
    }
    [row] = rows("no,at,total,word\nA,2026-07-01,4.5,=SUM(A1)\n", mapping)
    assert row.body["data"] == {"stars": 4.5, "word": "=SUM(A1)"}


@pytest.mark.parametrize(
    ("cells", "written"),
    [
        (["2026-01-31", "2026-02-01T10:00"], "iso"),
        (["01-11-2026", "02-11-2026"], "dmy"),
        (["1/31/2026 14:05", "2/3/2026 9:00"], "mdy"),
        (["31/1/2026", "2/13/2026"], "dmy"),
        ([], "iso"),
    ],
)
def test_how_days_are_written_is_guessed_from_the_first_rows(cells: list[str], written: str) -> None:
    assert dates_guess(cells) == written
