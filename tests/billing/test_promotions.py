"""Promotion codes: made in the admin, kept at Stripe once, taken on joining or refused beside the field."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.errors import PromotionCodeRefused
from billing.joining import membership_join
from billing.leaving import subscription_cancel
from billing.models import PromotionCode
from billing.plans import plan_named
from billing.promoting import Promotion, promotion_end, promotion_make, promotions_push
from billing.section import Intro
from core import clock
from core.tables import AuditEntry
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import MONTHLY, Club
from tests.billing.desk import Entered, entered, page
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

__all__ = ["entered"]
PLANS = [
    {
        "code": "plus", "name": "Plus", "level": 1, "promotion_codes": True,
        "charge": {"kind": "recurring", "prices": [MONTHLY]},
    },
    {"code": "max", "name": "Max", "level": 2, "charge": {"kind": "recurring", "prices": [MONTHLY]}},
]  # fmt: skip
SENT = {"code": "spring-25", "percent": "25", "duration": "once", "currency": "EUR"}
QUARTER = Intro(percent=Decimal(25))


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Any) -> Any:
    """A club whose plan Plus takes codes, and Max none."""
    before = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=PLANS)
    brand.clock_shift = before


def made(**more: Any) -> PromotionCode:
    return promotion_make(wish=Promotion(code="spring", offer=QUARTER, **more), actor=shop.STAFF)


def joins(club: Club, who: Any, code: str, plan: str = "plus") -> Any:
    return membership_join(
        member=who, plan=plan_named(plan), price="month-EUR", promotion_code=code, actor=shop.STAFF,
        success_url="https://gem.example/ok", cancel_url="https://gem.example/no",
    )  # fmt: skip


def test_a_code_that_a_marketer_makes_is_kept_at_stripe_and_takes_money_off(club: Club, entered: Entered) -> None:
    marketer = entered("marketer")
    answer = marketer.post(page("promotioncode_make"), {**SENT, "most": "2", "first_only": "on"})
    row = PromotionCode.objects.get()
    assert answer["Location"] == page("promotioncode_change", row.pk)
    [there] = club.things("promotion_code")
    assert (there["code"], there["max_redemptions"]) == ("SPRING-25", 2)
    assert there["restrictions"]["first_time_transaction"] is True
    ann = club.somebody()
    assert club.press(joins(club, ann, " Spring-25 ").url).status == 303
    club.settle()
    assert (club.state(ann), club.charged()) == ("active", 750)
    text = text_of(marketer.get(page("promotioncode_change", row.pk)))
    assert "25 % off the next payment" in text
    [there] = club.things("promotion_code")
    assert f"Used {there['times_redeemed']} / 2" in text
    assert there["times_redeemed"] == 1
    assert AuditEntry.objects.filter(action="promotion.make").count() == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"code": "no spaces"}, "3 to 40 letters, digits and hyphens."),
        ({"percent": ""}, "Say a percentage or an amount, one of the two."),
        ({"amount": "5"}, "Say a percentage or an amount, one of the two."),
        ({"percent": "", "amount": "5.555"}, "At most 2 digits after the point."),
        ({"percent": "", "amount": "0"}, "More than nothing"),
        ({"percent": "101"}, "A percentage lies above 0 and up to 100."),
        ({"duration": "repeating"}, "Months belong to a discount that is repeating."),
        ({"until": "2020-01-01"}, "This day is over."),
        ({"plans": ["gone"]}, "Select a valid choice."),
    ],
)
def test_a_code_that_cannot_be_is_refused_beside_its_field_and_nothing_is_made(
    club: Club, entered: Entered, more: dict[str, Any], said: str
) -> None:
    answer = entered("owner").post(page("promotioncode_make"), {**SENT, **more})
    assert said in text_of(answer)
    assert not PromotionCode.objects.exists()
    assert not club.things("coupon")


def test_the_same_letters_are_there_once_until_the_first_has_ended(club: Club, entered: Entered) -> None:
    owner, row = entered("owner"), made()
    assert "There is a code like this already." in text_of(
        owner.post(page("promotioncode_make"), {**SENT, "code": "Spring"})
    )
    assert "can be used" in text_of(owner.get(page("promotioncode_changelist"), {"is": "open"}))
    owner.post(page("promotioncode_end", row.pk))
    [there] = club.things("promotion_code")
    assert there["active"] is False
    made()
    assert [each["active"] for each in club.things("promotion_code")] == [False, True]
    assert entered("support").post(page("promotioncode_end", row.pk)).status_code == 403


def test_what_is_unknown_over_or_for_others_is_refused_and_no_page_is_opened(club: Club) -> None:
    ann = club.somebody()
    ended = made()
    promotion_end(promotion=ended, actor=shop.STAFF)
    refused = {}
    for code in ("nothing", "spring"):
        with pytest.raises(PromotionCodeRefused) as error:
            joins(club, ann, code)
        refused[code] = (str(error.value.detail), error.value.field)
    assert refused["nothing"] == ("We don’t know this code. Look at how it is written.", "promotion_code")
    assert refused["spring"] == ("This code doesn’t hold any more.", "promotion_code")
    made(until=clock.now() + timedelta(days=1))
    with pytest.raises(PromotionCodeRefused, match="isn’t for this plan"):
        joins(club, ann, "spring", plan="max")
    club.advance(days=2)
    with pytest.raises(PromotionCodeRefused, match="doesn’t hold"):
        joins(club, ann, "spring")
    assert not club.things("checkout.session")


def test_one_that_was_used_as_often_as_it_may_be_is_refused_by_stripe_and_said_in_words(club: Club) -> None:
    made(most=1)
    assert club.press(joins(club, club.somebody(), "spring").url).status == 303
    with pytest.raises(PromotionCodeRefused, match="doesn’t hold any more"):
        joins(club, club.somebody("Bert"), "spring")


def test_a_code_for_new_members_is_not_for_who_paid_before(club: Club) -> None:
    made(first_only=True)
    ann = club.somebody()
    subscription_cancel(subscription=club.joined(ann), when="now", actor=shop.STAFF)
    club.settle()
    with pytest.raises(PromotionCodeRefused, match="new members alone"):
        joins(club, ann, "spring")


def test_one_that_stripe_didnt_hear_of_is_told_by_the_sweep_and_once(club: Club) -> None:
    club.control("faults", faults=[{"method": "POST", "path": "/v1/promotion_codes", "kind": "lost_reply", "times": 3}])
    made()
    club.control("faults", faults=[])
    promotions_push(club.connection)
    promotions_push(club.connection)
    assert (len(club.things("promotion_code")), len(club.things("coupon"))) == (1, 1)


def test_a_member_reads_beside_the_field_why_a_code_is_refused_and_joins_with_another(
    club: Club, client_for: Any
) -> None:
    made()
    ann = Visitor(club, client_for)
    ann.open("/plans/plus/")
    said = ann.send("/plans/plus/", promotion_code="sprnig")
    html = ann.last.content.decode()
    assert ann.last.status_code == 422
    assert 'aria-describedby="code-refused"' in html
    assert 'value="sprnig"' in html
    assert "We don’t know this code." in said
    assert not club.things("checkout.session")
    ann.send("/plans/plus/", promotion_code="SPRING")
    ann.pays()
    assert club.charged() == 750
