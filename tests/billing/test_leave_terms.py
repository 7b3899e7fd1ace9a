"""What a brand says about leaving: its own steps and reasons, checked, worded at publishing, and kept to."""

from __future__ import annotations

from typing import Any

import pytest

from billing.errors import NotPossibleNow
from billing.leaving import subscription_cancel
from billing.models import SubscriptionChange
from billing.staying import ladder_of, offer_take
from core.errors import InvalidInput
from loyalty.definition.difference import document_difference
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.browsing import Visitor
from tests.billing.cast import Club, document
from tests.loyalty import shop

REASONS = [
    {"code": "moved", "name": {"en": "I moved", "nl": "Ik ben verhuisd"}},
    {"code": "dear", "name": "Too dear", "means": "too_expensive"},
]
OFFER = {"percent": "25"}


@pytest.mark.parametrize(
    ("section", "steps"),
    [
        ({}, ("reason", "pause", "confirm")),
        ({"stay_offer": OFFER}, ("reason", "pause", "offer", "confirm")),
        ({"stay_offer": OFFER, "leave_steps": ["offer", "reason"]}, ("offer", "reason", "confirm")),
        ({"stay_offer": OFFER, "leave_steps": []}, ("confirm",)),
        ({"most_pause_months": 0}, ("reason", "confirm")),
    ],
)
def test_the_steps_are_the_brands_in_its_order(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Any, section: dict[str, Any], steps: tuple[str, ...]
) -> None:
    club = Club(stand_in, key, brand, client_for(brand), **section)
    ladder = ladder_of(club.joined(club.somebody()))
    assert ladder.steps == steps
    assert (ladder.offer is not None) == ("offer" in steps)


def test_an_offer_whose_step_is_off_can_not_be_taken(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Any
) -> None:
    club = Club(stand_in, key, brand, client_for(brand), stay_offer=OFFER, leave_steps=["reason"])
    with pytest.raises(NotPossibleNow):
        offer_take(subscription=club.joined(club.somebody()), actor=shop.STAFF)


def test_a_reason_of_the_brands_is_kept_as_said_and_told_stripe_in_its_words(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Any
) -> None:
    club = Club(stand_in, key, brand, client_for(brand), leave_reasons=REASONS)
    row = club.joined(club.somebody())
    with pytest.raises(InvalidInput) as refused:
        subscription_cancel(subscription=row, reason="bored", actor=shop.STAFF)
    assert refused.value.field == "reason"
    subscription_cancel(subscription=row, reason="dear", comment="Sorry", actor=shop.STAFF)
    assert SubscriptionChange.objects.get(kind="cancel_asked").details["reason"] == "dear"
    told = club.thing("subscription", str(row.stripe_id))["cancellation_details"]
    assert (told["feedback"], told["comment"]) == ("too_expensive", "Sorry")


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ({"leave_steps": ["reason", "reason"]}, "leave_steps"),
        ({"leave_steps": ["offer"]}, "leave_steps"),
        ({"leave_steps": ["beg"]}, "leave_steps[0]"),
        ({"leave_reasons": [REASONS[0], REASONS[0]]}, "leave_reasons[1]"),
        ({"leave_reasons": [{"code": "a", "name": ""}]}, "leave_reasons[0].name"),
        ({"leave_reasons": [{"code": f"r{n}", "name": "R"} for n in range(13)]}, "leave_reasons"),
        ({"win_back": {"offer": {}}}, "win_back.offer"),
        ({"win_back": {"offer": OFFER, "plans": ["gold"]}}, "win_back.plans[0]"),
        ({"win_back": {"offer": OFFER, "after_days": 0}}, "win_back.after_days"),
        ({"unused_notice_days": -1}, "unused_notice_days"),
    ],
)
def test_terms_that_make_no_sense_are_refused_where_they_stand(section: dict[str, Any], path: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        document_decode(document(**section))
    assert [each.path for each in refused.value.problems if each.path.startswith(f"sections.billing.{path}")]


def test_a_publication_says_in_words_what_changes_about_leaving() -> None:
    before = document_decode(document())
    after = document_decode(
        document(
            stay_offer=OFFER, leave_reasons=REASONS, win_back={"offer": {"percent": "50"}}, unused_notice_days=30,
            grace_days=3,
        )
    )  # fmt: skip
    said = {each.sentence for each in document_difference(before, after)}
    assert said == {
        "the offer to who is about to leave changes from none to 25 % off the next payment.",
        "Reason to leave I moved is added.",
        "Reason to leave Too dear is added.",
        (
            "the offer to who left changes from none to 50 % off the next payment,"
            " written 30 days after leaving and good for 14 days."
        ),
        "days until a notice that nothing is used changes from 0 to 30.",
        "days of grace after a failed payment changes from 7 to 3.",
    }


def test_members_are_asked_for_the_brands_reasons_and_led_on_in_its_order(
    stand_in: LocalStripe, key: str, brand: Brand, client_for: Any
) -> None:
    club = Club(
        stand_in,
        key,
        brand,
        client_for(brand),
        leave_reasons=REASONS,
        stay_offer=OFFER,
        leave_steps=["offer", "reason"],
    )
    anna = Visitor(club, client_for)
    anna.joins(price="month-EUR")
    club.settle()
    base = f"/membership/{club.subscription(anna.member).public_id}/leave/"
    assert "25" in anna.open(base)
    asked = anna.open(f"{base}?step=reason")
    assert "Too dear" in asked
    assert "It costs too much" not in asked
    answer = anna.client.post(f"{base}?step=reason", {"press": "on", "reason": "dear", "key": "k" * 24})
    assert answer["Location"].endswith("?step=confirm")
    refused = anna.client.post(f"{base}?step=reason", {"press": "on", "reason": "bored", "key": "l" * 24})
    assert refused.status_code == 422
    anna.client.post(f"{base}?step=confirm", {"press": "leave", "key": "m" * 24})
    club.settle()
    assert SubscriptionChange.objects.get(kind="cancel_asked").details["reason"] == "dear"
