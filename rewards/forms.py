"""What a member sends: that they want a reward, once; where a parcel goes."""

from __future__ import annotations

from django import forms

from core.addressforms import AddressForm as AddressForm
from core.countries import COUNTRIES
from members.models import Member


class RedeemForm(forms.Form):
    """key: made with the page, so that sending the form twice takes the reward once. priced: what the page said it
    costs, as offer_page() puts it."""

    key = forms.RegexField(r"\A[A-Za-z0-9_-]{20,80}\Z", widget=forms.HiddenInput)
    pay_with = forms.CharField(max_length=60, required=False)
    priced = forms.CharField(max_length=64, required=False)


def address_guessed(member: Member) -> dict[str, str]:
    """What is known of where a member lives, to begin with."""
    country = str(member.attributes.get("country") or "").upper()
    return {"name": member.name, "country": country if country in COUNTRIES else ""}
