"""Behaviour 26 and the grace's edge: access for each state and setting, by the one pure function."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.standing import Facts, Standing, Terms, standing_at, standing_of, state_of

NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)
END = NOW + timedelta(days=20)
PAID = {"kind": "recurring", "period_end": END, "paid_until": END}
TERMS = Terms(grace_days=7)


def facts(billing: str, **more: Any) -> Facts:
    return Facts(**{**PAID, "billing": billing, **more})


@pytest.mark.parametrize(
    ("given", "terms", "access", "state"),
    [
        (facts("incomplete"), TERMS, "none", "pending"),
        (facts("incomplete_expired"), TERMS, "none", "ended"),
        (facts("trialing", trial_end=END), TERMS, "held", "trialing"),
        (facts("active"), TERMS, "held", "active"),
        (facts("active", cancel_at=END), TERMS, "held", "active"),
        (facts("active", cancel_at=NOW), TERMS, "over", "ended"),
        (facts("active", collection_paused=True), TERMS, "held", "active"),
        (facts("active", collection_paused=True, paid_until=NOW), TERMS, "suspended", "paused"),
        (facts("active", collection_paused=True, paid_until=NOW), Terms(access_in_pause=True), "held", "paused"),
        (facts("paused", paid_until=NOW), TERMS, "suspended", "paused"),
        (facts("paused", paid_until=NOW), Terms(access_in_pause=True), "held", "paused"),
        (facts("past_due", first_failed_at=NOW), TERMS, "held", "past_due"),
        (facts("past_due", first_failed_at=NOW), Terms(grace_days=0), "suspended", "suspended"),
        (facts("unpaid"), TERMS, "suspended", "suspended"),
        (facts("active", disputed=True), TERMS, "suspended", "suspended"),
        (facts("active", disputed=True), Terms(suspend_on_dispute=False), "held", "active"),
        (facts("canceled", ended_at=NOW), TERMS, "over", "ended"),
        (facts("active", duplicate=True), TERMS, "none", "duplicate"),
        (Facts(kind="free", billing="active"), TERMS, "held", "free"),
        (Facts(kind="one_fee", billing="active"), TERMS, "held", "one_time"),
        (Facts(kind="one_fee", billing="active", period_end=NOW), TERMS, "over", "ended"),
        (Facts(kind="one_fee", billing="canceled", ended_at=NOW), TERMS, "over", "ended"),
    ],
)
def test_behaviour_26_benefits_gate_for_each_state_and_setting(
    given: Facts, terms: Terms, access: str, state: str
) -> None:
    assert (standing_at(given, terms, NOW).access, state_of(given, terms, NOW)) == (access, state)


@pytest.mark.parametrize(("offset", "access"), [(-1, "held"), (0, "suspended"), (1, "suspended")])
def test_behaviour_13_the_grace_ends_to_the_second(offset: int, access: str) -> None:
    given = facts("past_due", first_failed_at=NOW)
    at = NOW + timedelta(days=7, seconds=offset)
    assert standing_at(given, TERMS, at).access == access


def test_who_is_paid_up_is_not_locked_out_by_a_renewal_that_is_heard_of_late() -> None:
    given = facts("active")
    assert standing_at(given, TERMS, END + timedelta(days=6)).access == "held"
    assert standing_of(facts("active", cancel_at=END), TERMS) == Standing("held", END)
