"""A member as a customer at Stripe: one for each account, found again by what we keep."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from billing.catalog import known, ref_of, stripe_id_of
from billing.models import BillingProfile, StripeConnection, StripeObject
from billing.operations import operation_run
from core.actor import Actor
from members.models import Member

CUSTOMER = "customer"


def profile_of(member: Member) -> BillingProfile:
    return BillingProfile.objects.get_or_create(member=member)[0]


def customer_ensure(connection: StripeConnection, member: Member, actor: Actor) -> str:
    """The member's customer at this account, made if need be. Not in a transaction."""
    found = stripe_id_of(connection, CUSTOMER, str(member.public_id))
    if found is not None:
        return found
    params = {**_told(member), "metadata": {"member": str(member.public_id)}}
    made = operation_run(
        connection=connection, kind="customer_create", subject=str(member.public_id), params=params, actor=actor,
        request=lambda v1, given, options: v1.customers.create(given, options),
    )  # fmt: skip
    known(connection, CUSTOMER, str(member.public_id), made["id"])
    return str(made["id"])


def customer_forget(connection: StripeConnection, customer: str) -> None:
    """It was deleted there: the next subscription begins with a new one."""
    StripeObject.objects.filter(connection=connection, kind=CUSTOMER, stripe_id=customer).delete()


def customer_of(connection: StripeConnection, member: Member) -> str | None:
    return stripe_id_of(connection, CUSTOMER, str(member.public_id))


def member_of(connection: StripeConnection, customer: str) -> Member | None:
    ref = ref_of(connection, CUSTOMER, customer)
    return Member.objects.filter(public_id=UUID(ref)).first() if ref is not None else None


def _told(member: Member) -> dict[str, Any]:
    profile = profile_of(member)
    params: dict[str, Any] = {"preferred_locales": [member.language or "en"]}
    if member.email:
        params["email"] = member.email
    if name := profile.name or member.name:
        params["name"] = name
    if profile.address:
        params["address"] = dict(profile.address)
    return params
