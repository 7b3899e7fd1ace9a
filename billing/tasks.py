"""The billing room's work outside requests. Each task carries its brand; see core/tasks.py."""

from __future__ import annotations

from billing.access import access_sweep
from billing.boxes.leftovers import extras_drop
from billing.boxes.noticing import box_notices_sweep
from billing.boxes.planning import boxes_sweep
from billing.boxes.unfinished import extras_settle
from billing.catalog import plans_push
from billing.comparing import comparison_run, comparisons_sweep
from billing.disconnecting import leaves_work
from billing.errors import StripeKeyRefused, StripeUnavailable
from billing.forgetting import events_forget, operations_forget
from billing.freezing import clocks_sweep
from billing.lastcredits import credits_settle
from billing.metering import uses_send
from billing.models import StripeConnection
from billing.noticing import notices_sweep
from billing.planned import changes_put_back
from billing.plans import plans_due
from billing.promising import promises_keep
from billing.promoting import promotions_push
from billing.reconciling import reconciling_due
from billing.sweeping import one_by_one
from billing.working import event_work, events_work
from core.tasks import brand_task


@brand_task
def stripe_event(event_id: int) -> None:
    """One event of Stripe's, and what came about its customer until now."""
    event_work(event_id, or_beside=True)


@brand_task
def comparison(report_id: int) -> None:
    """One comparison with Stripe that somebody asked for."""
    comparison_run(report_id)


@brand_task
def billing_sweep() -> None:
    """Beat's round: what waits of Stripe's, money that was promised, whose access has ended, boxes that close, and
    plans of versions that have taken effect."""
    one_by_one(STEPS, lambda step: step(), "billing's step")


def plans_tell() -> None:
    """What is offered stands at Stripe, where that can be reached."""
    for connection in StripeConnection.objects.filter(current=True, health=StripeConnection.Health.GOOD):
        try:
            plans_push(connection)
            promotions_push(connection)
        except (StripeUnavailable, StripeKeyRefused):
            continue


STEPS = (
    events_work,
    leaves_work,
    promises_keep,
    changes_put_back,
    credits_settle,
    access_sweep,
    boxes_sweep,
    extras_drop,
    extras_settle,
    clocks_sweep,
    notices_sweep,
    box_notices_sweep,
    plans_due,
    comparisons_sweep,
    uses_send,
    plans_tell,
)


@brand_task
def billing_reconcile() -> None:
    """Beat's round: hourly what was sent and never came, nightly every subscription."""
    reconciling_due()


@brand_task
def billing_forget() -> dict[str, int]:
    """The night's round: what Stripe sent and was asked goes, once nobody needs it any more."""
    return {**events_forget(), **operations_forget()}
