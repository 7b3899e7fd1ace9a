"""Promotion codes: made and ended by the team, kept at Stripe as they are here, taken on joining.

They are rows and no part of the program's document, as a pool's codes are: made for a week's campaign, ended within the
hour, and without a meaning for what earns (docs/adr/0023-promotion-codes-are-rows.md).
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from billing.catalog import known, product_ensure, stripe_id_of
from billing.errors import NotPossibleNow, PromotionCodeRefused, StripeKeyRefused, StripeMissing, StripeUnavailable
from billing.gateway import ask
from billing.models import MembershipPlan, PromotionCode, StripeConnection, StripeObject, Subscription
from billing.operations import operation_run
from billing.plans import ON_TOP, definition_of
from billing.section import Intro
from billing.times import seconds_of
from core import clock
from core.actor import Actor, system
from core.audit import audit_record
from core.errors import InvalidInput
from members.models import Member

PROMOTION, COUPON = "promotion", "coupon"
CODE = re.compile(r"[A-Z0-9-]{3,40}\Z")
OWN = system("billing")


class Promotion(Struct, frozen=True, kw_only=True):
    """What a code is to be. plans: codes of plans; none: all. most: how often in all; None: without a limit."""

    code: str
    offer: Intro
    plans: tuple[str, ...] = ()
    most: int | None = None
    until: datetime | None = None
    first_only: bool = False


def promotion_make(*, wish: Promotion, actor: Actor) -> PromotionCode:
    """Make it, and keep it at Stripe; where Stripe is away the sweep does that later. InvalidInput. Not in a
    transaction."""
    code = wish.code.strip().upper()
    _checked(wish, code)
    try:
        with transaction.atomic():
            row = PromotionCode.objects.create(
                code=code, body=msgspec.to_builtins(wish.offer), plans=list(wish.plans), most=wish.most,
                until=wish.until, first_only=wish.first_only, made_at=clock.now(), made_by=actor.name[:120],
            )  # fmt: skip
            _audited(row, "promotion.make", actor)
    except IntegrityError as error:
        raise InvalidInput(_("There is a code like this already. End that one first."), field="code") from error
    with suppress(StripeUnavailable, StripeKeyRefused):
        for connection in StripeConnection.objects.filter(current=True):
            promotion_ensure(connection, row, actor)
    return row


def promotion_end(*, promotion: PromotionCode, actor: Actor) -> PromotionCode:
    """From now on nobody can use it; who did keeps what they got. NotPossibleNow. Not in a transaction."""
    with transaction.atomic():
        row = PromotionCode.objects.select_for_update(no_key=True).get(pk=promotion.pk)
        if row.ended_at is not None:
            raise NotPossibleNow(_("This code has ended already."))
        row.ended_at = clock.now()
        row.save(update_fields=["ended_at"])
        _audited(row, "promotion.end", actor)
    with suppress(StripeUnavailable, StripeKeyRefused):
        for connection in StripeConnection.objects.filter(
            objects_known__kind=PROMOTION, objects_known__ref=str(row.pk)
        ):
            _closed(connection, row)
    return row


def _checked(wish: Promotion, code: str) -> None:
    offer = wish.offer
    if CODE.match(code) is None:
        raise InvalidInput(_("3 to 40 letters, digits and hyphens."), field="code")
    if (offer.percent is None) == (offer.amount_minor is None):
        raise InvalidInput(_("Say a percentage or an amount, one of the two."), field="percent")
    if offer.percent is not None and not (0 < offer.percent <= 100 and offer.percent == round(offer.percent, 2)):
        raise InvalidInput(_("A percentage lies above 0 and up to 100."), field="percent")
    if (offer.duration == "repeating") != (offer.months is not None):
        raise InvalidInput(_("Months belong to a discount that is repeating."), field="months")
    if wish.until is not None and wish.until <= clock.now():
        raise InvalidInput(_("This day is over."), field="until")
    there = set(MembershipPlan.objects.filter(retired_at=None, code__in=wish.plans).values_list("code", flat=True))
    if missing := [each for each in wish.plans if each not in there]:
        raise InvalidInput(_("There is no plan %(code)s.") % {"code": missing[0]}, field="plans")


def _audited(row: PromotionCode, action: str, actor: Actor) -> None:
    audit_record(
        actor=actor.name, action=action, object_type="promotioncode", object_id=row.pk,
        changes={"code": row.code, "gives": row.body, "plans": row.plans, "most": row.most},
    )  # fmt: skip


# --- at Stripe -------------------------------------------------------------------------------------------------------
def promotion_ensure(connection: StripeConnection, row: PromotionCode, actor: Actor = OWN) -> str:
    """Its id there, made if need be; two at once make one, by the operation's key. Not in a transaction."""
    found = stripe_id_of(connection, PROMOTION, str(row.pk))
    if found is not None:
        return found
    params: dict[str, Any] = {
        "code": row.code,
        "promotion": {"type": "coupon", "coupon": _coupon_ensure(connection, row, actor)},
        "metadata": {"promotion": str(row.pk)},
    }
    if row.most is not None:
        params["max_redemptions"] = row.most
    if row.until is not None:
        params["expires_at"] = seconds_of(row.until)
    if row.first_only:
        params["restrictions"] = {"first_time_transaction": True}
    made = operation_run(
        connection=connection, kind="promotion_create", subject=f"{row.code}:{row.pk}", params=params, actor=actor,
        request=lambda v1, given, options: v1.promotion_codes.create(given, options),
    )  # fmt: skip
    known(connection, PROMOTION, str(row.pk), made["id"])
    return str(made["id"])


def _coupon_ensure(connection: StripeConnection, row: PromotionCode, actor: Actor) -> str:
    ref = f"promotion:{row.pk}"
    found = stripe_id_of(connection, COUPON, ref)
    if found is not None:
        return found
    offer = promotion_offer(row)
    params: dict[str, Any] = {"duration": offer.duration, "name": row.code, "metadata": {"promotion": str(row.pk)}}
    if offer.percent is not None:
        params["percent_off"] = float(Decimal(offer.percent))
    else:
        params |= {"amount_off": offer.amount_minor, "currency": (offer.money_currency or "").lower()}
    if offer.months is not None:
        params["duration_in_months"] = offer.months
    if row.plans:
        plans = MembershipPlan.objects.filter(code__in=row.plans).order_by("pk")
        params["applies_to"] = {"products": [product_ensure(connection, each, actor) for each in plans]}
    made = operation_run(
        connection=connection, kind="coupon_create", subject=ref, params=params, actor=actor,
        request=lambda v1, given, options: v1.coupons.create(given, options),
    )  # fmt: skip
    known(connection, COUPON, ref, made["id"])
    return str(made["id"])


def promotion_offer(row: PromotionCode) -> Intro:
    return msgspec.convert(row.body, Intro, strict=False)


def promotions_push(connection: StripeConnection) -> None:
    """The sweep's part: what holds stands at Stripe, and what ended can't be used there."""
    for row in PromotionCode.objects.filter(ended_at=None):
        promotion_ensure(connection, row)
    for row in PromotionCode.objects.filter(ended_at__isnull=False):
        _closed(connection, row)


def _closed(connection: StripeConnection, row: PromotionCode) -> None:
    there = StripeObject.objects.filter(connection=connection, kind=PROMOTION, ref=str(row.pk)).exclude(told="closed")
    for each in there:
        named = each.stripe_id
        with suppress(StripeMissing):
            ask(connection, lambda v1: v1.promotion_codes.update(named, {"active": False}))  # noqa: B023  (called at once)
        StripeObject.objects.filter(pk=each.pk).update(told="closed")


def promotion_used(row: PromotionCode) -> int | None:
    """How often it was used, as Stripe counts; None where that can't be asked."""
    there = StripeObject.objects.filter(kind=PROMOTION, ref=str(row.pk)).select_related("connection")
    try:
        told = [ask(each.connection, lambda v1: v1.promotion_codes.retrieve(each.stripe_id)) for each in there]  # noqa: B023  (called at once)
    except (StripeUnavailable, StripeKeyRefused, StripeMissing):
        return None
    return sum(int(each["times_redeemed"]) for each in told)


# --- on joining ------------------------------------------------------------------------------------------------------
def promotion_named(text: str, plan: MembershipPlan, member: Member, currency: str) -> PromotionCode:
    """The code that a member typed. PromotionCodeRefused where it is unknown, is over, or isn't for them or what they
    chose. currency: of the price."""
    row = PromotionCode.objects.filter(code=text.strip().upper()).order_by("-pk").first()
    if row is None:
        raise PromotionCodeRefused(_("We don’t know this code. Look at how it is written."))
    if row.ended_at is not None or (row.until is not None and row.until <= clock.now()):
        raise PromotionCodeRefused(_("This code doesn’t hold any more."))
    takes = plan.kind not in ("free", *ON_TOP) and definition_of(plan).promotion_codes
    if not takes or (row.plans and plan.code not in row.plans) or not promotion_offer(row).fits(currency):
        raise PromotionCodeRefused(_("This code isn’t for this plan."))
    if row.first_only and Subscription.objects.filter(member=member, charged_at__isnull=False).exists():
        raise PromotionCodeRefused(_("This code is for new members alone."))
    return row
