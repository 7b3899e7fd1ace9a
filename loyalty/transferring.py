"""Giving points to another member of the program, where the currency allows it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.errors import IdempotencyKeyReused, InvalidInput
from core.ids import uuid7
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.definition.currencies import Currency
from loyalty.definition.translation import number_text
from loyalty.errors import MemberSuspended, TransferLimit, TransferNotAllowed, UnknownMember
from loyalty.models import Enrollment, PointsAccount, PointsTransfer
from loyalty.rules.dates import day_start, local_day
from loyalty.selectors import account_of, program_now
from members.models import Member

GIFT = PointsTransfer.Cause.GIFT


def points_transfer(
    *, sender: Enrollment, recipient: Enrollment, currency: str, points: int, actor: Actor, key: str, note: str = ""
) -> PointsTransfer:
    """Give points, in minor units, keeping the dates of the lots that they come from.

    key makes it unique to the sender: the same key gives the same transfer again. TransferNotAllowed, TransferLimit,
    InsufficientPoints, MemberSuspended, InvalidInput, IdempotencyKeyReused, Busy.
    """
    known = _allowed(sender, recipient, currency, points, note)
    now = clock.now()
    effect = "transfer:" + hashlib.sha256(f"{actor.initiated_by}:{sender.pk}:{key}".encode()).hexdigest()[:40]
    with transaction.atomic():
        ledger.enrollments_lock((sender.pk, recipient.pk))
        from_account, to_account = account_of(sender, currency), account_of(recipient, currency)
        if from_account.pk == to_account.pk:
            raise InvalidInput(_("You share your points with this member already."), field="to")
        earlier = PointsTransfer.objects.filter(sender=from_account, effect=effect).first()
        if earlier is not None:
            if (earlier.points, earlier.recipient_id) != (points, to_account.pk):
                raise IdempotencyKeyReused()
            return earlier
        _limits_check(sender, from_account, known, points, now)
        transfer_id = uuid7()
        ledger.points_transfer(
            from_account=from_account.pk,
            to_account=to_account.pk,
            points=points,
            now=now,
            transfer=transfer_fields(transfer_id=transfer_id, cause=GIFT, effect=effect, note=note, actor=actor),
        )
        _tell(transfer_id, sender, recipient, currency, points)
    return PointsTransfer.objects.get(pk=transfer_id)


def transfer_fields(*, transfer_id: object, cause: str, effect: str, note: str, actor: Actor) -> dict[str, Any]:
    """The JSON that points_transfer() takes. Whom points went to stands in no line: the other may be erased one day."""
    pooled = cause == PointsTransfer.Cause.POOL
    out = {"en": "Given to another member", "nl": "Gegeven aan een ander lid"}
    into = {"en": "Given by another member", "nl": "Gekregen van een ander lid"}
    shared_out = {"en": "Brought into the shared account", "nl": "Ingebracht in de gedeelde rekening"}
    shared_in = {"en": "Brought in by a member", "nl": "Ingebracht door een lid"}
    return {
        "id": transfer_id,
        "cause": cause,
        "effect": effect,
        "note": note,
        "source": actor.source,
        "initiated_by": actor.initiated_by,
        "actor": actor.name,
        "reason_out": shared_out if pooled else out,
        "reason_in": shared_in if pooled else into,
    }


def recipient_find(sender: Enrollment, named: str) -> Enrollment:
    """Somebody who takes part in the sender's program, by e-mail or by the brand's own number. UnknownMember."""
    named = named.strip()
    by = Q(member__email__iexact=named) if "@" in named else Q(member__external_id=named)
    found = Enrollment.objects.filter(by, program_id=sender.program_id, member__status=Member.Status.ACTIVE)
    recipient = found.select_related("member").first() if named and "\x00" not in named else None
    if recipient is None:
        raise UnknownMember(_("We know nobody by this who takes part."), field="to", hint=_("Check how it is written."))
    return recipient


def transfer_rules(enrollment: Enrollment) -> list[Currency]:
    """The currencies that the member may give away."""
    document = program_now(enrollment.program_id).document
    return [each for each in document.currencies if each.transfer.allowed and each.kind != "qualifying"]


def _allowed(sender: Enrollment, recipient: Enrollment, currency: str, points: int, note: str) -> Currency:
    document = program_now(sender.program_id).document
    known = next((each for each in document.currencies if each.code == currency), None)
    if known is None:
        raise InvalidInput(_("The program has no such point currency."), field="currency")
    if not known.transfer.allowed or known.kind == "qualifying":
        raise TransferNotAllowed(field="currency")
    if sender.program_id != recipient.program_id:
        raise InvalidInput(_("Both must take part in the same program."), field="to")
    if sender.pk == recipient.pk:
        raise InvalidInput(_("Name another member than the one who gives."), field="to")
    if len(note) > 200 or "\x00" in note:
        raise InvalidInput(_("The note is longer than 200 characters or can't be kept."), field="note")
    least = known.transfer.at_least * 10**known.scale
    if points < least:
        raise InvalidInput(
            _("At least %(n)d points can be given at a time.") % {"n": known.transfer.at_least}, field="points"
        )
    for place in (sender, recipient):
        if Member.objects.only("status").get(pk=place.member_id).status != Member.Status.ACTIVE:
            raise MemberSuspended(field="member" if place is sender else "to")
    return known


def _left_words(known: Currency, left: int, period: str) -> str:
    """What may still be given, for whoever wanted to give more."""
    if not left:
        return _("No more can be given away today.") if period == "day" else _("No more can be given away this month.")
    number = number_text(Decimal(left).scaleb(-known.scale))
    if period == "day":
        return _("Only %(n)s more can be given away today.") % {"n": number}
    return _("Only %(n)s more can be given away this month.") % {"n": number}


def _limits_check(sender: Enrollment, account: PointsAccount, known: Currency, points: int, now: datetime) -> None:
    """Under the sender's lock, so that two at once can't both fit in."""
    rules = known.transfer
    zone = program_now(sender.program_id).zone
    today = local_day(now, zone)
    starts = {"day": day_start(today, zone), "month": day_start(today.replace(day=1), zone)}
    for period, most in (("day", rules.per_day), ("month", rules.per_month)):
        if most is None:
            continue
        gone = PointsTransfer.objects.filter(Q(sender=account), Q(cause=GIFT), Q(at__gte=starts[period]))
        left = most * 10**known.scale - (gone.aggregate(sum=Sum("points"))["sum"] or 0)
        if points > left:
            raise TransferLimit(
                _left_words(known, max(0, left), period), field="points", left=max(0, left), period=period
            )


def _tell(transfer_id: object, sender: Enrollment, recipient: Enrollment, currency: str, points: int) -> None:
    members = Member.objects.filter(pk__in=[sender.member_id, recipient.member_id]).in_bulk()
    outbox_add(
        "points.transferred",
        {
            "transfer_id": str(transfer_id),
            "member_id": str(members[sender.member_id].public_id),
            "to_member_id": str(members[recipient.member_id].public_id),
            "currency": currency,
            "points": points,
        },
    )
