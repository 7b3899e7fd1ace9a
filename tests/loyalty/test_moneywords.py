"""Amounts as members read them."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from loyalty.admin.amounts import money
from loyalty.moneywords import money_words


@pytest.mark.parametrize(
    ("minor", "currency", "english", "dutch"),
    [
        (2500, "EUR", "€25", "€ 25"),
        (350, "EUR", "€3.50", "€ 3,50"),
        (123456, "GBP", "£1,234.56", "£ 1.234,56"),
        (-5, "USD", "−$0.05", "−$ 0,05"),
        (1500, "JPY", "JPY 1,500", "JPY 1.500"),
        (1005, "KWD", "KWD 1.005", "KWD 1,005"),
        (0, "EUR", "€0", "€ 0"),
    ],
)
def test_an_amount_is_written_as_the_reader_writes_it(minor: int, currency: str, english: str, dutch: str) -> None:
    for language, wanted in (("en", english), ("nl", dutch)):
        with override(language):
            assert money_words(minor, currency).replace("\u00a0", " ") == wanted


@pytest.mark.parametrize(
    ("minor", "currency", "english", "dutch"),
    [
        (2500, "EUR", "€25.00", "€ 25,00"),
        (-123450, "GBP", "−£1,234.50", "−£ 1.234,50"),
        (1500, "JPY", "JPY 1,500", "JPY 1.500"),
        (0, "CHF", "CHF 0.00", "CHF 0,00"),
        (None, "EUR", "–", "–"),
    ],
)
def test_a_column_of_amounts_has_the_cents_of_each(minor: int | None, currency: str, english: str, dutch: str) -> None:
    for language, wanted in (("en", english), ("nl", dutch)):
        with override(language):
            assert money(minor, currency).replace("\u00a0", " ") == wanted
