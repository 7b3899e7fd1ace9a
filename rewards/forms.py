"""What a member sends to take a reward: that they want it, once."""

from __future__ import annotations

from django import forms


class RedeemForm(forms.Form):
    """key: made with the page, so that sending the form twice takes the reward once."""

    key = forms.RegexField(r"\A[A-Za-z0-9_-]{20,80}\Z", widget=forms.HiddenInput)
