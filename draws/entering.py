"""Entering a sweepstake and leaving it. The member's lock first, then a shared one on the sweepstake: closing waits for
every entry that was let in, and lets none in after."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from core import clock
from core.actor import Actor
from core.outbox import outbox_add
from draws.errors import CountryExcluded, EntriesReached, NoFreeEntry, SweepstakeClosed, TooYoung
from draws.models import Sweepstake, SweepstakeEntry
from draws.selectors import spec_of
from loyalty import ledger
from loyalty.definition.timetests import age_on
from loyalty.errors import MemberSuspended
from loyalty.models import Enrollment
from loyalty.rules.dates import local_day
from loyalty.selectors import program_now
from members.models import Member

Way = SweepstakeEntry.Way


def entry_free(*, sweepstake: Sweepstake, enrollment: Enrollment, actor: Actor) -> list[SweepstakeEntry]:
    """The next entry for nothing, without buying anything. Errors as entries_add, NoFreeEntry."""
    spec = spec_of(sweepstake)
    if not spec.free_entries:
        raise NoFreeEntry()
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        opened(sweepstake)
        had = SweepstakeEntry.objects.filter(sweepstake=sweepstake, enrollment=enrollment, way=Way.FREE).count()
        if had >= spec.free_entries:
            raise EntriesReached(limit=spec.free_entries)
        cause = f"free:{enrollment.pk}:{had}"
        return entries_add(
            sweepstake=sweepstake, enrollment=enrollment, way=Way.FREE, cause=cause, number=1, actor=actor
        )


def entries_add(
    *, sweepstake: Sweepstake, enrollment: Enrollment, way: Way, cause: str, number: int, actor: Actor
) -> list[SweepstakeEntry]:
    """So many entries of one cause. The same cause again gives the same entries.

    Errors: SweepstakeClosed, EntriesReached, CountryExcluded, TooYoung, MemberSuspended, Busy.
    """
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        opened(sweepstake)
        causes = [f"{cause}:{each}" for each in range(number)]
        earlier = list(SweepstakeEntry.objects.filter(sweepstake=sweepstake, cause__in=causes).order_by("cause"))
        if earlier:
            return earlier
        _may(sweepstake, enrollment, number)
        now = clock.now()
        made = SweepstakeEntry.objects.bulk_create(
            SweepstakeEntry(sweepstake=sweepstake, enrollment=enrollment, way=way, cause=each, entered_at=now)
            for each in causes
        )
        told = {"member_id": str(enrollment.member.public_id), "sweepstake": sweepstake.code, "entries": number}
        outbox_add("sweepstake.entered", told)
    return made


def entries_left(sweepstake: Sweepstake, enrollment: Enrollment) -> int | None:
    """How many more the terms let a member have; None: as many as they like. Under the member's lock."""
    most = spec_of(sweepstake).entries_at_most
    if most is None:
        return None
    return max(0, most - SweepstakeEntry.objects.filter(sweepstake=sweepstake, enrollment=enrollment).count())


def entries_remove(*, sweepstake: Sweepstake, cause: str) -> int:
    """Take the entries of a cause out again, as long as it is open. Of one that was canceled they stay: they are worth
    nothing any more. SweepstakeClosed."""
    with transaction.atomic():
        if held(sweepstake.pk)[0] == Sweepstake.State.CANCELED:
            return 0
        opened(sweepstake)
        removed, _each = SweepstakeEntry.objects.filter(sweepstake=sweepstake, cause__startswith=f"{cause}:").delete()
    return removed


def opened(sweepstake: Sweepstake) -> None:
    """Refuse outside of its time, and hold it open until the transaction ends. SweepstakeClosed."""
    state, opens_at, closes_at = held(sweepstake.pk)
    if state != Sweepstake.State.OPEN or not opens_at <= clock.now() < closes_at:
        raise SweepstakeClosed(opens_at=opens_at.isoformat(), closes_at=closes_at.isoformat())


def held(sweepstake_id: int) -> tuple[str, datetime, datetime]:
    """Its state under a lock that entries share and closing doesn't."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, opens_at, closes_at FROM draws_sweepstake WHERE id = %s FOR SHARE", [sweepstake_id]
        )
        found: tuple[str, datetime, datetime] = cursor.fetchone()
    return found


def _may(sweepstake: Sweepstake, enrollment: Enrollment, number: int) -> None:
    spec, member = spec_of(sweepstake), enrollment.member
    if member.status != Member.Status.ACTIVE:
        raise MemberSuspended()
    if spec.countries and member.attributes.get("country") not in spec.countries:
        raise CountryExcluded(countries=list(spec.countries))
    if spec.min_age is not None:
        today = local_day(clock.now(), program_now(enrollment.program_id).zone)
        if member.birth_date is None or age_on(member.birth_date, today) < spec.min_age:
            raise TooYoung(min_age=spec.min_age)
    left = entries_left(sweepstake, enrollment)
    if left is not None and number > left:
        raise EntriesReached(limit=spec.entries_at_most)
