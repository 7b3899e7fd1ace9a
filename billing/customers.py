"""A member as a customer at Stripe: one for each account, found again by what we keep."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from billing.catalog import known, ref_of, stripe_id_of
from billing.errors import StripeMissing, StripeRefused
from billing.gateway import ask
from billing.models import BillingProfile, StripeConnection, StripeObject
from billing.operations import operation_run
from billing.vatnumbers import vat_read, vat_told
from core.actor import Actor
from core.errors import InvalidInput
from core.secrets import seal, unseal
from members.models import Member

CUSTOMER = "customer"
ADDRESS = ("line1", "line2", "postal_code", "city", "country")
LONGEST = {"line1": 200, "line2": 200, "postal_code": 20, "city": 100, "country": 2}
PURPOSE = "invoice_for"


def profile_of(member: Member) -> BillingProfile:
    return BillingProfile.objects.get_or_create(member=member)[0]


class InvoiceFor(Struct, frozen=True):
    """Who an invoice is for, besides the name. address: of ADDRESS what was said."""

    address: dict[str, str] = {}
    vat_id: str = ""


def invoice_for(profile: BillingProfile) -> InvoiceFor:
    """In the clear: for the member and for Stripe."""
    if not profile.sealed:
        return InvoiceFor()
    return msgspec.json.decode(unseal(profile.sealed, purpose=PURPOSE), type=InvoiceFor)


def invoice_for_sealed(told: InvoiceFor) -> str | None:
    if not told.address and not told.vat_id:
        return None
    return seal(msgspec.json.encode(told).decode(), purpose=PURPOSE)


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
    known = invoice_for(profile)
    if known.address:
        params["address"] = dict(known.address)
    if known.vat_id:
        params["tax_id_data"] = [vat_told(known.vat_id)]
    return params


# --- who the invoice is for ------------------------------------------------------------------------------------------
def profile_save(*, member: Member, name: str, address: Mapping[str, str], vat_id: str, actor: Actor) -> BillingProfile:
    """What invoices say from now on, here and at every account that knows the member. Not in a transaction.

    InvalidInput names the field; a VAT number that Stripe doesn't take changes nothing here either.
    """
    told = _address_read(address)
    name, vat_id = name.strip(), vat_read(vat_id)
    if len(name) > 120:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": 120}, field="name")
    before = invoice_for(profile_of(member))
    rows = StripeObject.objects.filter(kind=CUSTOMER, ref=str(member.public_id)).select_related("connection")
    for row in rows:
        if vat_id != before.vat_id:
            _vat_put(row.connection, row.stripe_id, vat_id)
        # Stripe keeps what it isn't told: what was taken out is said as empty.
        params = {"name": name or member.name, "address": {key: told.get(key, "") for key in ADDRESS} if told else ""}
        ask(row.connection, lambda v1: v1.customers.update(row.stripe_id, params))  # noqa: B023  (called at once)
    with transaction.atomic():
        profile = BillingProfile.objects.select_for_update().get(member=member)
        profile.name, profile.sealed = name, invoice_for_sealed(InvoiceFor(told, vat_id))
        profile.save(update_fields=["name", "sealed"])
    return profile


def _address_read(address: Mapping[str, str]) -> dict[str, str]:
    told = {key: str(address.get(key) or "").strip() for key in ADDRESS}
    for key, value in told.items():
        if len(value) > LONGEST[key]:
            raise InvalidInput(_("At most %(n)d characters.") % {"n": LONGEST[key]}, field=f"address.{key}")
    told = {key: value for key, value in told.items() if value}
    if told and re.fullmatch(r"[A-Z]{2}", told.get("country", "")) is None:
        raise InvalidInput(_("Give the country as two letters, such as NL."), field="address.country")
    return told


def _vat_put(connection: StripeConnection, customer: str, vat_id: str) -> None:
    """The new one first: where Stripe refuses it, the old one stays."""
    old = [each["id"] for each in ask(connection, lambda v1: v1.customers.tax_ids.list(customer))["data"]]
    if vat_id:
        try:
            ask(connection, lambda v1: v1.customers.tax_ids.create(customer, vat_told(vat_id)))
        except StripeMissing:
            raise
        except StripeRefused as error:
            raise InvalidInput(_("Stripe doesn’t take this VAT number."), field="vat_id") from error
    for each in old:
        ask(connection, lambda v1: v1.customers.tax_ids.delete(customer, each))  # noqa: B023  (called at once)
