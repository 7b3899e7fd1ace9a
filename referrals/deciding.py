"""What becomes of a referral: from the friend's first step through signals and the hold to both sides, and back.

Each takes the locks of both members first, then the referral's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.acts import ActCall
from loyalty.models import Event, Order
from loyalty.payloads import text_check
from members.facts import member_fact_drop
from members.models import Member
from referrals.booking import APPROVED, OWN, milestones_book, sides_book, sides_take_back
from referrals.definition import OPEN_FACT, Referrals
from referrals.errors import NotConvertedYet, ReferralDecided, ReferralUnknown
from referrals.models import Referral
from referrals.selectors import OPEN, section_at
from referrals.signals import signals_found
from referrals.telling import audited, told

State, Because = Referral.State, Referral.Because
MAX_REASON = 300


def locked(referral_id: UUID) -> Referral:
    """The referral as it stands, under both members' locks and its own. ReferralUnknown, Busy."""
    sides = Referral.objects.filter(pk=referral_id).values_list("referrer_id", "friend_id").first()
    if sides is None:
        raise ReferralUnknown()
    ledger.enrollments_lock(sides)
    rows = Referral.objects.select_for_update(of=("self",))
    named = ("referrer__member", "referrer__program", "friend__member", "friend__program", "program")
    return rows.select_related(*named).get(pk=referral_id)


# --- the friend's first step -------------------------------------------------------------------------------------
def act_convert(call: ActCall) -> None:
    """The friend took the step that the program waits for. The first one counts; it may come again."""
    friend = call.enrollment()
    found = Referral.objects.filter(friend=friend, state=State.PENDING, event__isnull=True).first() if friend else None
    if found is None:
        return
    with transaction.atomic():
        row = locked(found.pk)
        event = Event.objects.filter(pk=call.event_id).first()
        if row.state != State.PENDING or row.event is not None or event is None or call.undone():
            return
        section = section_at(row.program_id, event.occurred_at)
        # What happened before the friend was brought wasn't brought about by it.
        if section is None or event.occurred_at < row.bound_at - timedelta(minutes=5):
            return
        _converted(row, section, event)


def _converted(row: Referral, section: Referrals, event: Event) -> None:
    row.event, row.converted_at = event.pk, event.occurred_at
    order = Order.objects.filter(event=event).first()
    row.kept_minor = order.total_minor - order.refunded_minor if order is not None else None
    row.hold_until = event.occurred_at + timedelta(days=section.hold_days)
    within = section.conversion.within_days
    fact_follow(row)
    if within is not None and event.occurred_at > row.bound_at + timedelta(days=within):
        _set(row, State.VOID, Because.TOO_LATE)
        return
    if row.kept_minor is not None and row.kept_minor < section.conversion.least_minor:
        _set(row, State.VOID, Because.RETURNED)  # the return was told of before
        return
    row.signals = signals_found(row, section, event=event.pk, at=event.occurred_at)
    row.score = sum(each["weight"] for each in row.signals if each["does"] == "flag")
    if any(each["does"] == "block" for each in row.signals):
        _set(row, State.BLOCKED, Because.SIGNALS)
    elif row.score >= section.flag_at:
        _set(row, State.FLAGGED, Because.SIGNALS)
    else:
        row.save()
        outbox_add("referral.held", told(row))
        if row.hold_until <= clock.now():
            _approve(row)


def act_undone(call: ActCall) -> None:
    """The order was returned whole."""
    _returned(call, 0)


def act_lowered(call: ActCall) -> None:
    """A part of the order came back."""
    _returned(call, int(call.params["left_minor"]))


def _returned(call: ActCall, left: int) -> None:
    found = Referral.objects.filter(event=call.event_id).first()
    if found is None:
        return
    with transaction.atomic():
        row = locked(found.pk)
        if row.kept_minor is not None and row.kept_minor < left:
            return  # told late: more came back meanwhile
        row.kept_minor = left
        row.save(update_fields=["kept_minor"])
        section = section_at(row.program_id, row.converted_at or row.bound_at)
        least = section.conversion.least_minor if section is not None else 0
        # One that is blocked could be let through later.
        blocked = row.state == State.BLOCKED and not row.taken_back
        if (not left or left < least) and (blocked or row.state in (*OPEN, State.APPROVED)):
            _take(row, State.VOID, Because.RETURNED)


# --- deciding ----------------------------------------------------------------------------------------------------
def referral_approve(*, referral_id: UUID, reason: str, actor: Actor) -> Referral:
    """Let a flagged or blocked referral count: at once, or when its hold is over. The same again changes nothing.

    Errors: ReferralUnknown, ReferralDecided, NotConvertedYet, InvalidInput without a reason, Busy.
    """
    text = _reason(reason)
    with transaction.atomic():
        row = locked(referral_id)
        if row.state == State.APPROVED or (row.state == State.PENDING and row.decided_by):
            return row
        if row.converted_at is None or row.hold_until is None:
            raise NotConvertedYet()
        if row.state not in (State.FLAGGED, State.BLOCKED) or row.taken_back:
            raise ReferralDecided(state=row.state, decided_by=row.decided_by)
        before = row.state
        row.reason, row.decided_by, row.decided_at = text, actor.name, clock.now()
        row.because = Because.STAFF
        if row.hold_until > clock.now():
            _set(row, State.PENDING, Because.STAFF)
        else:
            _approve(row)
        audited(row, "approve", actor, before)
    return row


def referral_block(*, referral_id: UUID, reason: str, actor: Actor) -> Referral:
    """Give nothing for it; what was given is taken back. The same again changes nothing.

    Errors: ReferralUnknown, ReferralDecided, InvalidInput without a reason, Busy.
    """
    text = _reason(reason)
    with transaction.atomic():
        row = locked(referral_id)
        if row.state == State.BLOCKED and row.because == Because.STAFF:
            return row
        if row.state == State.VOID:
            raise ReferralDecided(state=row.state, decided_by=row.decided_by)
        before = row.state
        row.reason, row.decided_by, row.decided_at = text, actor.name, clock.now()
        _take(row, State.BLOCKED, Because.STAFF)
        audited(row, "block", actor, before)
    return row


def referral_settle(*, referral_id: UUID, at: datetime) -> bool:
    """Approve what was held long enough by then, let go what took too long. Whether anything was due."""
    with transaction.atomic():
        row = locked(referral_id)
        if row.state != State.PENDING:
            return False
        if row.converted_at is not None:
            if row.hold_until is None or row.hold_until > at:
                return False
            _approve(row)
            return True
        section = section_at(row.program_id, at)
        within = section.conversion.within_days if section is not None else None
        if within is None or row.bound_at + timedelta(days=within) > at:
            return False
        _set(row, State.VOID, Because.TOO_LATE)
    return True


def _approve(row: Referral) -> None:
    """Both sides get theirs. Of a member who is suspended meanwhile staff decide."""
    if any(each.member.status != Member.Status.ACTIVE for each in (row.referrer, row.friend)):
        row.signals = [*row.signals, {"kind": "suspended", "does": "flag", "weight": 100}]
        _set(row, State.FLAGGED, Because.SIGNALS)
        return
    row.number = _free_number(row)
    row.decided_at = row.decided_at or clock.now()
    row.decided_by = row.decided_by or OWN.name
    row.state = State.APPROVED
    row.save()
    sides_book(row)
    milestones_book(row)
    outbox_add(APPROVED, told(row))


def _free_number(row: Referral) -> int:
    """The lowest number that no referral of the referrer that counts has: what a rule gives for a number is given for
    one of them at a time, also when an earlier one was taken back in between."""
    held = set(Referral.objects.filter(referrer=row.referrer, state=State.APPROVED).values_list("number", flat=True))
    return next(n for n in range(1, len(held) + 2) if n not in held)


def _take(row: Referral, state: Referral.State, because: Referral.Because) -> None:
    """To a state in which nothing is given."""
    given = row.state == State.APPROVED
    row.taken_back = row.taken_back or given
    _set(row, state, because)
    if given:
        sides_take_back(row)


def _set(row: Referral, state: Referral.State, because: Referral.Because) -> None:
    row.state, row.because = state, because
    row.save()
    fact_follow(row)
    topic = {State.VOID: "voided", State.PENDING: "held"}.get(state, str(state.value))
    outbox_add(f"referral.{topic}", told(row))


def fact_follow(row: Referral) -> None:
    """The engine looks out for the friend's first step no longer, unless another program still waits for one."""
    waiting = Referral.objects.filter(friend__member=row.friend.member, state=State.PENDING, event__isnull=True)
    if row.state != State.PENDING or row.event is not None:
        waiting = waiting.exclude(pk=row.pk)
    if not waiting.exists():
        member_fact_drop(member_id=row.friend.member_id, key=OPEN_FACT)


def _reason(text: str) -> str:
    plain = text.strip()
    text_check(plain, "reason")
    if not plain:
        raise InvalidInput(_("Say why."), field="reason")
    if len(plain) > MAX_REASON:
        raise InvalidInput(_("This text is longer than %(n)d characters.") % {"n": MAX_REASON}, field="reason")
    return plain
