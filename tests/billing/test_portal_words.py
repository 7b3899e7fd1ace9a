"""How members read prices, discounts and refusals."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils.translation import override

from billing import errors
from billing.models import PlanPrice
from billing.portal.words import intro_minor, intro_words, off_words, price_words, refusal_words
from billing.section import Intro
from core.errors import Busy, DomainError

# Those that a member's page can bring about.
REFUSALS = [
    each
    for each in vars(errors).values()
    if isinstance(each, type)
    and issubclass(each, DomainError)
    and each.__module__ == errors.__name__
    and each not in (errors.AccountChanged, errors.ConnectNotOffered, errors.KeyNotAccepted, errors.WebhookRefused)
]
OF_THE_TEAM = ("key", "admin", "connect", "account at", "Stripe", "request", "sleutel", "verzoek")


def price(amount: int, every: str = "month", currency: str = "EUR") -> PlanPrice:
    return PlanPrice(amount_minor=amount, currency=currency, every=every)


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("refusal", [*REFUSALS, Busy], ids=lambda each: each.__name__)
def test_a_refusal_tells_members_what_is_theirs_to_know(refusal: type[DomainError], language: str) -> None:
    with override(language):
        words = refusal_words(refusal())
    assert words.endswith(".")
    assert [each for each in OF_THE_TEAM if each in words] == []


@pytest.mark.parametrize(
    ("every", "words"),
    [("week", "€9.50 a week"), ("month", "€9.50 a month"), ("quarter", "€9.50 every three months"),
     ("year", "€9.50 a year"), ("", "€9.50 once")],
)  # fmt: skip
def test_prices_are_read_with_their_period(every: str, words: str) -> None:
    assert price_words(price(950, every)) == words


@pytest.mark.parametrize(
    ("intro", "amount", "words"),
    [
        (Intro(percent=Decimal(50)), 975, "first payment €4.87"),
        (Intro(amount_minor=2000, money_currency="EUR"), 975, "first payment €0"),
        (Intro(amount_minor=100, money_currency="USD"), 975, ""),
        (
            Intro(amount_minor=100, money_currency="EUR", duration="forever"),
            975,
            "for you €8.75 a month, for as long as you stay",
        ),
        (
            Intro(amount_minor=100, money_currency="EUR", duration="repeating", months=1),
            975,
            "€8.75 a month in the first month",
        ),
    ],
)
def test_what_joiners_pay_at_first(intro: Intro, amount: int, words: str) -> None:
    assert intro_words(intro, price(amount)) == words


def test_an_offer_to_stay_in_words() -> None:
    assert off_words(Intro(amount_minor=500, money_currency="EUR")) == "€5 off your next payment"
    with override("nl"):
        assert "korting" in off_words(Intro(amount_minor=500, money_currency="EUR", duration="repeating", months=2))
    assert intro_minor(Intro(amount_minor=500, money_currency="EUR"), price(400)) == 0
