"""Codes that friends come by: made at random, or chosen. A code is read without regard to case, dashes and blanks."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

from django.core.cache import caches
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from loyalty import ledger
from loyalty.models import Enrollment
from loyalty.payloads import text_check
from referrals.errors import CodeNotChosen, CodeTaken, CodeUnknown, ReferralsOff, TooManyCodes
from referrals.models import ReferralCode
from referrals.selectors import code_current, section_now

# Without what is read as something else. 31^9 is 2.6e13: with the guessing below nobody meets one by chance.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"[:31]
LENGTH = 9
CHOSEN = re.compile(r"[A-Z0-9]{4,24}\Z")
MAX_NAME = 40
TRIES, TRIES_WITHIN = 30, timedelta(minutes=15)


def code_plain(text: str) -> str:
    """As codes are kept: "anna-2030" is ANNA2030."""
    return re.sub(r"[\s\-_.]", "", text).upper()


def code_ensure(*, enrollment: Enrollment) -> ReferralCode:
    """The member's code, made now if need be. ReferralsOff, Busy."""
    found = code_current(enrollment)
    if found is not None:
        return found
    if section_now(enrollment.program_id) is None:
        raise ReferralsOff()
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        return code_current(enrollment) or _made(enrollment, _random(), chosen=False, name="")


def code_choose(*, enrollment: Enrollment, code: str, actor: Actor) -> ReferralCode:
    """Give a member a code that can be read. Their earlier ones still lead to them.

    Members choose only where the program lets them. Errors: ReferralsOff, CodeNotChosen, InvalidInput, CodeTaken, Busy.
    """
    section = section_now(enrollment.program_id)
    if section is None:
        raise ReferralsOff()
    if actor.initiated_by == "member" and not section.own_codes:
        raise CodeNotChosen(field="code")
    plain = code_plain(code)
    if not CHOSEN.match(plain):
        raise InvalidInput(_("A code has 4 to 24 letters and digits."), field="code")
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        before = code_current(enrollment)
        if before is not None and before.code == plain:
            return before
        own = ReferralCode.objects.filter(enrollment=enrollment, code=plain).first()
        if own is None and ReferralCode.objects.filter(code=plain).exists():
            raise CodeTaken(field="code")
        ReferralCode.objects.filter(enrollment=enrollment, current=True).update(current=False)
        if own is not None:
            own.current, own.display_name = True, before.display_name if before is not None else ""
            own.save(update_fields=["current", "display_name"])
        else:
            own = _made(enrollment, plain, chosen=True, name=before.display_name if before is not None else "")
        audit_record(
            actor=actor.name, action="referral_code.choose", object_type="referral_code", object_id=own.pk,
            changes={"code": [before.code if before is not None else None, plain]},
        )  # fmt: skip
    return own


def display_name_set(*, enrollment: Enrollment, name: str) -> ReferralCode:
    """What friends read on their page; empty: nothing. InvalidInput, ReferralsOff, Busy."""
    plain = name.strip()
    text_check(plain, "display_name")
    if len(plain) > MAX_NAME:
        raise InvalidInput(_("This text is longer than %(n)d characters.") % {"n": MAX_NAME}, field="display_name")
    if not plain.isprintable() or re.search(r"://|www\.|@", plain):
        raise InvalidInput(_("Write a name, without addresses."), field="display_name")
    row = code_ensure(enrollment=enrollment)
    row.display_name = plain
    row.save(update_fields=["display_name"])
    return row


def code_find(text: str, *, asked_by: str | None = None) -> ReferralCode:
    """The code, of a member who may bring friends now. asked_by: whose failed tries are counted together.

    CodeUnknown, TooManyCodes.
    """
    tries: Any = caches["guesses"]
    key = f"referral-code:{asked_by}"
    if asked_by is not None and int(tries.get(key) or 0) >= TRIES:
        raise TooManyCodes()
    rows = ReferralCode.objects.select_related("enrollment__member", "enrollment__program")
    plain = code_plain(text[:60])
    found = rows.filter(code=plain).first() if plain.isascii() and plain.isalnum() else None
    if found is None:
        if asked_by is not None:
            tries.incr(key, timeout=int(TRIES_WITHIN.total_seconds()))
        raise CodeUnknown(field="code")
    return found


def _made(enrollment: Enrollment, code: str, *, chosen: bool, name: str) -> ReferralCode:
    try:
        with transaction.atomic():
            return ReferralCode.objects.create(
                enrollment=enrollment, code=code, chosen=chosen, display_name=name, made_at=clock.now()
            )
    except IntegrityError as error:
        if chosen:
            raise CodeTaken(field="code") from error
        raise


def _random() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
