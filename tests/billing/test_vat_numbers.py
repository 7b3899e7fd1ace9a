"""A VAT number is taken in its country's own form alone, and told to Stripe as that country's."""

from __future__ import annotations

import pytest

from billing.customers import invoice_for, profile_of, profile_save
from billing.vatnumbers import FORMS, vat_read, vat_told
from core.errors import InvalidInput
from tests.billing.browsing import Visitor
from tests.billing.cast import Club
from tests.conftest import ClientFor
from tests.loyalty import shop


@pytest.mark.parametrize("country", sorted(FORMS))
def test_what_is_shown_as_an_example_is_taken_and_half_of_it_isnt(country: str) -> None:
    example = FORMS[country][1]
    assert vat_read(f" {example[:2].lower()} {example[2:6]}-{example[6:]}. ") == example
    for wrong in (example[:4] if country != "RO" else "RO1", f"{example}99999", f"{country}X"):
        with pytest.raises(InvalidInput, match=example) as refusal:
            vat_read(wrong)
        assert refusal.value.field == "vat_id"


@pytest.mark.parametrize(
    "typed", ["NL12", "BE2123456789", "NL123456789C01", "SE123456789002", "ES12345678", "NL١٢٣٤٥٦٧٨٩B٠١"]
)
def test_what_only_looks_like_one_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match=f"one that begins with {typed[:2]} looks like"):
        vat_read(typed)


@pytest.mark.parametrize("typed", ["123456789", "US123456789", "Ann", "ÀÉ123"])
def test_letters_of_no_such_country_are_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="Begin with the letters of a country"):
        vat_read(typed)


def test_other_ways_of_writing_it_are_the_same_number() -> None:
    assert vat_read("GR 123 456 789") == "EL123456789"
    assert vat_read("che-123.456.789 mwst") == "CHE123456789MWST"
    assert vat_read("  ") == ""


@pytest.mark.parametrize(
    ("number", "kind", "value"),
    [
        ("NL123456789B01", "eu_vat", "NL123456789B01"),
        ("XI123456789", "eu_vat", "XI123456789"),
        ("GB123456789", "gb_vat", "GB123456789"),
        ("CHE123456789MWST", "ch_vat", "CHE-123.456.789 MWST"),
        ("NO123456789MVA", "no_vat", "123456789MVA"),
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
        ("Anna", "en", "This isn’t a whole VAT number: one that begins with NL looks like NL123456789B01."),
        ("Bea", "nl", "Dit is geen heel btw-nummer: een dat met NL begint, ziet eruit als NL123456789B01."),
    ):
        visitor = Visitor(club, client_for, name, language)
        visitor.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        visitor.open("/membership/details/")
        assert words in visitor.send("", name=name, vat_id="NL12")
        assert visitor.last.status_code == 422
        assert 'value="NL12"' in visitor.last.content.decode()
        assert invoice_for(profile_of(visitor.member)).vat_id == ""
