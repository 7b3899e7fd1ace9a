"""Forms made from the document's types: whatever a piece holds comes back as it was, for every kind there is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from loyalty.admin.forms.editor import StructForm
from loyalty.definition.lists import document_lists
from loyalty.definition.read import document_plain
from loyalty.templates import template_document, template_documents
from tests.backoffice.browsing import sent_by
from tests.loyalty.definition.grown import struct_classes, structs

WHOLE: dict[str, Any] = {
    "program": {"name": "Sample", "time_zone": "Europe/Amsterdam", "money_currency": "EUR"},
    "currencies": [{"code": "points", "name_one": "point", "name_many": "points"}],
    "ladders": [{"code": "club", "name": "Club", "tiers": [{"code": "a", "name": "A"}, {"code": "b", "name": "B"}]}],
    "rules": [],
}
CLASSES = sorted(struct_classes(), key=lambda cls: (cls.__module__, cls.__name__))


def sensible(plain: Any) -> bool:
    """Operators with the values that they take: the form puts right what no rule can mean."""
    if isinstance(plain, list):
        texts = [each for each in plain if isinstance(each, str)]
        return len(texts) == len(set(texts)) and all(map(sensible, plain))
    if not isinstance(plain, dict):
        return True
    operator, value = plain.get("operator"), plain.get("value", True)
    listed = isinstance(value, list)
    if (isinstance(operator, str) and "value" in plain) or operator is not None:
        if (operator in ("in", "not_in") and not listed) or (operator not in ("in", "not_in") and listed):
            return False
        if operator == "exists" and not isinstance(value, bool):
            return False
    return all(map(sensible, plain.values()))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}")
def test_what_a_form_is_given_it_gives_back(cls: type[msgspec.Struct]) -> None:
    @settings(
        max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(plain=structs(cls).filter(sensible))
    def check(plain: dict[str, Any]) -> None:
        form = StructForm(cls, plain=plain, whole=WHOLE)
        again = StructForm(cls, plain=None, whole=WHOLE, sent=sent_by(form))
        assert (again.made(), again.errors) == (plain, {})

    check()


@pytest.mark.parametrize("key", sorted(template_documents()))
def test_every_piece_of_every_template_survives_its_form(key: str) -> None:
    whole = document_plain(template_document(key))
    for name, shape in document_lists().items():
        for piece in whole.get(name, []):
            form = StructForm(shape.item, plain=piece, whole=whole, key=shape.key)
            again = StructForm(shape.item, plain=piece, whole=whole, key=shape.key, sent=sent_by(form))
            assert again.made() == piece, again.errors
