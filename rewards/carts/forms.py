"""What staff say when they refund a payment in points."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.backoffice.forms import DressedForm
from rewards.carts.models import CartPayment
from rewards.carts.payments import LineBack


class RefundForm(DressedForm):
    """A field for each article that can still go back, besides points and the reason."""

    points = forms.IntegerField(label=_("Points"), required=False, min_value=1, help_text=_("Instead of articles."))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, payment: CartPayment, **more: Any) -> None:
        super().__init__(*args, **more)
        self._skus = {}
        left: dict[str, int] = {}
        for line in payment.lines:
            left[line["sku"]] = left.get(line["sku"], 0) + line["quantity"] - line["refunded"]
        for index, (sku, pieces) in enumerate(left.items()):
            if pieces:
                self._skus[f"back_{index}"] = sku
                field = forms.IntegerField(label=sku, required=False, min_value=0, max_value=pieces)
                field.help_text = gettext("How many pieces go back, of %(n)d.") % {"n": pieces}
                self.fields[f"back_{index}"] = field
        self.order_fields([*self._skus, "points", "reason"])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("points") and any(given.get(name) for name in self._skus):
            raise forms.ValidationError(gettext("Say which articles or how many points, one of the two."))
        return given

    def wanted(self) -> dict[str, Any]:
        """For payment_refund()."""
        given = self.cleaned_data
        lines = [LineBack(sku, given[name]) for name, sku in self._skus.items() if given.get(name)]
        return {"lines": lines, "points": given.get("points"), "reason": given["reason"]}
