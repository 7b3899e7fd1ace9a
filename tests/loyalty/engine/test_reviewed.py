"""Ways to gain or lose points that were found by reading: each is closed, and stays so."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest

from core import clock
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.ledger import ledger_invariants
from loyalty.models import PointsAccount, Program, TierStanding
from loyalty.nightly import nightly_run
from loyalty.publishing import program_publish
from loyalty.tierviews import tiers_of
from rewards.models import Reward
from rewards.services import redemption_cancel, reward_redeem
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


@pytest.fixture(autouse=True)
def _promises(brand):
    yield
    assert ledger_invariants() == []


@pytest.fixture
def ahead(brand):
    def move(days: float) -> None:
        brand.clock_shift += timedelta(days=days)

    return move


def _published(program: Program, document: dict, **more) -> Program:
    program = draft_replace(
        program=program, document=document_decode(document), expected_revision=program.draft_revision, actor=shop.STAFF
    )
    program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision, **more)
    return Program.objects.get(pk=program.pk)


def _document(**parts):
    return copy.deepcopy({**shop.DOCUMENT, **parts})


VIP_RULE = {
    "code": "vip_twice",
    "name": "VIP",
    "trigger": "order.paid",
    "when": {"kind": "tier", "ladder": "main", "any_of": ["vip"]},
    "effects": [{"kind": "multiply", "currency": "points", "factor": 2, "rules": ["per_euro"]}],
}


def _currency(code: str) -> dict:
    return {**copy.deepcopy(shop.DOCUMENT["currencies"][0]), "code": code}


def _reward(program: Program, price: int) -> Reward:
    return Reward.objects.create(program=program, code="tea", name="Tea", currency="points", price=price)


def test_a_night_ends_although_somebody_holds_a_tier_that_is_gone(ahead):
    program, anna = shop.program(), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 1200))
    without = _document()
    del without["ladders"][0]["tiers"][2]
    without["ladders"][0]["moved_tiers"] = {"vip": "advocate"}
    # Publishing sees to it that nobody is left on the tier; who got there in between still is.
    program = _published(program, without)
    TierStanding.objects.filter(enrollment=place).update(tier="vip")
    ends = TierStanding.objects.get(enrollment=place).valid_until
    assert ends is not None
    ahead((ends - clock.now()).days + 2)
    nightly_run(program=program, today=None)
    standing = TierStanding.objects.get(enrollment=place)
    # The night ends, and whoever stood there is where the program says that they go, for the year that runs now.
    assert standing.tier == "advocate"
    assert standing.valid_until is not None
    assert standing.valid_until > clock.now()


def test_buying_redeeming_returning_and_giving_back_gives_nothing():
    program, anna = shop.program(), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100, "INV-1"))
    taken = reward_redeem(enrollment=place, reward=_reward(program, 100), actor=shop.PARTNER, key="a")
    shop.send(shop.returned(anna, "INV-1", 100))
    redemption_cancel(redemption=taken, actor=shop.STAFF, reason="given back")
    assert shop.balance(place) == 0
    assert PointsAccount.objects.get(enrollment=place).reversed == 100


def test_giving_back_half_of_what_was_returned_keeps_the_other_half():
    program, anna = shop.program(), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100, "INV-1"))
    taken = reward_redeem(enrollment=place, reward=_reward(program, 100), actor=shop.PARTNER, key="a")
    shop.send(shop.returned(anna, "INV-1", 40))
    redemption_cancel(redemption=taken, actor=shop.STAFF, reason="given back")
    assert shop.balance(place) == 60


def test_a_batch_earns_what_its_events_would_have_earned_one_by_one():
    program = shop.program(_document(rules=[*shop.DOCUMENT["rules"], VIP_RULE]))
    anna, bram = shop.member("Anna"), shop.member("Bram")
    # An order that reaches VIP today; then one of yesterday, when nobody was VIP.
    for each in (shop.order(anna, 1200), shop.order(anna, 500, days_ago=1)):
        shop.send(each)
    shop.send(shop.order(bram, 1200), shop.order(bram, 500, days_ago=1))
    assert shop.balance(shop.place(anna, program)) == shop.balance(shop.place(bram, program)) == 1700


def test_a_return_works_by_the_version_of_its_order_also_when_its_currency_is_gone():
    both = _document(currencies=[_currency("points"), _currency("stars")])
    both["rules"][0]["effects"].append({"kind": "points_fixed", "currency": "stars", "points": 5})
    program, anna = shop.program(both), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100, "INV-1"))
    _published(program, _document())
    answers = shop.send(shop.returned(anna, "INV-1", 100), shop.order(anna, 7))
    assert [each.status for each in answers] == [201, 201]
    assert {each["currency"]: each["points"] for each in answers[0].body["reversed"]} == {"points": 100, "stars": 5}
    assert shop.balance(place) == 7


def test_a_late_event_is_booked_in_a_currency_that_has_gone_since():
    both = _document(currencies=[_currency("points"), _currency("stars")])
    both["rules"][0]["effects"].append({"kind": "points_fixed", "currency": "stars", "points": 5})
    program = shop.program(both)
    _published(program, _document())
    carla = shop.member("Carla")
    [answer] = shop.send(shop.order(carla, 10, days_ago=3))
    assert answer.status == 201, answer.body
    assert {each["currency"] for each in answer.body["awards"]} == {"points", "stars"}


def test_a_return_takes_no_tier_that_it_did_not_carry():
    program, anna = shop.program(), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 1000), shop.order(anna, 5, "SMALL"))
    raised = _document()
    raised["ladders"][0]["tiers"][2]["threshold"] = 2000
    _published(program, raised)
    shop.send(shop.returned(anna, "SMALL", 5))
    assert tiers_of(place)[0].code == "vip"


def test_a_return_gives_back_the_tier_held_before(ahead):
    program, anna = shop.program(), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 1200))
    ends = TierStanding.objects.get(enrollment=place).valid_until
    assert ends is not None
    ahead((ends - clock.now()).days + 2)
    nightly_run(program=program, today=None)
    assert tiers_of(place)[0].code == "advocate"  # one step down, earned by nothing in this window
    shop.send(shop.order(anna, 1000, "BIG"))
    assert tiers_of(place)[0].code == "vip"
    shop.send(shop.returned(anna, "BIG", 1000))
    assert tiers_of(place)[0].code == "advocate"


def test_a_tier_whose_time_is_over_counts_no_more_although_no_night_has_run(ahead):
    program = shop.program(_document(rules=[*shop.DOCUMENT["rules"], VIP_RULE]))
    anna = shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 1000))
    ends = TierStanding.objects.get(enrollment=place).valid_until
    assert ends is not None
    ahead((ends - clock.now()).days + 2)
    [answer] = shop.send(shop.order(anna, 10))
    assert sum(each["points"] for each in answer.body["awards"]) == 10
    assert tiers_of(place)[0].code == "advocate"


def test_a_corrected_row_after_a_refused_one_with_the_same_id_is_booked():
    shop.program()
    anna = shop.member()
    good = shop.order(anna, 10, "INV-1")
    answers = shop.send({**good, "type": "no.such_type"}, good, good, {**good, "occurred_at": shop.when(1)})
    assert [each.status for each in answers] == [422, 201, 200, 409]


def test_nobody_else_speaks_under_the_products_own_source():
    shop.program()
    [answer] = shop.send({**shop.order(shop.member(), 10), "source": "stamgast"})
    assert (answer.status, answer.body["field"]) == (422, "source")


@pytest.mark.parametrize(("policy", "given_again"), [({"kind": "lost"}, 0), ({"kind": "regrant", "days": 7}, 40)])
def test_points_that_come_back_too_late_stay_lost_or_are_given_again_as_the_currency_says(ahead, policy, given_again):
    currency = {**_currency("points"), "expiry": {"kind": "after", "n": 10, "unit": "days"}, "restore_policy": policy}
    program, anna = shop.program(_document(currencies=[currency])), shop.member()
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100))
    taken = reward_redeem(enrollment=place, reward=_reward(program, 40), actor=shop.PARTNER, key="a")
    ahead(20)
    redemption_cancel(redemption=taken, actor=shop.STAFF, reason="late")
    assert shop.balance(place) == given_again  # the 60 that were never spent have expired either way
    ahead(9)
    nightly_run(program=program)
    assert shop.balance(place) == 0
