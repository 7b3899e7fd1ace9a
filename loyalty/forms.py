"""What members send about their points: a period for a statement, points for another member."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

DAY = {"type": "date"}


class PeriodForm(forms.Form):
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    until = forms.DateField(label=_("Through"), required=False, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))


class GiveForm(forms.Form):
    """key: made with the page, so that sending the form twice gives once. sure: the second step was taken."""

    to = forms.CharField(
        label=_("To whom"), max_length=254, help_text=_("Their e-mail address, or their member number.")
    )
    currency = forms.ChoiceField(label=_("What"), choices=[])
    points = forms.DecimalField(label=_("How many"), min_value=0, max_digits=16, decimal_places=4)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
    key = forms.RegexField(r"\A[A-Za-z0-9_-]{20,80}\Z", widget=forms.HiddenInput)

    def __init__(self, scales: dict[str, tuple[str, int]], *args: Any, **kwargs: Any) -> None:
        """scales: code → (name, digits after the sign)."""
        super().__init__(*args, **kwargs)
        self.scales = scales
        self.fields["currency"].choices = [(code, name) for code, (name, _scale) in scales.items()]  # type: ignore[attr-defined]  # a field with choices
        if len(scales) == 1:
            self.fields["currency"].widget = forms.HiddenInput()
            self.fields["currency"].initial = next(iter(scales))
        if not any(scale for _name, scale in scales.values()):
            self.fields["points"].widget = forms.NumberInput(attrs={"step": "1", "min": "1", "inputmode": "numeric"})

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        points, code = given.get("points"), given.get("currency")
        if points is not None and code in self.scales:
            minor = Decimal(points).scaleb(self.scales[code][1])
            if minor != minor.to_integral_value():
                self.add_error("points", _("Points can't be divided as finely as that."))
            elif minor <= 0:
                self.add_error("points", _("Say how many points, more than 0."))
            else:
                given["minor"] = int(minor)
        return given
