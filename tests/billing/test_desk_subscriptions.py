"""What staff see of subscriptions and invoices, and what they do to them: each act with its reason, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import Refund, SubscriptionChange
from core import clock
from core.tables import AuditEntry
from tests.billing.cast import Club
from tests.billing.desk import Entered, act, entered, page
from tests.billing.test_behaviours_changes import bad_card
from tests.loyalty.test_pages import text_of

__all__ = ["entered"]


# --- looking ---------------------------------------------------------------------------------------------------------
def test_the_list_is_filtered_by_plan_state_and_leaving_and_searched_by_member(club: Club, entered: Entered) -> None:
    ann, bob, cas = (club.somebody(name, email=f"{name.lower()}@members.example") for name in ("Ann", "Bob", "Cas"))
    club.joined(ann)
    club.joined(bob, "trial")
    leaving = club.joined(cas, "max")
    owner = entered("owner")
    assert act(owner, leaving, "cancel").status_code == 302
    club.settle()

    def shown(**query: str) -> set[str]:
        text = text_of(owner.get(page("subscription_changelist"), query))
        return {name for name in ("Ann", "Bob", "Cas") if name in text}

    assert shown() == {"Ann", "Bob", "Cas"}
    assert shown(plan="max") == {"Cas"}
    assert shown(state="trialing") == {"Bob"}
    assert shown(state="active") == {"Ann", "Cas"}
    assert shown(leaving="yes") == {"Cas"}
    assert shown(state="past_due") == set()
    assert shown(q="bob@members.example") == {"Bob"}
    assert shown(q=str(leaving.stripe_id)) == {"Cas"}
    assert shown(q="nobody@members.example") == set()


def test_one_page_tells_all_that_happened_with_invoices_facts_and_the_next_charge(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    text = text_of(entered("owner").get(page("subscription_change", row.pk)))
    for each in (
        "Ann",
        "Plus",
        "€10.00 a month",
        "Joined",
        "Paid €10.00",
        "What the plan gives holds",
        "last charged at",
    ):
        assert each in text
    [invoice] = club.invoices(ann)
    assert str(invoice) in text
    assert "€10.00 · " in text


def test_an_analyst_sees_figures_without_people_and_acts_on_nothing(club: Club, entered: Entered) -> None:
    ann = club.somebody("Annabel", email="annabel@members.example")
    row = club.joined(ann)
    analyst = entered("analyst")
    lists = (page("subscription_changelist"), page("subscription_change", row.pk), page("invoice_changelist"))
    for where in lists:
        answer = analyst.get(where)
        assert answer.status_code == 200
        assert "Annabel" not in answer.content.decode()
    found = text_of(analyst.get(page("subscription_changelist"), {"q": "annabel@members.example"}))
    assert "0 subscriptions" in found
    assert "End it now" not in text_of(analyst.get(page("subscription_change", row.pk)))
    for role in ("analyst", "marketer"):
        assert act(entered(role), row, "cancel").status_code == 403
        [invoice] = club.invoices(ann)
        assert entered(role).post(page("invoice_refund", invoice.pk), {"reason": "x", "key": "k"}).status_code == 403
    assert not SubscriptionChange.objects.filter(kind__in=("cancel_asked", "staff_act")).exists()


def test_the_page_of_failed_payments_says_who_owes_since_when_and_what_was_said(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    club.joined(ann)
    bad_card(club, ann)
    club.advance(days=31)
    club.settle()
    club.advance(days=4)
    club.settle()
    text = text_of(entered("support").get(page("invoice_late")))
    for each in ("Ann", "Plus", "€10.00", "2×", "last on"):
        assert each in text
    assert "Ann" in text_of(entered("support").get(page("subscription_changelist"), {"state": "past_due"}))
    assert "Ann" in text_of(entered("support").get(page("invoice_changelist"), {"trouble": "late"}))


# --- acting ----------------------------------------------------------------------------------------------------------
def test_each_act_is_done_once_and_stands_in_the_trail_with_its_reason(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    support = entered("support")
    for name, seen in (
        ("cancel", "cancel_scheduled"), ("keep", ""), ("skip", "collection_paused"), ("resume", ""),
        ("pause", "collection_paused"), ("resume", ""), ("give", ""), ("reread", ""),
    ):  # fmt: skip
        more = {"months": "2"} if name == "pause" else {}
        key = f"{name}-{SubscriptionChange.objects.count()}"
        for _again in range(2):
            answer = act(support, row, name, key=key, **more)
            assert answer.status_code == 302, text_of(answer)
        club.settle()
        row = club.subscription(ann)
        state = {"cancel_scheduled": row.cancel_scheduled, "collection_paused": row.collection_paused}
        assert [flag for flag, is_so in state.items() if is_so] == ([seen] if seen else []), name
    acts = list(
        SubscriptionChange.objects.filter(kind="staff_act").order_by("pk").values_list("details__act", flat=True)
    )
    assert acts == ["cancel", "keep", "skip", "resume", "pause", "resume", "give", "reread"]
    trail = AuditEntry.objects.filter(action="subscription.staff_act", object_id=str(row.public_id))
    assert trail.count() == 8
    assert {each.changes["reason"] for each in trail} == {"They called us"}
    assert all(each.actor.startswith("user:") for each in trail)
    text = text_of(support.get(page("subscription_change", row.pk)))
    assert "Pause it: They called us" in text
    assert "support@team.example" in text


def test_a_period_that_is_given_costs_nothing_and_the_one_after_costs_as_before(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    act(entered("support"), row, "give", key="first")
    act(entered("support"), row, "give", key="second")
    club.advance(days=32)
    club.settle()
    assert (club.charged(), club.state(ann)) == (1000, "active")
    club.advance(days=31)
    club.settle()
    assert club.charged() == 2000


def test_ending_it_now_takes_access_and_leaves_the_money(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    assert act(entered("support"), row, "cancel_now").status_code == 302
    club.settle()
    assert (club.state(ann), club.plan(ann), club.charged()) == ("ended", None, 1000)
    text = text_of(entered("support").get(page("subscription_change", row.pk)))
    assert "Skip the next cycle" not in text
    assert "Read it anew" in text


@pytest.mark.parametrize(
    ("name", "sent", "said"),
    [
        ("cancel", {"reason": ""}, "This field is required."),
        ("pause", {"months": "99"}, "Pause for 1 to 3 months."),
        ("pause", {"months": "many"}, "Enter a whole number."),
        ("resume", {"reason": "x" * 201}, "at most 200"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field_and_changes_nothing(
    club: Club, entered: Entered, name: str, sent: dict[str, str], said: str
) -> None:
    row = club.joined(club.somebody())
    before = SubscriptionChange.objects.count()
    answer = act(entered("support"), row, name, **sent)
    assert answer.status_code == 200
    assert said in text_of(answer)
    assert SubscriptionChange.objects.count() == before
    assert not AuditEntry.objects.filter(action__startswith="subscription.").exists()


def test_what_cannot_be_done_now_is_told_and_an_unknown_act_is_not_there(club: Club, entered: Entered) -> None:
    row = club.joined(club.somebody(), "trial")
    answer = act(entered("support"), row, "skip")
    assert "Only a subscription that is paid up can be paused." in text_of(answer)
    assert act(entered("support"), row, "destroy").status_code == 404


# --- money back ------------------------------------------------------------------------------------------------------
def test_a_part_and_then_the_rest_is_paid_back_once_each(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    club.joined(ann)
    [invoice] = club.invoices(ann)
    support, where = entered("support"), page("invoice_refund", club.invoices(ann)[0].pk)
    for _again in range(2):
        assert support.post(where, {"amount": "2.50", "reason": "Late box", "key": "part"}).status_code == 302
    club.settle()
    assert (club.charged(), club.points(ann)) == (750, 60)
    for _again in range(2):
        assert support.post(where, {"amount": "", "reason": "All of it", "key": "rest"}).status_code == 302
    club.settle()
    assert (club.charged(), club.points(ann)) == (0, 50)
    assert sorted(Refund.objects.values_list("amount_minor", flat=True)) == [250, 750]
    reasons = AuditEntry.objects.filter(action="invoice.refund").values_list("changes__reason", flat=True)
    assert set(reasons) == {"Late box", "All of it"}
    text = text_of(support.get(page("invoice_change", invoice.pk)))
    assert "Late box" in text
    assert "€7.50" in text


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("10.01", "At most what is left"), ("0", "At most what is left"), ("-1", "At most what is left"),
        ("1.005", "At most 2 digits"), ("all", "Enter a number."), ("NaN", "Enter a number."),
    ],
)  # fmt: skip
def test_an_amount_that_cannot_be_is_said_beside_its_field(
    club: Club, entered: Entered, amount: str, said: str
) -> None:
    ann = club.somebody()
    club.joined(ann)
    where = page("invoice_refund", club.invoices(ann)[0].pk)
    answer = entered("owner").post(where, {"amount": amount, "reason": "Sorry", "key": "k"})
    assert answer.status_code == 200
    assert said in text_of(answer)
    assert (club.charged(), Refund.objects.count()) == (1000, 0)


def test_a_dispute_is_shown_with_the_day_by_which_it_must_be_answered(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    row = club.joined(ann)
    [charge] = club.things("charge")
    club.control("dispute", charge=charge["id"])
    club.settle()
    owner, [invoice] = entered("owner"), club.invoices(ann)
    assert "Ann" in text_of(owner.get(page("invoice_changelist"), {"trouble": "disputed"}))
    text = text_of(owner.get(page("invoice_change", invoice.pk)))
    assert "disputed at the bank" in text
    assert "fraudulent" in text
    assert f"{clock.now() + timedelta(days=7):%Y}" in text
    assert "A payment is disputed at the bank" in text_of(owner.get(page("subscription_change", row.pk)))
    answer = owner.post(page("invoice_refund", invoice.pk), {"reason": "Sorry", "key": "k"})
    assert "charged back" in text_of(answer)


def test_who_joined_at_an_old_price_is_counted_beside_it(club: Club, entered: Entered) -> None:
    row = club.joined(club.somebody())
    text = text_of(entered("marketer").get(page("membershipplan_change", row.plan_id)))
    assert "€10.00 a month" in text
    assert "Plus" in text_of(entered("marketer").get(page("membershipplan_changelist")))


def test_a_member_page_shows_the_plans(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    club.joined(ann)
    text = text_of(entered("support").get(f"/admin/members/member/{ann.pk}/change/?tab=plans"))
    assert "€10.00 a month" in text
