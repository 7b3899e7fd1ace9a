"""Taking back a version that isn't in force yet. The version stays as it is; a row of its own says it is withdrawn."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.outbox import outbox_add
from core.tables import JobRun
from loyalty.backfills.canceling import version_uncount
from loyalty.errors import VersionInForce, VersionWithdrawn
from loyalty.models import Program, ProgramVersion, VersionWithdrawal
from loyalty.publishing import stamp_renew
from loyalty.tierpreview import JOB

# Events are judged without the program's lock. Longer than a transaction may take, so that nothing can be judged by the
# version between the look at the clock and the commit that withdraws it.
LATEST = timedelta(seconds=60)


def withdrawable(version: ProgramVersion, at: datetime) -> bool:
    """Whether it takes effect late enough from then on; whether it is withdrawn already isn't looked at."""
    return version.in_force_from is not None and at + LATEST < version.in_force_from


def version_withdraw(*, version: ProgramVersion, actor: Actor, reason: str = "") -> VersionWithdrawal:
    """Take a scheduled version back: it never takes effect, what it was to do to tiers isn't done, and what was counted
    for it from before is taken back.

    VersionInForce when it is in force or will be within the minute, VersionWithdrawn when somebody was quicker.
    """
    with transaction.atomic():
        row = Program.objects.select_for_update(no_key=True).get(pk=version.program_id)
        # Read under the lock: while it was waited for, time went on.
        now = clock.now()
        if VersionWithdrawal.objects.filter(version_id=version.pk).exists():
            raise VersionWithdrawn()
        if not withdrawable(version, now):
            raise VersionInForce()
        withdrawal = VersionWithdrawal.objects.create(
            version=version, withdrawn_at=now, withdrawn_by=actor.name, reason=reason[:300]
        )
        version_uncount(version=version)
        JobRun.objects.filter(job=JOB, scope=f"{row.slug}:{version.number}", finished_at__isnull=True).delete()
        stamp_renew(row)
        audit_record(
            actor=actor.name,
            action="program.version_withdraw",
            object_type="program",
            object_id=row.pk,
            changes={"version": version.number, "in_force_from": str(version.in_force_from)},
        )
        outbox_add("program.version_withdrawn", {"program": row.slug, "version": version.number})
    return withdrawal
