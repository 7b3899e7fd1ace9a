"""The spine: a key, a plan, a page, a webhook, a membership, and what it gives."""

from __future__ import annotations

import pytest

from billing.connections import connection_add
from billing.errors import AlreadyMember, KeyNotAccepted, StripeKeyRefused
from billing.models import StripeConnection, StripeEvent, StripeObject, Subscription
from core.tables import AuditEntry
from loyalty.models import Enrollment, TierStanding
from members.models import MemberFact
from tests.billing.cast import Club, told
from tests.loyalty import shop


def test_a_key_is_tried_sealed_and_never_shown_again(club: Club) -> None:
    row = StripeConnection.objects.get()
    assert (row.account_id, row.livemode, row.current) == (club.account.id, False, True)
    assert row.key_last4 == club.key[-4:]
    assert club.key not in row.sealed_key
    [endpoint] = club.things("webhook_endpoint")
    assert endpoint["api_version"] == "2026-08-26.dahlia"
    assert endpoint["url"].endswith(f"/hooks/stripe/{row.public_id}/")
    assert endpoint["_secret"] not in row.sealed_secret
    assert club.key not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


@pytest.mark.parametrize("given", ["sk_test_everything", "pk_test_public", "whatever", "rk_live_not_with_a_stand_in"])
def test_other_keys_are_refused_before_anybody_is_asked(club: Club, given: str) -> None:
    with pytest.raises(KeyNotAccepted):
        connection_add(key=given, actor=shop.STAFF)


def test_a_key_that_stripe_refuses_is_not_kept(club: Club) -> None:
    club.control("keys", add="rk_test_gone_1")
    club.control("keys", revoke="rk_test_gone_1")
    with pytest.raises(StripeKeyRefused):
        connection_add(key="rk_test_gone_1", actor=shop.STAFF)
    assert StripeConnection.objects.count() == 1


def test_a_member_joins_pays_and_has_what_the_plan_gives(club: Club) -> None:
    ann = club.somebody()
    joined = club.join(ann)
    assert (joined.subscription, club.plan(ann)) == (None, None)
    assert club.press(joined.url).status == 303
    assert Subscription.objects.count() == 0

    club.settle()
    row = club.subscription(ann)
    assert (row.billing, row.access, club.state(ann)) == ("active", "held", "active")
    assert row.paid_until == row.period_end
    assert club.plan(ann) == "plus"
    assert club.charged() == 1000
    # 50 for joining, 10 for ten euros paid.
    assert club.points(ann) == 60
    standing = TierStanding.objects.get(enrollment__member=ann, ladder="main")
    assert standing.tier == "advocate"
    assert [each.stripe_id for each in club.invoices(ann)] == [club.things("invoice")[0]["id"]]
    charged = MemberFact.objects.get(member=ann, key="charged_at").value
    paid_at = club.invoices(ann)[0].paid_at
    assert paid_at is not None
    assert charged == paid_at.isoformat()
    assert len(told("subscription.started")) == len(told("invoice.paid")) == 1


def test_every_event_again_changes_nothing(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    events = [each["id"] for each in club.things("event")]
    kept = StripeEvent.objects.count()
    for event in events:
        assert club.hook(*club.signed(event)).status_code == 200
    club.work()
    # What the endpoint hadn't asked for was taken too; it says nothing new.
    assert StripeEvent.objects.count() >= kept
    assert (Subscription.objects.count(), club.points(ann), len(told("invoice.paid"))) == (1, 60, 1)


def test_a_second_plan_of_the_group_is_refused(club: Club) -> None:
    ann = club.somebody()
    club.joined(ann)
    with pytest.raises(AlreadyMember):
        club.join(ann, "max")
    with pytest.raises(AlreadyMember):
        club.join(ann, "basic", "")


def test_a_free_plan_is_there_at_once_and_stripe_hears_nothing(club: Club) -> None:
    ann = club.somebody()
    before = len(club.things("customer"))
    joined = club.join(ann, "basic", "")
    assert joined.subscription is not None
    club.work()
    assert (club.state(ann), club.plan(ann)) == ("free", "basic")
    assert (len(club.things("customer")), len(club.things("subscription"))) == (before, 0)
    assert club.points(ann) == 50


def test_a_free_plan_gives_way_to_a_paid_one(club: Club) -> None:
    ann = club.somebody()
    club.join(ann, "basic", "")
    club.joined(ann, "plus")
    assert (club.state(ann), club.plan(ann)) == ("active", "plus")
    assert Subscription.objects.filter(member=ann, ended_at__isnull=True).count() == 1


def test_plans_stand_at_stripe_once(club: Club) -> None:
    club.push()
    club.push()
    assert len(club.things("product")) == 4
    assert len(club.things("price")) == 5
    assert StripeObject.objects.filter(kind="price").count() == 5


def test_the_benefit_of_the_plan_is_held(club: Club) -> None:
    from rewards.benefits.holding import benefits_held

    ann = club.somebody()
    place = Enrollment.objects.get(member=ann)
    assert benefits_held(place) == []
    row = club.joined(ann)
    [held] = benefits_held(place)
    assert (held.benefit.code, held.causes, held.until) == ("delivery", ["plan:plus"], row.access_until)
