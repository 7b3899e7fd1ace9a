"""What a member sends: that they want a reward, once; where a parcel goes."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from rewards.fulfilment import Address


class RedeemForm(forms.Form):
    """key: made with the page, so that sending the form twice takes the reward once."""

    key = forms.RegexField(r"\A[A-Za-z0-9_-]{20,80}\Z", widget=forms.HiddenInput)
    pay_with = forms.CharField(max_length=60, required=False)


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
    country = forms.RegexField(
        r"\A[A-Za-z]{2}\Z",
        label=_("Country, two letters"),
        widget=forms.TextInput({"autocomplete": "country", "size": 2}),
        error_messages={"invalid": _("Two letters, such as NL.")},
    )

    def address(self) -> Address:
        given = self.cleaned_data
        return Address(**{**given, "country": given["country"].upper()})
