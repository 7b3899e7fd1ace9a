"""Prices by country and currency: which a member is shown, pays, and keeps when they move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from billing.changing import subscription_preview
from billing.customers import profile_save
from billing.errors import PriceNotOffered
from billing.models import PlanPrice
from billing.plans import plan_named, price_chosen
from billing.pricing import country_of, prices_within
from billing.selectors import offered_to
from loyalty.errors import ProgramInvalid
from members.models import Member
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import MONTHLY, YEARLY, Club, document
from tests.loyalty import shop

Json = dict[str, Any]
DOLLARS: Json = {"amount_minor": 1200, "money_currency": "USD", "every": "month", "countries": ["US", "CA"]}
BELGIAN: Json = {**MONTHLY, "amount_minor": 900, "countries": ["LU", "BE"]}


def plan(*prices: Json, code: str = "plus", level: int = 1) -> Json:
    return {"code": code, "name": code.title(), "level": level, "charge": {"kind": "recurring", "prices": list(prices)}}


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    more = plan({**MONTHLY, "amount_minor": 2500}, {**BELGIAN, "amount_minor": 2000}, code="max", level=2)
    yield Club(stand_in, key, brand, client_for(brand), plans=[plan(MONTHLY, YEARLY, DOLLARS, BELGIAN), more])
    brand.clock_shift = shift


def shown(who: Member) -> dict[str, list[str]]:
    return {each.plan.code: [price.code for price in each.prices] for each in offered_to(who)}


@pytest.mark.parametrize(
    ("country", "codes"),
    [
        ("", ["month-EUR", "year-EUR"]),
        ("NL", ["month-EUR", "year-EUR"]),
        ("BE", ["year-EUR", "month-EUR-BE"]),
        ("LU", ["year-EUR", "month-EUR-BE"]),
        ("US", ["year-EUR", "month-USD-CA"]),
    ],
)
def test_a_countrys_own_price_takes_the_place_of_everybodys(club: Club, country: str, codes: list[str]) -> None:
    who = club.somebody(attributes={"country": country.lower()} if country else {})
    assert country_of(who) == country
    assert shown(who)["plus"] == codes


def test_a_member_pays_the_price_of_their_country_and_no_other(club: Club) -> None:
    sam = club.somebody("Sam", attributes={"country": "US"})
    with pytest.raises(PriceNotOffered) as refused:
        club.join(sam, "plus", "month-EUR")
    assert refused.value.hint == "month-USD-CA, year-EUR"
    club.joined(sam, "plus", "month-USD-CA")
    assert [(each.currency, each.paid_minor) for each in club.invoices(sam)] == [("USD", 1200)]
    bea = club.somebody("Bea", attributes={"country": "BE"})
    club.joined(bea, "plus", "month-EUR-BE")
    assert [(each.currency, each.paid_minor) for each in club.invoices(bea)] == [("EUR", 900)]


def test_the_address_on_invoices_says_more_than_what_is_told_elsewhere(club: Club) -> None:
    bea = club.somebody("Bea", attributes={"country": "US"})
    profile_save(member=bea, name="", address={"line1": "Kaai 1", "country": "BE"}, vat_id="", actor=shop.STAFF)
    assert country_of(bea) == "BE"
    assert shown(bea)["max"] == ["month-EUR-BE"]


def test_who_has_moved_keeps_the_currency_at_everybodys_price(club: Club) -> None:
    ann = club.somebody(attributes={"country": "NL"})
    row = club.joined(ann)
    Member.objects.filter(pk=ann.pk).update(attributes={"country": "BE"})
    assert subscription_preview(subscription=row, plan=plan_named("max")).price.code == "month-EUR-BE"
    Member.objects.filter(pk=ann.pk).update(attributes={"country": "US"})
    assert subscription_preview(subscription=row, plan=plan_named("max")).price.code == "month-EUR"


def test_a_plan_that_has_no_price_for_a_country_is_not_offered_there(brand: Brand) -> None:
    shop.program(document(plans=[plan(DOLLARS)]))
    ann, sam = shop.member("Ann"), shop.member("Sam", attributes={"country": "CA"})
    assert (shown(ann), shown(sam)) == ({}, {"plus": ["month-USD-CA"]})
    with pytest.raises(PriceNotOffered):
        price_chosen(plan_named("plus"), "", member=ann)


def test_other_countries_are_another_price_and_who_has_the_old_one_keeps_it(club: Club) -> None:
    bea = club.somebody("Bea", attributes={"country": "BE"})
    row = club.joined(bea, "plus", "month-EUR-BE")
    from loyalty.drafts import section_put
    from loyalty.publishing import program_publish

    changed = document(plans=[plan(MONTHLY, {**BELGIAN, "countries": ["BE", "LU", "FR"]})])["sections"]["billing"]
    program = section_put(program=club.program, name="billing", plain=changed)
    program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)
    both = PlanPrice.objects.filter(plan__code="plus", area="BE").order_by("number")
    assert [(each.number, each.countries, each.replaced_at is None) for each in both] == [
        (1, ["BE", "LU"], False),
        (2, ["BE", "FR", "LU"], True),
    ]
    assert row.price == both[0]


@pytest.mark.parametrize(
    ("prices", "path"),
    [
        ([{**MONTHLY, "countries": ["XX"]}], "prices[0].countries"),
        ([{**MONTHLY, "countries": ["BE"]}, {**MONTHLY, "amount_minor": 2, "countries": ["NL", "BE"]}], "prices[1]"),
        ([DOLLARS, {**MONTHLY, "countries": ["US"]}], "prices[1].countries"),
        ([{**MONTHLY, "countries": ["be"]}], "prices[0].countries[0]"),
    ],
)
def test_a_country_has_one_price_for_a_period(brand: Brand, prices: list[Json], path: str) -> None:
    with pytest.raises(ProgramInvalid) as refused:
        shop.program(document(plans=[plan(*prices)]))
    assert refused.value.field == f"sections.billing.plans[0].charge.{path}"


def test_prices_within_is_by_period() -> None:
    everybody, theirs = PlanPrice(every="month", currency="EUR"), PlanPrice(every="month", currency="USD")
    theirs.countries = ["US"]
    year = PlanPrice(every="year", currency="EUR")
    assert prices_within([everybody, theirs, year], "US") == [theirs, year]
    assert prices_within([everybody, theirs, year], "") == [everybody, year]
