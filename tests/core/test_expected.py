"""What is wrong with an input is told in plain words, in the reader's language, not in those of the type check."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from django.utils import translation
from msgspec import Meta

from core.api.shapes import Body, body_read, query_read
from core.errors import DomainError, InvalidInput
from core.expected import expected
from loyalty.imports.mapping import mapping_read
from loyalty.incoming import event_read
from loyalty.payloads import payload_read

CODE = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]


class Shop(msgspec.Struct, tag_field="kind", tag="shop"):
    name: str


class Site(msgspec.Struct, tag_field="kind", tag="site"):
    name: str


class Wish(Body):
    place: Shop | Site | None = None
    channel: Literal["app", "web"] | None = None
    lines: list[dict[str, Literal["large", "small"]]] = []
    note: str | None = None


def complaint(value: Any, shape: Any) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, shape)
    return expected(caught.value, shape)


@pytest.mark.parametrize(
    ("value", "shape", "english", "dutch"),
    [
        (5, str | None, "This must be a text or null.", "Verwacht: een tekst of null."),
        ("x", int, "This must be a whole number.", "Verwacht: een geheel getal."),
        ("x", Decimal, "This must be a number.", "Verwacht: een getal."),
        (1, bool, "This must be true or false.", "Verwacht: waar of onwaar."),
        (5, list[str] | str, "This must be a text or a list.", "Verwacht: een tekst of een lijst."),
        ("x", list[str], "This must be a list.", "Verwacht: een lijst."),
        (["x"], list[int], "This must be a whole number.", "Verwacht: een geheel getal."),
        (5, Shop | Site, "This must be an object.", "Verwacht: een object."),
        ("x", CODE, "This must be three capitals, such as EUR.", "Verwacht: drie hoofdletters, zoals EUR."),
        ("", Annotated[str, Meta(min_length=1)], "This can't be empty.", "Dit mag niet leeg zijn."),
        ("abc", Annotated[str, Meta(max_length=2)], "At most 2 characters.", "Hoogstens 2 tekens."),
        ("a", Annotated[str, Meta(min_length=2)], "At least 2 characters.", "Minstens 2 tekens."),
        ([1, 2], Annotated[list[int], Meta(max_length=1)], "At most 1 of them.", "Hoogstens 1."),
        ([1], tuple[int, int], "Exactly 2 of them.", "Precies 2."),
        (0, Annotated[int, Meta(ge=1)], "This must be at least 1.", "Dit moet minstens 1 zijn."),
        (9, Annotated[int, Meta(le=2)], "This must be at most 2.", "Dit mag hoogstens 2 zijn."),
        (3, Annotated[int, Meta(multiple_of=2)], "This must be a multiple of 2.", "Dit moet een veelvoud van 2 zijn."),
        ("x", Literal["a", "b"], "This must be one of: a, b.", "Kies een van: a, b."),
        ({"kind": "x"}, Shop | Site, "This must be one of: shop, site.", "Kies een van: shop, site."),
        (
            "2026", datetime, "This must be a moment with its offset, such as 2026-03-01T12:00:00Z.",
            "Verwacht: een moment met tijdzone, zoals 2026-03-01T12:00:00Z.",
        ),
        ("x", date, "This must be a date, such as 2026-03-01.", "Verwacht: een datum, zoals 2026-03-01."),
        ({"kind": "shop"}, Shop | Site, "The field 'name' is missing.", "Het veld 'name' ontbreekt."),
        ("x", Annotated[str, Meta(pattern="^q$")], "This doesn't fit here.", "Dit past hier niet."),
    ],
)  # fmt: skip
def test_each_complaint_says_what_would_be_right(value: Any, shape: Any, english: str, dutch: str) -> None:
    for language, words in (("en", english), ("nl", dutch)):
        with translation.override(language):
            assert complaint(value, shape) == words


def test_a_body_and_an_address_name_each_place_and_what_it_takes() -> None:
    raw = {"place": {"kind": "x"}, "channel": "till", "lines": [{}, {"size": "huge"}], "note": 5}
    with translation.override("en"):
        with pytest.raises(InvalidInput) as caught:
            body_read(Wish, raw)
        with pytest.raises(DomainError) as queried:
            query_read(Wish, {"channel": "till"})
    assert {each["field"]: each["detail"] for each in caught.value.context["errors"]} == {
        "place.kind": "This must be one of: shop, site.",
        "channel": "This must be one of: app, web.",
        "lines[1][...]": "This must be one of: large, small.",
        "note": "This must be a text or null.",
    }
    assert (queried.value.field, queried.value.detail) == ("channel", "This must be one of: app, web.")


def test_an_event_its_payload_and_an_imports_mapping_are_refused_in_plain_words() -> None:
    event = {"id": 7, "type": "order.paid", "member": "C-1", "occurred_at": "2026-03-01T12:00:00Z", "data": {}}
    with translation.override("en"):
        with pytest.raises(InvalidInput) as enveloped:
            event_read(event, default_source="till")
        with pytest.raises(InvalidInput) as paid:
            payload_read("order.paid", {"order": {"currency": "euro"}}, own_types=frozenset())
        with pytest.raises(DomainError) as mapped:
            mapping_read({"fields": {}, "money": "cents"}, kind="events", columns=[])
    assert (enveloped.value.field, enveloped.value.detail) == ("id", "This must be a text.")
    assert "`" not in str(paid.value.detail)
    assert mapped.value.field == "mapping.money"
    assert str(mapped.value.detail).startswith("This must be one of: decimal_comma, decimal_point")
