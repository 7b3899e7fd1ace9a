"""What other rooms ask of loyalty: places in programs, adjustments. Events come in through loyalty/ingest.py."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.definition.expiry import Inactivity
from loyalty.errors import NothingToAdjust, ProgramRequired, UnknownProgram
from loyalty.ingest import place_ensure
from loyalty.models import Enrollment, PointsAccount, PointsEntry, Program
from loyalty.rules.dates import expiry_at, local_day
from loyalty.selectors import account_of
from loyalty.versions import programs_fresh
from members.models import Member

MAX_ADJUSTMENT = 10**12


def program_get(slug: str | None) -> Program:
    """The named program, or the only one. UnknownProgram, ProgramRequired."""
    programs = Program.objects.filter(archived_at__isnull=True)
    if slug is not None:
        found = programs.filter(slug=slug).first()
        if found is None:
            raise UnknownProgram(field="program")
        return found
    found_all = list(programs[:2])
    if len(found_all) != 1:
        raise ProgramRequired(field="program") if found_all else UnknownProgram(field="program")
    return found_all[0]


def member_enroll(*, member: Member, program: Program, actor: Actor) -> Enrollment:
    """A member's place in a program; calling it again changes nothing. Emits `member.enrolled` the first time."""
    return place_ensure(member_id=member.pk, program_id=program.pk)


def points_adjust(
    *, enrollment: Enrollment, currency: str, points: int, reason: str, actor: Actor, key: str
) -> PointsEntry:
    """Give (points > 0) or take (points < 0) by hand, in minor units, with a reason that the member sees.

    Books at once, whatever the limit: people go through loyalty/adjusting.py.

    key makes it unique to the member: the same key gives the same entry again. NothingToAdjust, InvalidInput,
    InsufficientPoints, Busy.
    """
    reason = adjustment_check(points, reason)
    now = clock.now()
    effect = "adjust:" + hashlib.sha256(f"{actor.initiated_by}:{enrollment.pk}:{key}".encode()).hexdigest()[:40]
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        account = account_of(enrollment, currency)
        earlier = PointsEntry.objects.filter(account=account, effect=effect).first()
        if earlier is not None:
            return earlier
        entry = ledger.entry_fields(
            kind="adjust",
            actor=actor,
            effect=effect,
            reason={"en": reason, "nl": reason},
            **(_ends(enrollment, account) if points > 0 else {}),
        )
        if points > 0:
            entry_id = ledger.points_give(account_id=account.pk, points=points, now=now, entry=entry)
        else:
            entry_id = ledger.points_spend(account_id=account.pk, points=-points, now=now, entry=entry)
        _adjustment_told(enrollment, currency, points, reason, entry_id, actor)
    return PointsEntry.objects.get(pk=entry_id)


def adjustment_check(points: int, reason: str) -> str:
    """The reason, trimmed. NothingToAdjust, InvalidInput."""
    reason = reason.strip()
    if points == 0 or not reason:
        raise NothingToAdjust(field="points" if points == 0 else "reason")
    if abs(points) > MAX_ADJUSTMENT or len(reason) > 200:
        raise InvalidInput(_("This is too many points, or the reason is longer than 200 characters."), field="points")
    return reason


def _adjustment_told(
    enrollment: Enrollment, currency: str, points: int, reason: str, entry_id: int, actor: Actor
) -> None:
    audit_record(
        actor=actor.name,
        action="points.adjust",
        object_type="enrollment",
        object_id=enrollment.pk,
        changes={"currency": currency, "points": points, "reason": reason},
    )
    member_id = str(Member.objects.only("public_id").get(pk=enrollment.member_id).public_id)
    outbox_add("points.adjusted", {"member_id": member_id, "entry": entry_id, "currency": currency, "points": points})


def _ends(enrollment: Enrollment, account: PointsAccount) -> dict[str, object]:
    """When points given now expire, by the currency's policy, as points_give() takes it."""
    now = clock.now()
    state = next(each for each in programs_fresh().values() if each.id == enrollment.program_id)
    compiled = state.at(now)
    known = compiled.currencies.get(account.currency)
    if known is None:
        return {}
    ends = expiry_at(known.expiry, local_day(now, compiled.zone), compiled.zone)
    return {"expires_at": ends, "rolls": known.expiry.months if isinstance(known.expiry, Inactivity) else 0}
