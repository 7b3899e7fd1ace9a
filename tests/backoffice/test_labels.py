"""Every field, kind and choice of the document has a name that people understand, in both languages."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.utils import translation
from django.utils.translation import gettext

from loyalty.admin.forms.attributes import attribute_choices
from loyalty.admin.forms.kinds import KINDS, LISTS, has_choice, kind_label, list_many
from loyalty.admin.forms.labels import has_label, label
from loyalty.admin.forms.shapes import Choice, Rows, fields_of
from loyalty.definition.attributes import ATTRIBUTE_WORDS, FIXED, USUAL
from loyalty.definition.difference import document_difference
from loyalty.definition.lists import document_lists, settings_struct
from loyalty.definition.read import document_decode
from loyalty.definition.words import TRIGGER_WORDS
from loyalty.payloads import BUILT_IN, EVENT_REVERSED, REFERRAL_MILESTONE
from tests.loyalty import shop
from tests.loyalty.definition.grown import struct_classes

CLASSES: list[type[msgspec.Struct]] = [*struct_classes(), settings_struct()]


def test_every_field_of_the_document_has_a_name() -> None:
    assert [f"{cls.__name__}.{name}" for cls in CLASSES for name in fields_of(cls) if not has_label(cls, name)] == []


def test_every_kind_has_a_name() -> None:
    tagged = [cls for cls in CLASSES if cls.__struct_config__.tag is not None]
    assert [cls.__name__ for cls in tagged if cls.__name__ not in KINDS] == []


def test_every_choice_has_a_name() -> None:
    missing = []
    for cls in CLASSES:
        for name, field in fields_of(cls).items():
            shape: Any = field.shape.item if isinstance(field.shape, Rows) else field.shape
            if isinstance(shape, Choice):
                missing += [f"{cls.__name__}.{name}: {v}" for v in shape.values if not has_choice(field, v)]
    assert missing == []


def test_every_list_of_the_document_has_a_name() -> None:
    assert sorted(set(document_lists()) - set(LISTS)) == []


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_names_are_said_in_dutch(cls: type[msgspec.Struct]) -> None:
    with translation.override("nl"):
        told = [label(field) for field in fields_of(cls).values()]
        told += [kind_label(cls)] if cls.__struct_config__.tag is not None else []
    assert all(told)


def test_the_lists_are_said_in_dutch() -> None:
    with translation.override("nl"):
        assert list_many("counters") == "tellers"


def test_every_event_of_the_product_has_a_sentence_and_all_that_it_carries_has_words() -> None:
    told = BUILT_IN - {EVENT_REVERSED}
    assert sorted(told - TRIGGER_WORDS.keys()) == []
    assert sorted(TRIGGER_WORDS.keys() - told - {REFERRAL_MILESTONE}) == [], "nothing is sent under another name"
    carried = {path for of in (FIXED, USUAL) for each in of.values() for path, kind in each.items() if kind != "object"}
    assert sorted(carried - ATTRIBUTE_WORDS.keys()) == []


@pytest.mark.parametrize(
    ("trigger", "path", "words"),
    [
        ("referral.converted", "referral.side", "referrer or friend"),
        ("referral.milestone", "referral.number", "number of friends"),
        ("tier.reached", "tier", "new tier"),
        ("store.checked_in", "place.kind", "store, park"),
        ("invoice.paid", "plan", "plan"),
        ("order.paid", "order.tenders.kind", "way of paying"),
    ],
)
def test_the_picker_offers_what_the_products_own_events_carry(trigger: str, path: str, words: str) -> None:
    with translation.override("en"):
        offered = dict(attribute_choices(trigger, {}))
    assert words in offered[path]
    with translation.override("nl"):
        assert dict(attribute_choices(trigger, {}))[path] != offered[path]


def test_what_changes_of_a_reward_is_told_in_the_words_of_its_form() -> None:
    """Piece by piece, no list of all that there is; prices with the name of the points, kinds by theirs."""
    price, pool = {"points": 25, "currency": "points"}, {"kind": "pool_code", "pool": "Spring"}
    piece = {"code": "mug", "name": {"en": "A mug", "nl": "Een mok"}, "prices": [price], "unit_cost_minor": 250}
    other = {**piece, "prices": [{**price, "money_minor": 250}], "stock": 9, "kind": pool, "unit_cost_minor": 300}
    before, after = (
        document_decode({**shop.DOCUMENT, "sections": {"rewards": {"items": [{"code": "pin", "name": "Pin"}, each]}}})
        for each in (piece, other)
    )
    with translation.override("nl"):
        told = document_difference(before, after, say=gettext, language="nl")
    assert [(each.path.removeprefix("sections.rewards.items.mug."), each.sentence) for each in told] == [
        (
            "kind",
            "Beloning Een mok: soort verandert van gratis product in code uit een voorraad (Codevoorraad: Spring).",
        ),
        ("prices", "Beloning Een mok: Prijs verandert van 25 punten in 25 punten, €\u00a02,50."),
        ("stock", "Beloning Een mok: Stuks of plaatsen in totaal verandert van geen in 9."),
        ("unit_cost_minor", "Beloning Een mok: Kosten voor jou verandert van €\u00a02,50 in €\u00a03."),
    ]
