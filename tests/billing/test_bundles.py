"""Plans and products sold together: one checkout, one invoice, what each part gives, and the price to the cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.addonprices import running_items
from billing.changing import subscription_change, subscription_preview
from billing.errors import AlreadyMember
from billing.gateway import ask
from billing.metering import usage_of
from billing.models import BundleShare, PlanPrice, Subscription, SubscriptionPart
from billing.plans import plan_named
from billing.portal.words import refusal_words
from billing.reconciling import subscriptions_reconcile
from billing.selectors import next_charge
from billing.sharing import split
from loyalty.drafts import section_put
from loyalty.errors import ProgramInvalid
from loyalty.publishing import program_publish
from members.models import Member, MemberFact
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import MONTHLY, YEARLY, Club, document
from tests.billing.test_addons import have
from tests.billing.test_metering import METER, renew, uses
from tests.conftest import ClientFor
from tests.loyalty import shop

Json = dict[str, Any]
PLUS: Json = {
    "code": "plus", "name": "Plus", "level": 1, "features": ["A plus"],
    "charge": {"kind": "recurring", "prices": [MONTHLY, YEARLY]},
}  # fmt: skip
GAMES: Json = {
    "code": "games", "name": "Games", "level": 1, "group": "games", "features": ["All games"],
    "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 700}]},
}  # fmt: skip
TEA: Json = {
    "code": "tea", "name": "Tea",
    "charge": {"kind": "add_on", "segment": "tea_lovers", "prices": [{**MONTHLY, "amount_minor": 300}]},
}  # fmt: skip
DUO: Json = {
    "code": "duo", "name": "All of it", "level": 2, "parts": ["plus", "games", "tea"],
    "charge": {"kind": "recurring", "prices": [{**MONTHLY, "amount_minor": 1500}]},
}  # fmt: skip
PASS: Json = {
    "code": "week", "name": "Week pass", "level": 9, "group": "pass",
    "charge": {"kind": "one_fee", "prices": [{"amount_minor": 1250, "money_currency": "EUR"}], "valid_days": 7},
}  # fmt: skip


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[DUO, PLUS, GAMES, TEA, METER, PASS])
    brand.clock_shift = shift


def on_to_the_last_quarter(club: Club, row: Subscription) -> None:
    """0.253 of the period is left: so nothing comes to half a cent, where a second more or less would decide."""
    assert row.period_start is not None
    assert row.period_end is not None
    club.advance(to=row.period_start + (row.period_end - row.period_start) * 0.747)


def facts(who: Member) -> set[str]:
    keys = MemberFact.objects.filter(member=who).values_list("key", flat=True)
    return {each for each in keys if each.startswith(("plan", "segment:"))}


def shares(code: str = "duo") -> list[tuple[str, int]]:
    rows = BundleShare.objects.filter(price__plan__code=code, price__replaced_at__isnull=True).order_by("pk")
    return [(each.part.code, each.amount_minor) for each in rows]


def to_plan(row: Subscription, plan: str, price: str = "month-EUR") -> int:
    shown = subscription_preview(subscription=row, plan=plan_named(plan), price=price)
    subscription_change(
        subscription=row, plan=plan_named(plan), price=price, shown_at=shown.shown_at, due_minor=shown.due_minor,
        actor=shop.STAFF,
    )  # fmt: skip
    return shown.due_minor


def test_a_bundle_is_joined_and_paid_as_one_and_gives_what_each_part_gives(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann, "duo")
    assert shares() == [("plus", 750), ("games", 525), ("tea", 225)]
    assert (club.charged(), row.plan.code) == (1500, "duo")
    [invoice] = club.invoices(ann)
    assert sorted((line["description"], line["amount_minor"]) for line in invoice.lines if line["amount_minor"]) == [
        ("1 × Games", 525), ("1 × Plus", 750), ("1 × Tea", 225),
    ]  # fmt: skip
    assert SubscriptionPart.objects.filter(subscription=row).count() == 3
    assert facts(ann) == {"plan", "plan:plus", "plan:games", "plan:tea", "segment:tea_lovers"}
    # A benefit of one part, and the meter that counts its uses by that part's terms.
    club.advance(days=1)
    uses(ann, "a", units=4)
    [told] = usage_of(row)
    assert (told.used, told.included, told.due_minor) == (4, 2, 300)
    coming = next_charge(club.subscription(ann))
    assert coming is not None
    assert coming.amount_minor == 1800
    club.work()
    renew(club, ann)
    assert club.charged() == 1500 + 1800
    assert subscriptions_reconcile(club.connection).repaired == 0


def test_moving_to_a_bundle_and_away_from_it_is_to_the_cent(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann, "plus")
    on_to_the_last_quarter(club, row)
    due = to_plan(row, "duo")
    # 0.253 of 7.50, 5.25 and 2.25, each rounded for itself, less as much of the 10.00 that were paid.
    assert (due, club.charged()) == (190 + 133 + 57 - 253, 1000 + due)
    row = club.subscription(ann)
    assert "plan:games" in facts(ann)
    assert to_plan(row, "plus") == 0
    club.settle()
    before = club.charged()
    row = renew(club, ann)
    assert (row.plan.code, club.charged() - before) == ("plus", 1000)
    assert facts(ann) == {"plan"}
    assert not SubscriptionPart.objects.filter(subscription=row).exists()


def test_an_add_on_that_is_a_part_of_the_bundle_is_not_paid_for_beside_it(club: Club) -> None:
    ann = club.somebody()
    row = have(club.joined(ann, "plus"), 1, "tea")
    assert club.charged() == 1300
    on_to_the_last_quarter(club, row)
    due = to_plan(row, "duo")
    # As from the plan alone, less as much of the 3.00 that were paid for the add-on.
    assert due == 190 + 133 + 57 - 253 - 76
    assert not running_items(club.subscription(ann))[1:]
    before = club.charged()
    renew(club, ann)
    assert club.charged() - before == 1500


def test_who_has_a_part_does_not_pay_for_it_twice(club: Club) -> None:
    ann, bob = club.somebody("Ann"), club.somebody("Bob")
    club.joined(ann, "games")
    with pytest.raises(AlreadyMember) as refused:
        club.join(ann, "duo")
    assert refused.value.context["plan"] == "games"
    assert refusal_words(refused.value) == (
        "You have Games already, and would pay for the same thing twice. Leave that first."
    )
    club.joined(bob, "duo")
    with pytest.raises(AlreadyMember):
        club.join(bob, "games")


def test_who_has_a_bundle_keeps_its_parts_when_the_brand_changes_it(club: Club) -> None:
    ann, bob = club.somebody("Ann"), club.somebody("Bob")
    club.joined(ann, "duo")
    plans = [{**DUO, "parts": ["plus", "tea"]}, PLUS, GAMES, TEA, METER, PASS]
    changed = document(plans=plans)["sections"]["billing"]
    program = section_put(program=club.program, name="billing", plain=changed)
    program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)
    assert shares() == [("plus", 1154), ("tea", 346)]
    row = renew(club, ann)
    assert ("plan:games" in facts(ann), SubscriptionPart.objects.filter(subscription=row).count()) == (True, 3)
    club.joined(bob, "duo")
    assert facts(bob) == {"plan", "plan:plus", "plan:tea", "segment:tea_lovers"}
    assert club.charged() == 1500 * 3
    assert PlanPrice.objects.filter(plan__code="duo").count() == 2


def test_a_part_that_went_in_the_dashboard_is_found_at_night(club: Club) -> None:
    row = club.joined(club.somebody(), "duo")
    part = SubscriptionPart.objects.get(subscription=row, share__part__code="tea")
    item = {"id": part.item_id, "deleted": True}
    ask(
        club.connection,
        lambda v1: v1.subscriptions.update(str(row.stripe_id), {"items": [item], "proration_behavior": "none"}),
    )
    club.waiting()
    assert subscriptions_reconcile(club.connection).repaired == 1
    assert SubscriptionPart.objects.filter(subscription=row).count() == 2


def test_a_pass_beside_a_plan_takes_nothing_of_the_plan_away(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann, "plus")
    row = club.joined(ann, "week", "")
    assert (club.plan(ann), facts(ann)) == ("week", {"plan", "plan:plus"})
    club.advance(days=1)
    uses(ann, "a")
    assert row.period_end is not None
    club.advance(to=row.period_end + timedelta(seconds=1))
    club.settle()
    assert (club.plan(ann), facts(ann)) == ("plus", {"plan"})


def test_the_page_of_a_bundle_says_what_is_in_it_and_what_it_would_be_one_by_one(
    club: Club, client_for: ClientFor
) -> None:
    anna = Visitor(club, client_for)
    shown = anna.open("/plans/duo/")
    for each in ("€15 a month", "one by one it would be €20", "Games", "All games", "A plus", "Tea"):
        assert each in shown
    assert "Welcome! You’re in." in anna.joins("duo")
    shown = anna.open("/membership/")
    assert "All games" in shown
    assert "€15 a month" in shown


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [(1500, [1000, 700, 300], [750, 525, 225]), (1499, [1000, 700, 300], [749, 525, 225]), (1, [5, 5, 5], [1, 0, 0])],
)
def test_a_price_is_split_so_that_it_adds_up(total: int, weights: list[int], expected: list[int]) -> None:
    assert split(total, weights) == expected


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"parts": ["plus"]}, "parts"),
        ({"parts": ["plus", "plus"]}, "parts"),
        ({"parts": ["plus", "nothing"]}, "parts[1]"),
        ({"parts": ["plus", "duo"]}, "parts[1]"),
        ({"parts": ["plus", "deliveries"]}, "parts[1]"),
        ({"charge": {"kind": "recurring", "prices": [YEARLY]}}, "parts[1]"),
        ({"charge": {"kind": "free"}}, "parts"),
    ],
)
def test_a_bundle_that_cannot_be_sold_is_refused_where_it_is_wrong(brand: Brand, changed: Json, path: str) -> None:
    with pytest.raises(ProgramInvalid) as wrong:
        shop.program(document(plans=[{**DUO, **changed}, PLUS, GAMES, TEA, METER]))
    assert wrong.value.field == f"sections.billing.plans[0].{path}"
