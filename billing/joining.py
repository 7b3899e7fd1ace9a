"""Joining a plan: a free one at once, any other over Stripe's page, which asks for the card and the bank's word."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from msgspec import Struct

from billing.access import access_follow
from billing.catalog import bundled_ensure, intro_ensure, price_ensure
from billing.connections import connection_now
from billing.customers import customer_ensure, profile_of
from billing.errors import AlreadyMember, PlanNotOffered, PromotionCodeRefused, StripeKeyRefused, StripeRefused
from billing.gateway import ask
from billing.locking import member_locked
from billing.meterprices import meter_prices
from billing.models import Checkout, MembershipPlan, PlanPrice, PromotionCode, StripeConnection, Subscription
from billing.operations import operation_run
from billing.passes import AGAIN, pass_held
from billing.plans import ON_TOP, definition_of, price_chosen, section_now
from billing.promoting import promotion_ensure, promotion_named
from billing.section import Recurring, Trial
from billing.sharing import codes_held
from billing.timeline import happened
from billing.times import at_known
from billing.winback import winback_coupon, winback_open, winback_terms
from core import clock
from core.actor import Actor
from members.models import Member

Billing = Subscription.Billing


class Joined(Struct, frozen=True):
    """Either a subscription that is there already, or the page that the member is sent to."""

    subscription: Subscription | None = None
    checkout: Checkout | None = None
    url: str = ""


def membership_join(
    *,
    member: Member,
    plan: MembershipPlan,
    price: str = "",
    promotion_code: str = "",
    success_url: str,
    cancel_url: str,
    actor: Actor,
) -> Joined:
    """Begin: with a free plan at once. price: the code of one of the plan's (`month-EUR`), empty where it has one.
    promotion_code: what the member typed, if anything: it takes the place of other money off.

    An older page that is still open is closed first. Not in a transaction. PlanNotOffered, PriceNotOffered,
    AlreadyMember, PromotionCodeRefused, StripeNotConnected, StripeUnavailable, StripeRefused.
    """
    if not plan.for_sale:
        raise PlanNotOffered(field="plan")
    if plan.kind in ON_TOP:
        raise PlanNotOffered(_("This isn’t joined by itself: it comes on top of a plan."), field="plan")
    chosen = price_chosen(plan, price, member=member)
    _room_for(member, plan)
    currency = chosen.currency if chosen is not None else ""
    promotion = promotion_named(promotion_code, plan, member, currency) if promotion_code.strip() else None
    if chosen is None:
        return Joined(subscription=_join_free(member, plan, actor))
    connection = connection_now()
    pages_close(member, plan.group, trial=trial_of(member, plan) is not None)
    urls = {"success_url": success_url, "cancel_url": cancel_url}
    checkout, url = _page(connection, member, chosen, promotion, urls, actor)
    return Joined(checkout=checkout, url=url)


def live_of(member: Member, group: str) -> Subscription | None:
    """The member's one subscription of the group, if there is one."""
    rows = Subscription.objects.filter(member=member, group=group, ended_at__isnull=True, duplicate=False)
    rows = rows.exclude(billing__in=(*Subscription.OVER_STATES, Billing.INCOMPLETE))
    return rows.select_related("plan__program", "member", "price", "connection").first()


def in_the_way(member: Member, plan: MembershipPlan) -> Subscription | None:
    """What keeps the member from joining: another plan of the group. A free one gives way to one that is paid for, and
    a pass can be bought again."""
    there = live_of(member, plan.group)
    if there is not None and (pass_held(there, plan) or (there.plan.kind == "free" and plan.kind != "free")):
        return None
    return there


def _room_for(member: Member, plan: MembershipPlan) -> None:
    there = in_the_way(member, plan)
    if there is not None:
        raise AlreadyMember(field="plan", plan=there.plan.code)
    double = _doubled(member, plan)
    if double is not None:
        text = _("You have %(plan)s already, and would pay for the same thing twice. Leave that first.")
        raise AlreadyMember(text % {"plan": double.plan}, hint="", field="plan", plan=double.plan.code)


def _doubled(member: Member, plan: MembershipPlan) -> Subscription | None:
    """What has a part of this bundle already, or is a bundle with this plan in it: it would be paid for twice."""
    codes = {plan.code, *definition_of(plan).parts}
    rows = Subscription.objects.filter(member=member, ended_at__isnull=True, duplicate=False, plan__kind="recurring")
    rows = rows.exclude(billing__in=(*Subscription.OVER_STATES, Billing.INCOMPLETE)).exclude(group=plan.group)
    return next((row for row in rows.select_related("plan") if codes & set(codes_held(row))), None)


def _join_free(member: Member, plan: MembershipPlan, actor: Actor) -> Subscription:
    now = clock.now()
    try:
        with transaction.atomic():
            member_locked(member)
            row = Subscription.objects.create(
                member=member, plan=plan, group=plan.group, billing=Billing.ACTIVE, started_at=now, created_at=now
            )
            happened(row, "started", at=now, actor=actor, trial=False, billing=row.billing)
            access_follow(member)
    except IntegrityError as error:
        raise AlreadyMember(field="plan") from error
    row.refresh_from_db()
    return row


# --- Stripe's page ---------------------------------------------------------------------------------------------------
def pages_close(member: Member, group: str, *, trial: bool) -> None:
    """No two pages of a group are open at once: each could be paid. Nor two with a trial, of whichever group: it is had
    once. trial: whether the page to come has one."""
    other = Q(group=group) | Q(trial=True) if trial else Q(group=group)
    rows = Checkout.objects.filter(other, member=member, state=Checkout.State.OPEN, purpose=Checkout.Purpose.JOIN)
    for row in rows:
        try:
            ask(row.connection, lambda v1: v1.checkout.sessions.expire(row.stripe_id))  # noqa: B023  (called at once)
        except (StripeRefused, StripeKeyRefused):
            # Paid or expired meanwhile: the webhook tells which, and a second payment is given back. Or it is a page of
            # an account whose key holds no more, which mustn't keep anybody from joining at the one in use.
            continue
        row.state = Checkout.State.EXPIRED
        row.save(update_fields=["state"])


def trial_of(member: Member, plan: MembershipPlan) -> Trial | None:
    """The trial that this member would get: once per person, whatever the plan."""
    charge = definition_of(plan).charge
    if not isinstance(charge, Recurring) or charge.trial is None:
        return None
    return None if profile_of(member).trial_used_at is not None else charge.trial


def _page(
    connection: StripeConnection, member: Member, price: PlanPrice, promotion: PromotionCode | None,
    urls: dict[str, str], actor: Actor,
) -> tuple[Checkout, str]:  # fmt: skip
    plan = price.plan
    trial = trial_of(member, plan)
    params = _page_params(connection, member, price, trial, actor)
    offer = winback_open(member, plan.group) if price.every and promotion is None else None
    if offer is not None and not winback_terms(offer).offer.fits(price.currency):
        offer = None
    off = {"coupon": winback_coupon(connection, plan, offer, actor)} if offer is not None else None
    if promotion is not None:
        off = {"promotion_code": promotion_ensure(connection, promotion, actor)}
    if off is not None:
        params.pop("allow_promotion_codes", None)
        params["discounts"] = [off]
    params |= urls
    try:
        made = operation_run(
            connection=connection, kind="checkout_create", subject=str(member.public_id), params=params, actor=actor,
            request=lambda v1, given, options: v1.checkout.sessions.create(given, options),
        )  # fmt: skip
    except StripeRefused as error:
        if promotion is not None and str(error.context.get("stripe_param") or "").startswith("discounts"):
            # Used as often as it may be, or ended in the dashboard.
            raise PromotionCodeRefused(_("This code doesn’t hold any more.")) from error
        raise
    row, _new = Checkout.objects.get_or_create(
        stripe_id=made["id"],
        defaults={
            "connection": connection, "member": member, "purpose": Checkout.Purpose.JOIN, "price": price,
            "group": plan.group, "trial": trial is not None, "win_back": offer, "created_at": clock.now(),
            "expires_at": at_known(made["expires_at"]),
        },
    )  # fmt: skip
    return row, str(made["url"])


def _page_params(
    connection: StripeConnection, member: Member, price: PlanPrice, trial: Trial | None, actor: Actor
) -> dict[str, Any]:
    plan = price.plan
    told = {"member": str(member.public_id), "price": str(price.pk), "plan": plan.code}
    params: dict[str, Any] = {
        "mode": "subscription" if price.every else "payment",
        "customer": customer_ensure(connection, member, actor),
        "client_reference_id": str(member.public_id),
        "line_items": [
            {"price": price_ensure(connection, price, actor), "quantity": 1},
            *({"price": each, "quantity": 1} for each in bundled_ensure(connection, price, actor)),
            *({"price": price_ensure(connection, each, actor)} for each in meter_prices(member, price)),
        ],
        "metadata": told,
        "locale": member.language if member.language in ("en", "nl") else "auto",
    }
    coupon = intro_ensure(connection, price, actor) if joins_first(member, plan) else None
    if coupon is not None:
        params["discounts"] = [{"coupon": coupon}]
    elif definition_of(plan).promotion_codes:
        params["allow_promotion_codes"] = True
    if section_now(plan.program_id).automatic_tax:
        params |= {"automatic_tax": {"enabled": True}, "billing_address_collection": "required"}
        params["customer_update"] = {"address": "auto"}
    if not price.every:
        there = live_of(member, plan.group)
        if there is not None and pass_held(there, plan):
            told = {**told, AGAIN: str(there.public_id)}
        params["payment_intent_data"] = {"metadata": told}
        return params
    begun: dict[str, Any] = {"metadata": told, "billing_mode": {"type": "flexible"}}
    if trial is not None:
        end = {"cancel": "cancel", "invoice": "create_invoice", "pause": "pause"}[trial.at_end]
        begun["trial_period_days"] = trial.days
        begun["trial_settings"] = {"end_behavior": {"missing_payment_method": end}}
        params["payment_method_collection"] = "always" if trial.card else "if_required"
    params["subscription_data"] = begun
    return params


def joins_first(member: Member, plan: MembershipPlan) -> bool:
    """What joiners get off is for who was never on a plan of the group that is paid for."""
    return not Subscription.objects.filter(member=member, group=plan.group, plan__kind="recurring").exists()
