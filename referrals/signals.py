"""What speaks against a referral. Everything that is compared is either the members' own record or a keyed hash."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.secrets import keyed_hash
from loyalty.models import Order
from members.models import Member
from referrals.definition import CrowdSignal, Referrals, Signal, SignalKind
from referrals.models import Referral, ReferralTrace

Found = list[dict[str, Any]]
PURPOSE = "referral_trace"
# Mailboxes that leave out the dots of an address.
DOTLESS = frozenset({"gmail.com", "googlemail.com"})
NEAR, SHORTEST = 2, 6


def trace_digest(kind: str, value: str) -> bytes:
    """What is kept of an address: case, blanks and punctuation differ between two who type the same."""
    plain = value.strip() if kind != ReferralTrace.Kind.ADDRESS else _plain(value)
    return keyed_hash(f"{kind}:{plain}", purpose=PURPOSE)


def signals_found(referral: Referral, section: Referrals, *, event: UUID, at: datetime) -> Found:
    """[{kind, does, weight}] of the signals that the program looks at. at: when the friend took the first step."""
    found: Found = []
    for kind in _present(referral, section, event, at):
        signal: Signal | CrowdSignal = getattr(section.signals, kind)
        found.append({"kind": kind, "does": signal.does, "weight": signal.weight})
    return found


def _present(referral: Referral, section: Referrals, event: UUID, at: datetime) -> Iterator[SignalKind]:
    one, other, asked = referral.referrer.member, referral.friend.member, section.signals
    if asked.same_person.does != "off" and same_person(one, other):
        yield "same_person"
    if asked.similar_email.does != "off" and similar_emails(one.email or "", other.email or ""):
        yield "similar_email"
    if asked.same_address.does != "off" and _shared(one, other, ReferralTrace.Kind.ADDRESS):
        yield "same_address"
    if asked.same_card.does != "off" and _shared(one, other, ReferralTrace.Kind.CARD):
        yield "same_card"
    if asked.many_from_ip.does != "off" and _from_one_ip(referral, asked.many_from_ip):
        yield "many_from_ip"
    if asked.not_first_order.does != "off" and _ordered_before(other, event, at):
        yield "not_first_order"


def same_person(one: Member, other: Member) -> bool:
    """The same phone number, or the same name and date of birth."""
    phones = [re.sub(r"\D", "", each.phone)[-9:] for each in (one, other)]
    if len(phones[0]) >= 8 and phones[0] == phones[1]:
        return True
    names = [_plain(each.name) for each in (one, other)]
    return bool(names[0]) and names[0] == names[1] and one.birth_date is not None and one.birth_date == other.birth_date


def similar_emails(one: str, other: str) -> bool:
    """The same mailbox but for dots, a part after + and, of the longer ones, a letter or two."""
    if "@" not in one or "@" not in other:
        return False
    (local, domain), (other_local, other_domain) = mailbox(one), mailbox(other)
    if domain != other_domain:
        return False
    if local == other_local:
        return True
    return min(len(local), len(other_local)) >= SHORTEST and edits(local, other_local, NEAR) <= NEAR


def mailbox(email: str) -> tuple[str, str]:
    local, _at, domain = email.casefold().rpartition("@")
    domain = "gmail.com" if domain in DOTLESS else domain
    return re.sub(r"[.\-_]", "", local.partition("+")[0]), domain


def edits(one: str, other: str, most: int) -> int:
    """How many letters must be changed, put in or taken out; most + 1 for any more than `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, its in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != its)))
        if min(now) > most:
            return most + 1
        before = now
    return min(before[-1], most + 1)


def _shared(one: Member, other: Member, kind: str) -> bool:
    theirs = ReferralTrace.objects.filter(member=other, kind=kind).values("digest")
    return ReferralTrace.objects.filter(member=one, kind=kind, digest__in=theirs).exists()


def _from_one_ip(referral: Referral, crowd: CrowdSignal) -> bool:
    kind = ReferralTrace.Kind.IP
    since = referral.bound_at - timedelta(days=crowd.days)
    theirs = ReferralTrace.objects.filter(member=referral.friend.member, kind=kind).values("digest")
    same = ReferralTrace.objects.filter(kind=kind, digest__in=theirs).values("member")
    friends = Referral.objects.filter(
        program=referral.program, bound_at__gt=since, bound_at__lte=referral.bound_at, friend__member__in=same
    )
    return friends.count() >= crowd.at_least


def _ordered_before(friend: Member, event: UUID, at: datetime) -> bool:
    return Order.objects.filter(member=friend, occurred_at__lt=at).exclude(event=event).exists()


def _plain(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())
