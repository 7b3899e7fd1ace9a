"""What a member sends: that they want a reward, once; where a parcel goes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.countries import COUNTRIES, countries_known
from members.models import Member
from rewards.fulfilment import Address


class RedeemForm(forms.Form):
    """key: made with the page, so that sending the form twice takes the reward once. priced: what the page said it
    costs, as offer_page() puts it."""

    key = forms.RegexField(r"\A[A-Za-z0-9_-]{20,80}\Z", widget=forms.HiddenInput)
    pay_with = forms.CharField(max_length=60, required=False)
    priced = forms.CharField(max_length=64, required=False)


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
        self.fields["country"].choices = [("", _("Choose …")), *known]  # type: ignore[attr-defined]

    def address(self) -> Address:
        return Address(**self.cleaned_data)


def address_guessed(member: Member) -> dict[str, str]:
    """What is known of where a member lives, to begin with."""
    country = str(member.attributes.get("country") or "").upper()
    return {"name": member.name, "country": country if country in COUNTRIES else ""}
