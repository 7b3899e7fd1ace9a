"""Who left is written to once, so many days later, with money off if they come back; it holds for a while and is used
once, on Stripe's page, by itself.

The mail is engagement's: it goes to who allowed offers. Who didn't gets no offer either, so nothing lies about unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from billing.catalog import coupon_ensure
from billing.counting import live_ones
from billing.models import Checkout, MembershipPlan, StripeConnection, Subscription, WinBackOffer
from billing.plans import billing_section
from billing.section import OFF_WORDS, Intro, WinBack
from billing.timeline import happened
from core import clock
from core.actor import Actor
from loyalty.definition.translation import number_text
from loyalty.models import Program
from loyalty.moneywords import money_words
from loyalty.nightly import Night
from loyalty.selectors import document_now
from members.models import Consent, Member

# Who left longer ago than this when the brand began with it isn't written to.
LATE = timedelta(days=14)
# A member gets one in a year at most, however often they leave.
APART = timedelta(days=365)
AT_ONCE = 500


def winback_night(night: Night) -> Iterator[int]:
    """The night's part: how many were written to."""
    if made := offers_send(night.program):
        yield made


def offers_send(program: Program) -> int:
    terms = billing_section(document_now(program.pk)).win_back
    if terms is None:
        return 0
    now = clock.now()
    return sum(_made(row, terms, now) for row in _gone(program, terms, now)[:AT_ONCE])


def _gone(program: Program, terms: WinBack, now: datetime) -> QuerySet[Subscription]:
    """Paid ones that ended then and can still be joined, of members who have no plan of the group now and may be
    written to."""
    rows = Subscription.objects.filter(
        plan__program=program, plan__kind="recurring", plan__offered=True, plan__retired_at__isnull=True,
        duplicate=False, charged_at__isnull=False,
        ended_at__lte=now - timedelta(days=terms.after_days),
        ended_at__gt=now - timedelta(days=terms.after_days) - LATE,
        member__status=Member.Status.ACTIVE,
    ).exclude(member__email__isnull=True)  # fmt: skip
    if terms.plans:
        rows = rows.filter(plan__code__in=terms.plans)
    back = live_ones().filter(member=OuterRef("member"), group=OuterRef("group"), plan__kind="recurring")
    lately = WinBackOffer.objects.filter(member=OuterRef("member"), sent_at__gt=now - APART)
    latest = Consent.objects.filter(member=OuterRef("member"), purpose=Consent.Purpose.MARKETING_EMAIL).order_by("-pk")
    allowed = Consent.objects.filter(member=OuterRef("member"), granted=True, pk=latest.values("pk")[:1])
    rows = rows.filter(~Exists(back), ~Exists(lately), Exists(allowed))
    return rows.select_related("plan__program", "member").order_by("pk")


def _made(row: Subscription, terms: WinBack, now: datetime) -> int:
    """One for each that ended; a second process at it finds it there."""
    until = now + timedelta(days=terms.valid_days)
    try:
        with transaction.atomic():
            Member.objects.select_for_update(no_key=True).get(pk=row.member_id)
            if WinBackOffer.objects.filter(member_id=row.member_id, sent_at__gt=now - APART).exists():
                return 0
            WinBackOffer.objects.create(
                subscription=row,
                member_id=row.member_id,
                body=msgspec.to_builtins(terms),
                sent_at=now,
                expires_at=until,
            )
            happened(row, "win_back", at=now, until=until.isoformat())
    except IntegrityError:
        return 0
    return 1


# --- coming back with it ---------------------------------------------------------------------------------------------
def winback_open(member: Member, group: str) -> WinBackOffer | None:
    """What this member has to come back with to a plan of the group now."""
    rows = WinBackOffer.objects.filter(
        member=member, subscription__group=group, redeemed_at__isnull=True, expires_at__gt=clock.now()
    )
    return rows.order_by("-pk").first()


def winback_terms(row: WinBackOffer) -> WinBack:
    """The brand's terms as they were when it was sent."""
    return msgspec.convert(row.body, WinBack, strict=False)


def off_words(offer: Intro) -> str:
    """10 % off the next payment, in the language that is on."""
    much = (
        f"{number_text(offer.percent)} %"
        if offer.percent is not None
        else money_words(offer.amount_minor or 0, offer.money_currency or "")
    )
    return _(OFF_WORDS[offer.duration]) % {"much": much, "n": offer.months or 1}


def winback_coupon(connection: StripeConnection, plan: MembershipPlan, row: WinBackOffer, actor: Actor) -> str:
    """The coupon that Stripe's page takes off by itself. Not in a transaction."""
    return coupon_ensure(connection, plan, winback_terms(row).offer, actor)


def winback_redeemed(row: Subscription) -> None:
    """They came back with it: it is used up. In the transaction in which the new subscription is written."""
    pages = Checkout.objects.filter(subscription=row, win_back__isnull=False).exclude(state=Checkout.State.EXPIRED)
    WinBackOffer.objects.filter(pk__in=pages.values("win_back"), redeemed_at__isnull=True).update(
        redeemed_at=row.started_at, redeemed_by=row
    )
