"""Forms of the program's own page: settings, a new program, publishing, importing."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.backoffice.forms import DressedForm
from loyalty.admin.countback import CountersForm
from loyalty.admin.laddercounts import LaddersForm
from loyalty.definition.parsing import MAX_BYTES
from loyalty.models import Program

# Names that people choose from; the rest of the list is for machines.
_REGIONS = ("Europe/", "America/", "Asia/", "Africa/", "Australia/", "Atlantic/", "Pacific/", "Indian/")
MONEY = ["EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "JPY", "CAD", "AUD"]


def zones() -> list[tuple[str, str]]:
    return [("UTC", "UTC"), *((name, name) for name in sorted(available_timezones()) if name.startswith(_REGIONS))]


class NewProgramForm(DressedForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.SlugField(
        label=_("Short name"), max_length=40, help_text=_("Partners send it to say which program is meant.")
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones)
    money_currency = forms.ChoiceField(label=_("Money"), choices=[(code, code) for code in MONEY])

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if Program.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_t("There is a program of this name."))
        return slug


def starter_document(asked: dict[str, Any]) -> dict[str, Any]:
    """The smallest program that works: one currency, one point for every unit of money."""
    return {
        "program": {
            "name": asked["name"],
            "time_zone": asked["time_zone"],
            "money_currency": asked["money_currency"],
        },
        "currencies": [
            {
                "code": "points",
                "name_one": {"en": "point", "nl": "punt"},
                "name_many": {"en": "points", "nl": "punten"},
            }
        ],
        "rules": [
            {
                "code": "per_money",
                "name": {"en": "Points for every order", "nl": "Punten voor elke bestelling"},
                "trigger": "order.paid",
                "effects": [{"kind": "points_per_money", "currency": "points", "points": 1}],
            }
        ],
    }


class PublishForm(CountersForm, LaddersForm):
    note = forms.CharField(
        label=_("Note"), max_length=300, required=False, help_text=_("What this version is about, for later.")
    )
    in_force_from = forms.DateTimeField(
        label=_("In force from"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Empty: now. By the brand's clock."),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


class AgainForm(PublishForm):
    """Publish an older version again. newest: the version with which it was compared."""

    draft_too = forms.BooleanField(
        label=_("Replace the draft with it too"),
        required=False,
        help_text=_("Otherwise the draft stays as it is, and its changes wait as before."),
    )
    newest = forms.IntegerField(widget=forms.HiddenInput)


class WithdrawForm(DressedForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, help_text=_("Why it is taken back, for later.")
    )


class ImportForm(DressedForm):
    file = forms.FileField(label=_("File"), required=False, help_text=_("YAML or JSON, as exported here."))
    text = forms.CharField(
        label=_("Or paste it"), required=False, widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"})
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        file = given.get("file")
        if file is None and not given.get("text", "").strip():
            raise forms.ValidationError(_t("Choose a file or paste a text."))
        if file is not None and file.size > MAX_BYTES:
            raise forms.ValidationError(_t("The file is too large."))
        return given

    def source(self) -> bytes | str:
        file = self.cleaned_data.get("file")
        return bytes(file.read()) if file is not None else str(self.cleaned_data["text"])
