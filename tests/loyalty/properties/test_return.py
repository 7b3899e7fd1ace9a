"""A full return of an order leaves every balance and all progress as if the order had never been."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core import clock
from loyalty.achievementviews import achievements_of
from loyalty.ledger import points_settle
from loyalty.models import Enrollment, PointsAccount, ProgressCounter, TierStanding
from loyalty.nightly import nightly_run
from tests.loyalty import shop
from tests.loyalty.properties import streams
from tests.trials import scale


def whole(document: dict[str, Any]) -> dict[str, Any]:
    """The program with nothing that a return, by the program's own word, leaves behind: a cooldown counts what was
    given and returned, and so does a limit that says so."""
    rules = [
        {
            **rule,
            "limits": [
                {**each, "reversal_frees": True} if "reversal_frees" in each else each
                for each in rule.get("limits", [])
                if each["per"] != "cooldown"
            ],
        }
        for rule in document["rules"]
    ]
    currencies = [{**each, "refund_policy": "into_debt"} for each in document["currencies"]]
    return {**document, "rules": rules, "currencies": currencies}


KEPT = ("challenge", "stamps", "cards", "card_from", "laps", "mark", "unmark", "streak", "badge")


def standing(place: Enrollment) -> dict[str, Any]:
    accounts = PointsAccount.objects.filter(enrollment=place)
    counters = ProgressCounter.objects.filter(enrollment=place).exclude(value=0)
    return {
        "balances": {each.currency: (each.balance, each.pending, each.debt) for each in accounts},
        # How achievements are kept is theirs: what is shown of them counts.
        "counters": {(each.key, each.period): each.value for each in counters if not each.key.startswith(KEPT)},
        "achieved": achievements_of(place, everything=True),
        "tiers": {each.ladder: each.tier for each in TierStanding.objects.filter(enrollment=place)},
    }


@settings(max_examples=scale.size(12, 400), deadline=None, suppress_health_check=streams.SHARED_BRAND)
@given(
    document=streams.documents().map(whole),
    before=st.lists(streams.steps(members=1), max_size=4),
    minor=st.integers(1, 99_999),
    parts=st.integers(1, 3),
)
def test_what_an_order_gave_is_gone_when_all_of_it_is_returned(brand, document, before, minor, parts):
    now = clock.now()
    with transaction.atomic():
        story = streams.Story(shop.program(document), members=1, enrolled=True)
        for step in before:
            now += streams.later(step)
            with streams.clock_at(now):
                story.happen(step)
        place = Enrollment.objects.get(member=story.members[0])
        with streams.clock_at(now):
            # What is due by now has nothing to do with the order.
            nightly_run(program=story.program)
            points_settle(enrollment_id=place.pk, now=now)
            was = standing(place)
            assume(minor >= parts)
            [sold] = shop.send(shop.order(story.members[0], f"{minor / 100:.2f}", "LAST"))
            assert sold.status == 201
            each = minor // parts
            amounts = [each] * (parts - 1) + [minor - each * (parts - 1)]
            for number, amount in enumerate(amounts):
                [back] = shop.send(shop.returned(story.members[0], "LAST", f"{amount / 100:.2f}", f"BACK-{number}"))
                assert back.status == 201, back.body
            after = standing(place)
        assert after["balances"] == was["balances"]
        assert after["counters"] == was["counters"]
        assert after["achieved"] == was["achieved"]
        assert after["tiers"] == was["tiers"]
        transaction.set_rollback(True)
