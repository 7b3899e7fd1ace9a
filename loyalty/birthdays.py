"""A member's birthday is an event like any other, told by the night that begins it: rules may wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Q, QuerySet

from core.actor import system
from loyalty.incoming import OWN_SOURCE, EventInput, MemberRef, body_hash
from loyalty.ingest import event_ingest
from loyalty.models import Enrollment
from loyalty.nightly import Night
from loyalty.payloads import MEMBER_BIRTHDAY
from members.models import Member

AT_ONCE = 1_000


def birthdays(night: Night) -> Iterator[int]:
    """Tell the birthdays of a local day of the program, where a rule waits for them; yields how many, by chunks.

    Each is known by its member and year, so a day that is run twice or caught up tells it once.
    """
    if MEMBER_BIRTHDAY not in night.state.at(night.midnight).triggers:
        return
    after = 0
    while rows := list(_born_on(night, after)[:AT_ONCE]):
        event_ingest([_event(night, enrollment) for enrollment in rows], actor=system("birthdays"))
        after = rows[-1].pk
        yield len(rows)


def _born_on(night: Night, after: int) -> QuerySet[Enrollment]:
    places = Enrollment.objects.filter(
        program_id=night.program.pk, pk__gt=after, enrolled_at__lt=night.midnight, member__status=Member.Status.ACTIVE
    )
    return places.filter(_returns_on(night.day)).select_related("member").order_by("pk")


def _returns_on(day: date) -> Q:
    """Born on that day of a year; 29 February returns on the 28th where there is no 29th."""
    found = Q(member__birth_date__month=day.month, member__birth_date__day=day.day)
    if (day.month, day.day) == (2, 28) and not _leap(day.year):
        found |= Q(member__birth_date__month=2, member__birth_date__day=29)
    return found & Q(member__birth_date__year__lt=day.year)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _event(night: Night, enrollment: Enrollment) -> EventInput:
    name = f"birthday:{enrollment.pk}:{night.day.year}"
    member = str(enrollment.member.public_id)
    occurred_at = night.midnight
    told = {"type": MEMBER_BIRTHDAY, "member": member, "occurred_at": occurred_at.isoformat(), "data": {}}
    return EventInput(
        external_id=name,
        type=MEMBER_BIRTHDAY,
        occurred_at=occurred_at,
        member=MemberRef(id=member),
        source=OWN_SOURCE,
        program=night.program.slug,
        payload={},
        body_hash=body_hash(told),
    )
