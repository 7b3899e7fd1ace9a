"""What the suppliers register when the room gets ready."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.jobwords import job_words
from core.outbox import handler
from core.resealing import sealed_place
from rewards.kinds import supplied  # noqa: F401  (registers what its kind does)
from rewards.suppliers import telling
from rewards.suppliers.accounts import HOOK_PURPOSE, KEY_PURPOSE
from rewards.suppliers.settling import CODE_PURPOSE, PIN_PURPOSE


def suppliers_register() -> None:
    job_words("suppliers", _("Catalogues and books of suppliers"))
    handler("supplier.order_due")(telling.order_due)
    sealed_place("rewards_supplierconnection", "sealed_secret", KEY_PURPOSE)
    sealed_place("rewards_supplierconnection", "sealed_hook_secret", HOOK_PURPOSE)
    sealed_place("rewards_supplierorder", "sealed", CODE_PURPOSE, lookup="lookup")
    sealed_place("rewards_supplierorder", "sealed_pin", PIN_PURPOSE)
