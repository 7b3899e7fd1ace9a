"""Traces of members that referrals are compared by: noted as keyed hashes, forgotten when their time is over."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from core import clock
from core.errors import InvalidInput
from loyalty.models import Program
from loyalty.payloads import text_check
from loyalty.selectors import document_now
from members.models import Member
from referrals.definition import Referrals
from referrals.models import ReferralTrace
from referrals.selectors import section_in
from referrals.signals import trace_digest

MAX_VALUE, MAX_KEPT = 500, 50
USUAL_DAYS = Referrals().keep_traces_days


def trace_note(*, member: Member, kind: str, value: str) -> None:
    """Keep the keyed hash of an IP address, a card's fingerprint or a postal address. InvalidInput."""
    text_check(value, kind)
    if not value.strip() or len(value) > MAX_VALUE:
        raise InvalidInput(_("Send 1 to %(n)d characters.") % {"n": MAX_VALUE}, field=kind)
    digest_note(member=member, kind=kind, digest=trace_digest(kind, value))


def digest_note(*, member: Member, kind: str, digest: bytes) -> None:
    """The same of what was hashed before."""
    ReferralTrace.objects.update_or_create(member=member, kind=kind, digest=digest, defaults={"seen_at": clock.now()})
    kept = ReferralTrace.objects.filter(member=member, kind=kind).order_by("-seen_at", "-pk")
    ReferralTrace.objects.filter(pk__in=list(kept.values_list("pk", flat=True)[MAX_KEPT:])).delete()


def traces_forget() -> int:
    """Remove what is older than any program of the brand still needs. Returns how many."""
    programs = Program.objects.filter(archived_at__isnull=True, stamp__gt=0).values_list("pk", flat=True)
    sections = [section_in(document_now(each)) for each in programs]
    days = max((each.keep_traces_days for each in sections if each is not None), default=USUAL_DAYS)
    removed, _each = ReferralTrace.objects.filter(seen_at__lte=clock.now() - timedelta(days=days)).delete()
    return removed
