"""The night's work: holds that are over, friends who took too long, traces whose time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q

from loyalty.nightly import Night
from referrals.deciding import referral_settle
from referrals.models import Referral
from referrals.selectors import section_in
from referrals.traces import traces_forget

AT_ONCE = 500


def referrals_night(night: Night) -> Iterator[int]:
    """Settle the program's referrals that are due by then; yields how many, by chunks. Run twice it changes nothing."""
    traces_forget()
    section = section_in(night.state.at(night.midnight).document)
    within = section.conversion.within_days if section is not None else None
    due = Q(event__isnull=False, hold_until__lte=night.midnight)
    if within is not None:
        due |= Q(event__isnull=True, bound_at__lte=night.midnight - timedelta(days=within))
    rows = Referral.objects.filter(due, program_id=night.program.pk, state=Referral.State.PENDING).order_by("pk")
    after = None
    while ids := list((rows if after is None else rows.filter(pk__gt=after)).values_list("pk", flat=True)[:AT_ONCE]):
        yield sum(referral_settle(referral_id=each, at=night.midnight) for each in ids)
        after = ids[-1]
