"""What members send: one-time keys, a choice of price, what was shown of a change, why they leave, who an invoice is
for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.customers import LONGEST, invoice_for
from billing.leaving import LONGEST as LONGEST_COMMENT
from billing.models import BillingProfile
from core.countries import countries_known
from core.errors import DomainError


class KeyForm(forms.Form):
    """key: made with the page, so that sending the form twice does it once."""

    key = forms.RegexField(r"\A[A-Za-z0-9_-]{20,80}\Z", widget=forms.HiddenInput)


class JoinForm(KeyForm):
    price = forms.CharField(max_length=20, required=False)
    promotion_code = forms.CharField(max_length=60, required=False)


class ChangeForm(KeyForm):
    """shown_at, due_minor: what the page said, to be told again: should it differ by then, nothing is changed."""

    shown_at = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M:%S%z"])
    due_minor = forms.IntegerField(min_value=0)


class PauseForm(KeyForm):
    """months: left out for the next payment alone."""

    months = forms.IntegerField(min_value=1, max_value=12, required=False)


REASONS = [
    ("too_expensive", _("It costs too much")),
    ("unused", _("I don’t use it enough")),
    ("missing_features", _("It lacks something I need")),
    ("switched", _("I found something else")),
    ("hard_to_use", _("It’s too complicated")),
    ("service", _("I’m not happy with the service")),
    ("quality", _("I’m not happy with the quality")),
    ("other", _("Something else")),
]


class ReasonForm(forms.Form):
    """Why somebody leaves. Nobody has to say."""

    reason = forms.ChoiceField(label=_("What’s the reason?"), choices=REASONS, widget=forms.RadioSelect, required=False)
    comment = forms.CharField(
        label=_("Anything you’d like to tell us"), max_length=LONGEST_COMMENT, required=False,
        widget=forms.Textarea({"rows": 3}),
    )  # fmt: skip

    def __init__(self, *args: Any, reasons: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        """reasons: the brand's own, in place of the product's."""
        super().__init__(*args, **kwargs)
        if reasons:
            self.fields["reason"].choices = list(reasons)  # type: ignore[attr-defined]  # a ChoiceField


class DetailsForm(forms.Form):
    name = forms.CharField(
        label=_("Name or company"), max_length=120, required=False,
        widget=forms.TextInput({"autocomplete": "organization"}),
    )  # fmt: skip
    line1 = forms.CharField(
        label=_("Street and number"), max_length=LONGEST["line1"], required=False,
        widget=forms.TextInput({"autocomplete": "address-line1"}),
    )  # fmt: skip
    line2 = forms.CharField(
        label=_("Addition"), max_length=LONGEST["line2"], required=False,
        widget=forms.TextInput({"autocomplete": "address-line2"}),
    )  # fmt: skip
    postal_code = forms.CharField(
        label=_("Postcode"), max_length=LONGEST["postal_code"], required=False,
        widget=forms.TextInput({"autocomplete": "postal-code"}),
    )  # fmt: skip
    city = forms.CharField(
        label=_("Town"), max_length=LONGEST["city"], required=False,
        widget=forms.TextInput({"autocomplete": "address-level2"}),
    )  # fmt: skip
    country = forms.ChoiceField(label=_("Country"), required=False, widget=forms.Select({"autocomplete": "country"}))
    vat_id = forms.CharField(
        label=_("VAT number"), max_length=30, required=False,
        help_text=_("Of a company in the EU, the United Kingdom, Switzerland or Norway, such as NL123456789B13."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Named when the page is made: their order follows the reader's language.
        self.fields["country"].choices = [("", _("Choose …")), *countries_known(None)]  # type: ignore[attr-defined]  # a field with choices

    def address(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in LONGEST}

    def refuse(self, error: DomainError, words: str) -> None:
        """Put a refusal beside the field that it is about, or above the form."""
        name = (error.field or "").removeprefix("address.")
        self.add_error(name if name in self.fields else None, words)


def details_known(profile: BillingProfile, name: str) -> dict[str, str]:
    """What is kept, to begin with."""
    known = invoice_for(profile)
    return {"name": profile.name or name, "vat_id": known.vat_id, **known.address}
