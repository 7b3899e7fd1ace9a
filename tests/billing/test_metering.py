"""Uses that are paid for afterwards: counted once, some for nothing, within a limit of the member's, to the cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from billing.errors import UsageCapReached
from billing.gateway import ask
from billing.leaving import subscription_cancel
from billing.metering import usage_cap_set, usage_of, uses_send
from billing.models import MeteredUse, Subscription
from core.api import limits
from core.outbox import outbox_drain
from loyalty.errors import ProgramInvalid
from loyalty.models import Enrollment
from members.models import Member
from rewards.benefits.models import BenefitUse
from rewards.benefits.uses import benefit_use, benefit_use_take_back
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.api.cast import Api, key_made, refused
from tests.billing.cast import MONTHLY, Club, document
from tests.billing.test_behaviours_changes import bad_card
from tests.loyalty import shop

Json = dict[str, Any]
PLUS: Json = {"code": "plus", "name": "Plus", "level": 1, "charge": {"kind": "recurring", "prices": [MONTHLY]}}
METER: Json = {
    "code": "deliveries", "name": "Deliveries",
    "charge": {
        "kind": "metered", "benefit": "delivery", "included": 2, "to": ["plus"],
        "prices": [{**MONTHLY, "amount_minor": 150}],
    },
}  # fmt: skip


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[PLUS, METER])
    brand.clock_shift = shift


def uses(who: Member, number: str, units: int = 1, at: datetime | None = None) -> BenefitUse:
    place = Enrollment.objects.get(member=who)
    return benefit_use(
        enrollment=place, code="delivery", external_id=number, actor=shop.PARTNER, units=units, used_at=at
    )


def renew(club: Club, who: Member) -> Subscription:
    end = club.subscription(who).period_end
    assert end is not None
    club.advance(to=end + timedelta(hours=2))
    club.settle()
    return club.subscription(who)


def test_uses_beyond_what_is_included_are_on_the_next_invoice_to_the_cent(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    assert (club.charged(), row.plan.code) == (1000, "plus")
    club.advance(days=1)
    for number in range(5):
        uses(ann, f"u{number}")
        uses(ann, f"u{number}")
    [told] = usage_of(row)
    assert (told.used, told.included, told.unit_minor, told.due_minor, told.cap_minor) == (5, 2, 150, 450, None)
    club.work()
    assert set(MeteredUse.objects.values_list("state", flat=True)) == {"sent"}
    club.work()
    row = renew(club, ann)
    assert [each.paid_minor for each in club.invoices(ann)] == [1000, 1450]
    assert [told.used for told in usage_of(row)] == [0]
    renew(club, ann)
    assert club.charged() == 1000 + 1450 + 1000


def test_a_lost_reply_counts_a_use_once_and_one_that_was_taken_back_not_at_all(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=1)
    three = uses(ann, "a", units=3)
    gone = uses(ann, "b", units=4)
    benefit_use_take_back(use=gone, actor=shop.PARTNER, reason="Mistake")
    club.control(
        "faults", faults=[{"method": "POST", "path": "/v1/billing/meter_events", "kind": "lost_reply", "times": 3}]
    )
    assert uses_send() == 0
    assert uses_send() == 1
    late = uses(ann, "c", units=2)
    uses_send()
    benefit_use_take_back(use=late, actor=shop.PARTNER, reason="Mistake")
    assert MeteredUse.objects.get(use_id=late.pk).cancels is True
    uses_send()
    assert MeteredUse.objects.filter(cancels=True).count() == 0
    assert MeteredUse.objects.get(use_id=three.pk).state == "sent"
    renew(club, ann)
    assert [each.paid_minor for each in club.invoices(ann)] == [1000, 1000 + 150]


def test_a_use_beyond_the_members_own_limit_is_refused_and_not_noted(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    club.advance(days=1)
    usage_cap_set(subscription=row, meter="deliveries", cap_minor=300, actor=shop.PARTNER)
    uses(ann, "a", units=4)
    with pytest.raises(UsageCapReached) as refusal:
        uses(ann, "b")
    assert refusal.value.context == {"cap_minor": 300, "currency": "EUR"}
    assert (BenefitUse.objects.count(), [each.due_minor for each in usage_of(row)]) == (1, [300])
    usage_cap_set(subscription=row, meter="deliveries", cap_minor=None, actor=shop.PARTNER)
    uses(ann, "b")
    assert [each.due_minor for each in usage_of(row)] == [450]


def test_what_is_included_can_change_for_who_joins_later(club: Club) -> None:
    from loyalty.drafts import section_put
    from loyalty.publishing import program_publish

    ann, bob = club.somebody("Ann"), club.somebody("Bob")
    early = club.joined(ann)
    more = {**METER, "charge": {**METER["charge"], "included": 10}}
    changed = document(plans=[PLUS, more])["sections"]["billing"]
    program = section_put(program=club.program, name="billing", plain=changed)
    program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)
    later = club.joined(bob)
    assert [each.included for each in [*usage_of(early), *usage_of(later)]] == [2, 10]


def test_usage_over_the_api(club: Club, brand: Brand, client_for: Callable[..., Client]) -> None:
    limits.forget_all()
    api = Api(client_for(brand), key_made()[1])
    ann = club.somebody(external_id="C-1")
    row = club.joined(ann)
    club.advance(days=1)
    where = f"subscriptions/{row.public_id}/usage"
    capped = api.post(f"{where}/deliveries/cap", {"cap_minor": 150}, once="1")
    assert (capped.status_code, capped.json()["cap_minor"]) == (200, 150)
    use = "members/ext:C-1/benefits/delivery/uses"
    assert api.post(use, {"id": "a", "units": 3}).status_code in (200, 201)
    refused(api.post(use, {"id": "b"}), 409, "usage_cap_reached")
    [told] = api.get(where).json()["results"]
    assert (told["benefit_uses"], told["due_minor"], told["cap_minor"]) == (3, 150, 150)
    refused(api.post(f"{where}/plus/cap", {"cap_minor": 1}, once="2"), 404, "plan_not_found")
    refused(api.post(f"{where}/deliveries/cap", {"cap_minor": -1}, once="3"), 422, "invalid_input", "cap_minor")


def test_plans_over_the_api_say_what_uses_cost_before_anybody_joins(
    club: Club, brand: Brand, client_for: Callable[..., Client]
) -> None:
    limits.forget_all()
    api = Api(client_for(brand), key_made()[1])
    club.somebody(external_id="C-1")
    told = {
        "meter": "deliveries", "name": "Deliveries", "name_nl": "Deliveries", "benefit": "delivery", "included": 2,
        "price": {"code": "month-EUR", "amount_minor": 150, "currency": "EUR", "every": "month", "countries": []},
    }  # fmt: skip
    for whose in ("plans", "plans?member=ext:C-1"):
        assert [each["meters"] for each in api.get(whose).json()["results"]] == [[told]]


def test_a_meter_of_a_plan_that_is_not_there_is_refused(brand: Brand) -> None:
    wrong = {**METER, "charge": {**METER["charge"], "to": ["nothing"]}}
    with pytest.raises(ProgramInvalid) as refusal:
        shop.program(document(plans=[PLUS, wrong]))
    assert refusal.value.field == "sections.billing.plans[1].charge.to[0]"


def billed_use(club: Club, units: int = 4) -> tuple[Member, BenefitUse]:
    """So many uses at once, two of them included, on an invoice that is paid."""
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=1)
    use = uses(ann, "a", units=units)
    club.work()
    renew(club, ann)
    return ann, use


def taken_back(use: BenefitUse) -> None:
    benefit_use_take_back(use=use, actor=shop.PARTNER, reason="Mistake")
    for _round in range(2):
        # Once, however often the sweep comes.
        uses_send()


def test_a_use_that_is_taken_back_after_a_day_isnt_billed(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=1)
    first, _second = uses(ann, "a", units=3), uses(ann, "b", units=2)
    club.work()
    club.advance(days=2)
    taken_back(first)
    assert MeteredUse.objects.get(use_id=first.pk).cancels is False
    renew(club, ann)
    assert [each.paid_minor for each in club.invoices(ann)] == [1000, 1000]


def test_a_use_that_is_billed_already_is_credited_on_the_next_invoice(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=1)
    first, second = uses(ann, "a", units=3), uses(ann, "b", units=2)
    club.work()
    renew(club, ann)
    assert [each.paid_minor for each in club.invoices(ann)] == [1000, 1000 + 3 * 150]
    # Of five uses two were included: three less leave none to pay for, and what was included is worth nothing.
    taken_back(first)
    taken_back(second)
    renew(club, ann)
    assert [each.paid_minor for each in club.invoices(ann)] == [1000, 1450, 1000 - 450]


def test_a_credit_whose_process_ended_before_it_was_noted_is_given_once(club: Club) -> None:
    _ann, use = billed_use(club)
    taken_back(use)
    MeteredUse.objects.update(cancels=True)
    uses_send()
    assert [each["amount"] for each in club.things("invoiceitem")] == [-300]


def test_who_has_left_gets_a_use_that_was_taken_back_paid_back(club: Club) -> None:
    ann, use = billed_use(club)
    subscription_cancel(subscription=club.subscription(ann), reason="unused", actor=shop.STAFF)
    before = club.charged()
    taken_back(use)
    assert before - club.charged() == 300


def test_a_use_of_a_payment_that_is_still_open_waits_for_it(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    club.advance(days=1)
    use = uses(ann, "a", units=4)
    club.work()
    bad_card(club, ann)
    renew(club, ann)
    taken_back(use)
    assert (MeteredUse.objects.get(use_id=use.pk).cancels, club.things("invoiceitem")) == (True, [])


def test_all_lines_of_a_long_invoice_are_read(club: Club) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    for number in range(25):
        club.connection.refresh_from_db()
        params = {
            "customer": club.customer(ann), "subscription": str(row.stripe_id), "amount": 100 + number,
            "currency": "eur", "description": f"Line {number}",
        }  # fmt: skip
        ask(club.connection, lambda v1: v1.invoice_items.create(params))  # noqa: B023  (called at once)
    renew(club, ann)
    last = club.invoices(ann)[-1]
    assert len(last.lines) == 26 or len(last.lines) == 27
    assert sum(each["amount_minor"] for each in last.lines) == last.total_minor == club.charged() - 1000


def letters(who: Member) -> list[str]:
    for _round in range(5):
        outbox_drain()
    return [str(each.subject) for each in mail.outbox if each.to == [who.email] and "or Deliveries" in each.subject]


@pytest.mark.parametrize(
    ("language", "near", "reached"),
    [
        ("en", "You are near your limit for Deliveries", "Your limit for Deliveries is reached"),
        ("nl", "Je komt in de buurt van je grens voor Deliveries", "Je grens voor Deliveries is bereikt"),
    ],
)
def test_a_member_is_told_once_in_a_period_that_their_limit_is_near_and_once_that_it_is_reached(
    club: Club, language: str, near: str, reached: str
) -> None:
    ann = club.somebody(email="ann@example.com", language=language)
    row = club.joined(ann)
    club.advance(days=1)
    usage_cap_set(subscription=row, meter="deliveries", cap_minor=1500, actor=shop.PARTNER)
    mail.outbox.clear()
    uses(ann, "a", units=9)
    assert letters(ann) == []
    eighth = uses(ann, "b")
    assert letters(ann) == [near]
    benefit_use_take_back(use=eighth, actor=shop.PARTNER, reason="Mistake")
    uses(ann, "c")
    assert letters(ann) == [near]
    uses(ann, "d", units=2)
    assert letters(ann) == [near, reached]
    assert f"/membership/{row.public_id}/usage/" in str(mail.outbox[-1].body)
    assert "15" in str(mail.outbox[-1].body)
    assert uses_send() == 3
    renew(club, ann)
    uses(ann, "e", units=12)
    assert letters(ann) == [near, reached, reached]


def test_a_limit_of_nothing_is_reached_with_what_is_included(club: Club) -> None:
    ann = club.somebody(email="ann@example.com")
    row = club.joined(ann)
    club.advance(days=1)
    usage_cap_set(subscription=row, meter="deliveries", cap_minor=0, actor=shop.PARTNER)
    uses(ann, "a")
    assert letters(ann) == []
    uses(ann, "b")
    assert letters(ann) == ["Your limit for Deliveries is reached"]


def test_a_use_that_two_plans_count_is_paid_for_once_where_it_costs_least(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]
) -> None:
    other = {**PLUS, "code": "extra", "name": "Extra", "group": "extra"}
    charge = {**METER["charge"], "to": ["extra"], "included": 0, "prices": [{**MONTHLY, "amount_minor": 90}]}
    cheap = {**METER, "code": "cheap", "name": "Cheap", "charge": charge}
    shift = brand.clock_shift
    club = Club(stand_in, key, brand, client_for(brand), plans=[PLUS, METER, other, cheap])
    ann = club.somebody()
    club.joined(ann)
    club.joined(ann, "extra")
    club.advance(days=1)
    for number in range(4):
        uses(ann, f"u{number}")
        uses(ann, f"u{number}")
    counted = MeteredUse.objects.values_list("item__plan__code", flat=True).order_by("pk")
    # Two are included with the one; beyond them the other costs less.
    assert list(counted) == ["deliveries", "deliveries", "cheap", "cheap"]
    brand.clock_shift = shift
