"""Plans and prices at Stripe: a product for each plan, a price for each of ours, coupons for what joiners get off."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Q

from billing.errors import StripeMissing
from billing.gateway import ask
from billing.models import BundleShare, MembershipPlan, PlanPrice, StripeConnection, StripeObject
from billing.operations import operation_run
from billing.plans import METERED, ON_TOP, definition_of
from billing.section import Intro, Plan, Recurring
from core import clock
from core.actor import Actor, system
from loyalty.definition.translation import text_in

PRODUCT, PRICE, COUPON, METER, SHARE = "product", "price", "coupon", "meter", "share"
MONTHS_OF = {"quarter": 3}
OWN = system("billing")


def stripe_id_of(connection: StripeConnection, kind: str, ref: str) -> str | None:
    found = StripeObject.objects.filter(connection=connection, kind=kind, ref=ref)
    return found.values_list("stripe_id", flat=True).first()


def ref_of(connection: StripeConnection, kind: str, stripe_id: str) -> str | None:
    """What of ours an object at Stripe is."""
    found = StripeObject.objects.filter(connection=connection, kind=kind, stripe_id=stripe_id)
    return found.values_list("ref", flat=True).first()


def known(connection: StripeConnection, kind: str, ref: str, stripe_id: str, told: str = "") -> None:
    """Keep which id it has there. Two at once had the same answer, by the operation's key."""
    try:
        with transaction.atomic():
            StripeObject.objects.update_or_create(
                connection=connection,
                kind=kind,
                ref=ref,
                defaults={"stripe_id": stripe_id, "told": told},
                create_defaults={"stripe_id": stripe_id, "told": told, "made_at": clock.now()},
            )
    except IntegrityError:
        if ref_of(connection, kind, stripe_id) != ref:
            raise


def product_ensure(connection: StripeConnection, plan: MembershipPlan, actor: Actor = OWN) -> str:
    """The plan's product, made or told of a new name. Not in a transaction."""
    params = _product(definition_of(plan), plan)
    told = _digest(params)
    row = StripeObject.objects.filter(connection=connection, kind=PRODUCT, ref=str(plan.pk)).first()
    if row is not None and row.told == told:
        return row.stripe_id
    if row is None:
        made = operation_run(
            connection=connection, kind="product_create", subject=plan.code, params=params, actor=actor,
            request=lambda v1, given, options: v1.products.create(given, options),
        )  # fmt: skip
    else:
        named = row.stripe_id
        made = operation_run(
            connection=connection, kind="product_update", subject=plan.code, params=params, actor=actor,
            request=lambda v1, given, options: v1.products.update(named, given, options),
        )  # fmt: skip
    known(connection, PRODUCT, str(plan.pk), made["id"], told)
    return str(made["id"])


def _product(definition: Plan, plan: MembershipPlan) -> dict[str, Any]:
    params: dict[str, Any] = {
        "name": text_in(definition.name, "en"),
        "metadata": {"plan": plan.code},
        "active": plan.retired_at is None,
    }
    if description := text_in(definition.description, "en"):
        params["description"] = description
    return params


def _digest(params: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(params, order="sorted")).hexdigest()


def price_ensure(connection: StripeConnection, price: PlanPrice, actor: Actor = OWN) -> str:
    """The price's id there, made if need be. Not in a transaction."""
    found = stripe_id_of(connection, PRICE, str(price.pk))
    if found is not None:
        return found
    params: dict[str, Any] = {
        "product": product_ensure(connection, price.plan, actor),
        "currency": price.currency.lower(),
        # A bundle's own item names it; what it costs stands on the items of its parts.
        "unit_amount": 0 if BundleShare.objects.filter(price=price).exists() else price.amount_minor,
        "tax_behavior": "inclusive",
        "metadata": {"price": str(price.pk), "plan": price.plan.code},
    }
    if price.every:
        params["recurring"] = _recurring(price)
    if price.plan.kind == METERED:
        params |= _metered(price)
        params["recurring"] |= {"usage_type": "metered", "meter": meter_ensure(connection, price.plan, actor)}
    params = {name: value for name, value in params.items() if value is not None}
    made = operation_run(
        connection=connection, kind="price_create", subject=f"{price.plan.code}:{price.pk}", params=params,
        actor=actor, request=lambda v1, given, options: v1.prices.create(given, options),
    )  # fmt: skip
    known(connection, PRICE, str(price.pk), made["id"])
    return str(made["id"])


def _recurring(price: PlanPrice) -> dict[str, Any]:
    interval = "month" if price.every == "quarter" else price.every
    return {"interval": interval, "interval_count": MONTHS_OF.get(price.every, 1)}


def share_ensure(connection: StripeConnection, share: BundleShare, actor: Actor = OWN) -> str:
    """What of a bundle's price is a part's, as a price of the part's own product. Not in a transaction."""
    found = stripe_id_of(connection, SHARE, str(share.pk))
    if found is not None:
        return found
    params = {
        "product": product_ensure(connection, share.part, actor),
        "currency": share.price.currency.lower(),
        "unit_amount": share.amount_minor,
        "tax_behavior": "inclusive",
        "metadata": {"share": str(share.pk), "plan": share.price.plan.code},
        "recurring": _recurring(share.price),
    }
    made = operation_run(
        connection=connection, kind="price_create", subject=f"{share.part.code}:share:{share.pk}", params=params,
        actor=actor, request=lambda v1, given, options: v1.prices.create(given, options),
    )  # fmt: skip
    known(connection, SHARE, str(share.pk), made["id"])
    return str(made["id"])


def bundled_ensure(connection: StripeConnection, price: PlanPrice, actor: Actor = OWN) -> list[str]:
    """The prices of what is sold together for this one; none where it is no bundle's. Not in a transaction."""
    rows = BundleShare.objects.filter(price=price).select_related("part", "price__plan")
    return [share_ensure(connection, each, actor) for each in rows]


def _metered(price: PlanPrice) -> dict[str, Any]:
    """So many for nothing, each further one at the amount."""
    if not price.included:
        return {}
    tiers = [{"up_to": price.included, "unit_amount": 0}, {"up_to": "inf", "unit_amount": price.amount_minor}]
    # Stripe takes no unit_amount beside tiers.
    return {"billing_scheme": "tiered", "tiers_mode": "graduated", "tiers": tiers, "unit_amount": None}


def meter_ensure(connection: StripeConnection, plan: MembershipPlan, actor: Actor = OWN) -> str:
    """The meter that uses are counted on, made if need be. Not in a transaction."""
    found = stripe_id_of(connection, METER, str(plan.pk))
    if found is not None:
        return found
    params = {
        "display_name": text_in(definition_of(plan).name, "en")[:250],
        "event_name": meter_event(plan),
        "default_aggregation": {"formula": "sum"},
        "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
        "value_settings": {"event_payload_key": "value"},
    }
    made = operation_run(
        connection=connection, kind="meter_create", subject=plan.code, params=params, actor=actor,
        request=lambda v1, given, options: v1.billing.meters.create(given, options),
    )  # fmt: skip
    known(connection, METER, str(plan.pk), made["id"])
    return str(made["id"])


def meter_event(plan: MembershipPlan) -> str:
    """What its uses are called there. Unique within the account."""
    return f"stamgast_{plan.pk}_{plan.code}"


def price_of(connection: StripeConnection, stripe_id: str) -> PlanPrice | None:
    """Our price of a Stripe price; None where it isn't one of ours."""
    ref = ref_of(connection, PRICE, stripe_id)
    if ref is None:
        return None
    return PlanPrice.objects.select_related("plan__program").filter(pk=int(ref)).first()


def add_on_prices(connection: StripeConnection) -> frozenset[str]:
    """Stripe's ids of the prices of add-ons, meters and parts of bundles, also of those that aren't sold any more."""
    ours = PlanPrice.objects.filter(plan__kind__in=ON_TOP).values_list("pk", flat=True)
    on_top = Q(kind=PRICE, ref__in=[str(each) for each in ours])
    rows = StripeObject.objects.filter(on_top | Q(kind=SHARE), connection=connection)
    return frozenset(rows.values_list("stripe_id", flat=True))


def intro_ensure(connection: StripeConnection, price: PlanPrice, actor: Actor = OWN) -> str | None:
    """The coupon of what joiners get off at this price; None where they get nothing off. Not in a transaction."""
    charge = definition_of(price.plan).charge
    if not isinstance(charge, Recurring) or charge.intro is None or not charge.intro.fits(price.currency):
        return None
    return coupon_ensure(connection, price.plan, charge.intro, actor)


def coupon_ensure(connection: StripeConnection, plan: MembershipPlan, intro: Intro, actor: Actor = OWN) -> str:
    """A coupon at Stripe for this money off, the same for everybody. Not in a transaction."""
    params = _coupon(intro)
    ref = f"{plan.pk}:{_digest(params)[:16]}"
    found = stripe_id_of(connection, COUPON, ref)
    if found is not None:
        return found
    params |= {"name": text_in(definition_of(plan).name, "en")[:40], "metadata": {"plan": plan.code}}
    made = operation_run(
        connection=connection, kind="coupon_create", subject=plan.code, params=params, actor=actor,
        request=lambda v1, given, options: v1.coupons.create(given, options),
    )  # fmt: skip
    known(connection, COUPON, ref, made["id"])
    return str(made["id"])


def _coupon(intro: Intro) -> dict[str, Any]:
    params: dict[str, Any] = {"duration": intro.duration}
    if intro.percent is not None:
        params["percent_off"] = float(Decimal(intro.percent))
    else:
        params |= {"amount_off": intro.amount_minor, "currency": (intro.money_currency or "").lower()}
    if intro.months is not None:
        params["duration_in_months"] = intro.months
    return params


def plans_push(connection: StripeConnection) -> int:
    """The sweep's part: what is offered stands at Stripe, and a price that was replaced can't be bought there any more.
    How many things Stripe didn't know before."""
    before = StripeObject.objects.filter(connection=connection).count()
    for price in PlanPrice.objects.filter(replaced_at__isnull=True).select_related("plan"):
        if price.plan.retired_at is None:
            price_ensure(connection, price)
            product_ensure(connection, price.plan)
            bundled_ensure(connection, price)
    for price in PlanPrice.objects.filter(replaced_at__isnull=False).select_related("plan"):
        _price_close(connection, price)
    return StripeObject.objects.filter(connection=connection).count() - before


def _price_close(connection: StripeConnection, price: PlanPrice) -> None:
    """Who pays it goes on paying it; nobody new can."""
    shares = BundleShare.objects.filter(price=price).values_list("pk", flat=True)
    ours = Q(kind=PRICE, ref=str(price.pk)) | Q(kind=SHARE, ref__in=[str(each) for each in shares])
    row = StripeObject.objects.filter(ours, connection=connection).exclude(told="closed")
    for each in row:
        with suppress(StripeMissing):
            ask(connection, lambda v1: v1.prices.update(each.stripe_id, {"active": False}))  # noqa: B023  (called at once)
        each.told = "closed"
        each.save(update_fields=["told"])
