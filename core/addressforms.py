"""The form in which somebody says where a parcel goes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.addresses import Address
from core.countries import countries_known


class AddressForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    street = forms.CharField(
        label=_("Street and number"), max_length=120, widget=forms.TextInput({"autocomplete": "street-address"})
    )
    extra = forms.CharField(
        label=_("Addition"), max_length=120, required=False, widget=forms.TextInput({"autocomplete": "address-line2"})
    )
    postcode = forms.CharField(
        label=_("Postcode"), max_length=20, widget=forms.TextInput({"autocomplete": "postal-code"})
    )
    city = forms.CharField(label=_("Town"), max_length=120, widget=forms.TextInput({"autocomplete": "address-level2"}))
    country = forms.ChoiceField(label=_("Country"), widget=forms.Select({"autocomplete": "country"}))

    def __init__(self, *args: Any, countries: tuple[str, ...] = (), **kwargs: Any) -> None:
        """countries: where it may go; none: anywhere."""
        super().__init__(*args, **kwargs)
        # Named when the page is made: their order follows the reader's language.
        known = countries_known(countries or None)
        if len(countries) == 1:
            self.initial["country"] = countries[0]
        self.fields["country"].choices = [("", _("Choose …")), *known]  # type: ignore[attr-defined]  # a choice field

    def address(self) -> Address:
        names = ("name", "street", "extra", "postcode", "city", "country")
        return Address(**{name: self.cleaned_data[name] for name in names})
