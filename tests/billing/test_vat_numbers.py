"""A VAT number is taken in its country's own form alone, with check digits that fit, and Stripe is told whose it is."""

from __future__ import annotations

import pytest

from billing.customers import invoice_for, profile_of, profile_save
from billing.vatnumbers import EXAMPLES, vat_read, vat_told
from core.errors import InvalidInput
from tests.billing.browsing import Visitor
from tests.billing.cast import Club
from tests.conftest import ClientFor
from tests.loyalty import shop


@pytest.mark.parametrize("country", sorted(EXAMPLES))
def test_what_is_shown_as_an_example_is_taken_and_half_of_it_isnt(country: str) -> None:
    example = EXAMPLES[country]
    assert vat_read(f" {example[:2].lower()} {example[2:6]}-{example[6:]}. ") == example
    for wrong in (example[:3], f"{example}99999", f"{country}X"):
        with pytest.raises(InvalidInput, match=example) as refusal:
            vat_read(wrong)
        assert refusal.value.field == "vat_id"


def turned(number: str, at: int) -> str:
    """With another digit there."""
    return f"{number[:at]}{(int(number[at]) + 1) % 10}{number[at + 1 :]}"


@pytest.mark.parametrize("country", sorted(EXAMPLES))
def test_a_digit_that_is_mistyped_is_found_by_the_check_digits(country: str) -> None:
    example = EXAMPLES[country]
    # The last is a branch's or a suffix's in some countries, the third stands for the kind of owner in others.
    with pytest.raises(InvalidInput, match="check digits"):
        vat_read(turned(example, 6))


@pytest.mark.parametrize("typed", ["NL12", "BE2123456789", "NL123456789C01", "ES12345678", "NL١٢٣٤٥٦٧٨٩B٠١"])
def test_what_only_looks_like_one_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match=f"one that begins with {typed[:2]} looks like"):
        vat_read(typed)


@pytest.mark.parametrize("typed", ["123456789", "US123456789", "Ann", "ÀÉ123"])
def test_letters_of_no_such_country_are_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="Begin with the letters of a country"):
        vat_read(typed)


def test_other_ways_of_writing_it_are_the_same_number() -> None:
    assert vat_read("GR 094 259 216") == "EL094259216"
    assert vat_read("che-107.787.577 mwst") == "CHE107787577MWST"
    assert vat_read("  ") == ""


@pytest.mark.parametrize(
    ("number", "kind", "value"),
    [
        ("NL123456789B13", "eu_vat", "NL123456789B13"),
        ("XI980780684", "eu_vat", "XI980780684"),
        ("GB980780684", "gb_vat", "GB980780684"),
        ("CHE107787577MWST", "ch_vat", "CHE-107.787.577 MWST"),
        ("NO995525828MVA", "no_vat", "995525828MVA"),
    ],
)
def test_stripe_is_told_of_each_as_what_it_is(club: Club, number: str, kind: str, value: str) -> None:
    assert vat_told(number) == {"type": kind, "value": value}
    early, late = club.somebody("Ann"), club.somebody("Bob")
    club.joined(early)
    for who in (early, late):
        profile_save(member=who, name="", address={}, vat_id=number, actor=shop.STAFF)
    club.joined(late)
    assert [(each["type"], each["value"]) for each in club.things("tax_id")] == [(kind, value)] * 2


def test_it_is_said_beside_the_field_in_dutch_too(club: Club, client_for: ClientFor) -> None:
    for name, language, words in (
        ("Anna", "en", "This isn’t a whole VAT number: one that begins with NL looks like NL123456789B13."),
        ("Bea", "nl", "Dit is geen heel btw-nummer: een dat met NL begint, ziet eruit als NL123456789B13."),
    ):
        visitor = Visitor(club, client_for, name, language)
        visitor.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        visitor.open("/membership/details/")
        assert words in visitor.send("", name=name, vat_id="NL12")
        assert visitor.last.status_code == 422
        assert 'value="NL12"' in visitor.last.content.decode()
        assert invoice_for(profile_of(visitor.member)).vat_id == ""
