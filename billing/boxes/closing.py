"""What a box' cut-off holds back of the subscription: a cycle whose box is closed is neither left out nor put back."""

from __future__ import annotations

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from billing.errors import BoxClosed
from billing.models import Shipment, Subscription
from core import clock

State = Shipment.State


def _next(row: Subscription) -> Shipment | None:
    if row.period_end is None:
        return None
    return Shipment.objects.filter(subscription=row, cycle_at=row.period_end).first()


def closed_refuse(row: Subscription) -> None:
    """BoxClosed where the next cycle's box can't be left out any more."""
    box = _next(row)
    if box is not None and (
        box.state == State.LOCKED or (box.state == State.PLANNED and box.cut_off_at <= clock.now())
    ):
        raise closed(box)


def skipped_refuse(row: Subscription) -> None:
    """BoxClosed where the next cycle was left out and its cut-off is over: nothing would be packed for it."""
    box = _next(row)
    if box is not None and box.state == State.SKIPPED and box.cut_off_at <= clock.now() < box.cycle_at:
        raise closed(box)


def closed(box: Shipment) -> BoxClosed:
    """With the day in words."""
    cycle, day = (formats.date_format(timezone.localtime(each), "j F") for each in (box.cycle_at, box.cut_off_at))
    return BoxClosed(
        _("The box of %(cycle)s was closed on %(day)s.") % {"cycle": cycle, "day": day},
        closed_at=box.cut_off_at.isoformat(),
    )
