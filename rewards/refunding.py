"""Points of a reward that was used are given back: by staff, who say why. It stays used, and its code used up."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from loyalty import ledger
from rewards import services
from rewards.errors import NothingPaid, NotUsed, RefundedBefore
from rewards.models import Redemption


def redemption_refund(*, redemption: Redemption, actor: Actor, reason: str) -> Redemption:
    """The points go back to the lots that they came from; stock and code stay gone. What is unused is canceled instead.

    NotUsed, RefundedBefore, NothingPaid, InvalidInput without a reason, Busy.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Say why the points go back."), field="reason")
    now = clock.now()
    with transaction.atomic():
        row = services._locked(redemption)
        if row.refunded_at is not None:
            raise RefundedBefore()
        if row.state != Redemption.State.USED:
            raise NotUsed()
        if row.entry_id is None:
            raise NothingPaid()
        ledger.points_undo_spend(spend_id=row.entry_id, now=now, entry=services.undo_entry(row, actor))
        row.refunded_at, row.refund_reason = now, reason[:200]
        row.save(update_fields=["refunded_at", "refund_reason"])
        audit_record(
            actor=actor.name,
            action="redemption.refund",
            object_type="redemption",
            object_id=str(row.pk),
            changes={"reason": reason[:200], "points": row.price},
        )
        outbox_add("redemption.refunded", services.told_of(row, points=row.price))
    return row
