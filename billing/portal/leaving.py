"""What each step of leaving shows."""

from __future__ import annotations

from billing.models import Subscription
from billing.plans import section_now
from billing.portal.mine import shown
from billing.portal.words import local, off_words
from billing.selectors import held
from billing.staying import STEPS, Ladder, Step, ladder_of
from loyalty.home import Context
from loyalty.models import Enrollment
from loyalty.moneywords import money_words

Billing = Subscription.Billing
# What has no paid period left to run out ends at once, and what is open of it isn't asked for any more.
WHEN_NOW = frozenset({Billing.PAST_DUE, Billing.UNPAID, Billing.PAUSED})


def after_reason(row: Subscription) -> Step:
    """The step that follows on the question why, wherever the brand has put that."""
    steps = ladder_of(row).steps
    return steps[steps.index("reason") + 1] if "reason" in steps else steps[0]


def reasons_of(row: Subscription) -> list[tuple[str, str]]:
    """The brand's own reasons in the reader's language; none: the product's hold."""
    return [(each.code, local(each.name)) for each in section_now(row.plan.program_id).leave_reasons]


def leave_page(enrollment: Enrollment, row: Subscription, asked: str) -> Context | None:
    """The step that was asked for, or the first; None where there is nothing to leave."""
    mine = shown(held(row))
    if not row.live or "leave" not in mine.may:
        return None
    ladder = ladder_of(row)
    step = next((each for each in STEPS if each == asked and each in ladder.steps), ladder.steps[0])
    place = ladder.steps.index(step)
    return {
        "enrollment": enrollment,
        "mine": mine,
        "step": step,
        "number": place + 1,
        "of": len(ladder.steps),
        "next_step": ladder.steps[place + 1] if place + 1 < len(ladder.steps) else "",
        "offer": off_words(ladder.offer) if ladder.offer is not None else "",
        "months": range(1, ladder.most_pause_months + 1),
        "ends_at": ends_at(row),
        "refund": _refund(ladder),
        "once": row.plan.kind == "one_fee",
    }


def ends_at(row: Subscription) -> object:
    """When it would end by leaving now; None: at once."""
    if row.plan.kind == "free" or row.billing in WHEN_NOW:
        return None
    return row.trial_end if row.billing == Billing.TRIALING else row.period_end


def _refund(ladder: Ladder) -> Context | None:
    """What leaving at once pays back, and why."""
    back = ladder.back
    if back is None:
        return None
    return {"amount": money_words(back.amount_minor, back.currency), "why": back.why}
