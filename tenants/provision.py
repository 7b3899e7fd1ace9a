"""How a brand comes into being and how it goes: a row, a schema from the template's script, the rooms' hooks, a host.

Either all of it is there afterwards or none of it. What a killed process left behind is cleared by the next attempt at
the same address, which an advisory lock makes the only one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import get_urlconf, set_urlconf
from django.utils.translation import gettext_lazy as _

from core.database import OwnerConnection, app_role, identifier, owner_connection, run_script, schema_present
from core.errors import DomainError, NotFound
from core.ids import uuid7
from tenants.context import brand_context, platform_context
from tenants.ddl import schema_create_script
from tenants.grants import grant_statements
from tenants.hooks import provisioned_hooks
from tenants.models import Brand, BrandKind, BrandSignup, BrandStatus, Domain, SignupState
from tenants.slugs import SlugTaken, schema_of, slug_check

log = logging.getLogger(__name__)

StepReport = Callable[[str, int], None]
# Dropping waits for whoever still reads the schema, but not for ever.
DROP_LOCK_TIMEOUT = "10s"


class ProvisionFailed(DomainError):
    """Nothing is left of the brand. detail says why, in words for the person who signed up."""

    code, status = "provision_failed", 500
    title = _("The brand could not be set up. Nothing was left behind.")
    hint = _("Try again; if it fails again, tell us.")


def brand_provision(
    *,
    slug: str,
    name: str,
    owner_email: str,
    template: str = "",
    language: str = "en",
    kind: str = BrandKind.BRAND,
    signup: BrandSignup | None = None,
    on_step: StepReport = lambda step, percent: None,
    **look: Any,
) -> Brand:
    """Make a brand and return it, open for business.

    look: further fields of Brand (time_zone, color_primary, …). on_step(step, percent) is called before each step.
    Errors: SlugInvalid, SlugReserved, SlugTaken; ProvisionFailed after everything was undone.
    """
    slug_check(slug, reserved_too=kind == BrandKind.BRAND)
    carrier = signup or BrandSignup(
        id=uuid7(), name=name, slug=slug, email=owner_email, template=template, language=language
    )
    with owner_connection() as owner, platform_context():
        _claim(owner, slug)
        on_step("claim", 5)
        brand = _row_create(slug=slug, name=name, language=language, kind=kind, **look)
        try:
            on_step("schema", 15)
            _schema_create(owner, brand.schema_name)
            on_step("program", 60)
            _hooks_run(brand, carrier)
            on_step("address", 90)
            _open(brand)
        except Exception as error:
            _undo(owner, brand)
            log.exception("brand %s could not be set up", slug)
            raise ProvisionFailed(_reason(error)) from error
    return brand


def brand_drop(*, slug: str) -> None:
    """Remove a brand, its schema and its hosts. Not undoable. Errors: NotFound."""
    with platform_context():
        brand = Brand.objects.filter(slug=slug).first()
        if brand is None or brand.kind == BrandKind.TEMPLATE:
            raise NotFound(_("There is no such brand."), field="slug")
        # Closed first: requests get 503 from here on and let go of the tables.
        Brand.objects.filter(pk=brand.pk).update(status=BrandStatus.SUSPENDED)
        with owner_connection() as owner:
            _undo(owner, brand)


def _claim(owner: OwnerConnection, slug: str) -> None:
    """Be the only one who sets this address up until `owner` closes; clear what a killed process left."""
    schema = schema_of(slug)
    row = owner.execute(
        "SELECT pg_try_advisory_lock(hashtext('stamgast.provision'), hashtext(%s))", [schema]
    ).fetchone()
    if not row or not row[0]:
        raise SlugTaken(_("This address is being set up right now."), field="slug")
    left = Brand.objects.filter(slug=slug).first()
    if left is not None and left.status in {BrandStatus.PROVISIONING, BrandStatus.FAILED}:
        _undo(owner, left)
    elif left is not None or schema_present(owner, schema):
        raise SlugTaken(field="slug")


def _row_create(*, slug: str, **fields: Any) -> Brand:
    brand = Brand(slug=slug, schema_name=schema_of(slug), status=BrandStatus.PROVISIONING, **fields)
    try:
        with transaction.atomic():
            brand.save()
    except IntegrityError as error:
        raise SlugTaken(field="slug") from error
    return brand


def _schema_create(owner: OwnerConnection, schema: str) -> None:
    role = app_role()
    with owner.transaction():
        script = schema_create_script(owner, template=settings.TEMPLATE_SCHEMA, schema=schema)
        grants = grant_statements(schema, role) if role else []
        run_script(owner, ";\n".join([script, *grants]))


def _hooks_run(brand: Brand, signup: BrandSignup) -> None:
    # Where tasks run inside the request (eagerly), the thread's URLs are still the platform's; mails link to the brand.
    before = get_urlconf()
    set_urlconf(settings.ROOT_URLCONF)
    try:
        with brand_context(brand), transaction.atomic():
            for function in provisioned_hooks():
                function(brand, signup)
    finally:
        set_urlconf(before)


def _open(brand: Brand) -> None:
    with transaction.atomic():
        Domain.objects.create(domain=f"{brand.slug}{settings.BRAND_HOST_SUFFIX}", tenant=brand, is_primary=True)
        brand.status = BrandStatus.ACTIVE
        brand.save(update_fields=["status"])


def _undo(owner: OwnerConnection, brand: Brand) -> None:
    """Remove schema and rows, in an order that leaves the row, and so the address, until the schema is gone."""
    with owner.transaction():
        owner.execute(f"SET LOCAL lock_timeout = '{DROP_LOCK_TIMEOUT}'".encode())
        owner.execute(f"DROP SCHEMA IF EXISTS {identifier(brand.schema_name)} CASCADE".encode())
    with transaction.atomic():
        BrandSignup.objects.filter(brand_id=brand.pk, state=SignupState.DONE).update(
            state=SignupState.FAILED, error="removed", brand=None
        )
        Brand.objects.filter(pk=brand.pk).delete()


def _reason(error: Exception) -> str:
    """Why, in words that may be shown: our own errors say it themselves, others only what kind they are."""
    if isinstance(error, DomainError):
        return str(error.detail)
    if isinstance(error, psycopg.OperationalError):
        return str(_("The database could not be reached."))
    return str(_("Something on our side went wrong (%(kind)s).")) % {"kind": type(error).__name__}
