"""What the kinds of reward are called."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

KINDS: dict[str, Any] = {
    "free_product": _("free product"),
    "discount_code": _("discount code"),
    "pool_code": _("code from a pool"),
    "gift_card": _("gift card"),
    "store_credit": _("store credit"),
    "physical": _("something that is sent"),
    "experience": _("experience"),
    "content": _("for members only"),
    "donation": _("donation"),
    "sweepstake_entry": _("entry in a sweepstake"),
    "supplied": _("from a supplier"),
}


def kind_word(tag: str) -> str:
    return str(KINDS.get(tag, tag.replace("_", " ")))
