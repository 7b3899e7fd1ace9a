"""Closing a brand and opening it again, without touching what is in it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, NotFound
from tenants.context import platform_context
from tenants.models import Brand, BrandKind, BrandStatus


class NotSwitchable(Conflict):
    code = "brand_not_switchable"
    title = _("This brand can't be suspended or activated.")
    hint = _("Only ordinary brands that are set up can; the operator's own always stays open.")


def brand_status_set(*, slug: str, status: BrandStatus) -> Brand:
    """Suspend or activate. Other processes see it within seconds. Errors: NotFound, NotSwitchable."""
    with platform_context(), transaction.atomic():
        brand = Brand.objects.select_for_update().filter(slug=slug).first()
        if brand is None:
            raise NotFound(_("There is no such brand."), field="slug")
        switchable = {BrandStatus.ACTIVE, BrandStatus.SUSPENDED}
        if brand.kind != BrandKind.BRAND or brand.status not in switchable or status not in switchable:
            raise NotSwitchable
        brand.status = status
        brand.save(update_fields=["status"])
    return brand
