"""Forms of the rewards' pages in the admin."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from core.backoffice.forms import DressedForm
from core.backoffice.words import in_language
from loyalty.models import PointCurrency, Tier
from rewards.catalogue import REWARD_FIELDS
from rewards.models import Reward

MOST_CODES = 1_000_000
MOST_BYTES = 64 * 1024 * 1024


class RewardForm(forms.ModelForm):  # type: ignore[type-arg]
    """currency and tiers are chosen from the program's draft; program and code stay once made."""

    currency = forms.ChoiceField(label=_("Paid in"), widget=widgets.UnfoldAdminSelectWidget)
    tiers = forms.MultipleChoiceField(
        label=_("Only for tiers"),
        required=False,
        widget=widgets.UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None chosen: for everyone."),
    )

    class Meta:
        model = Reward
        fields = (*REWARD_FIELDS, "stock_total")
        help_texts = {
            "code": _("Stays as it is: partners order by it. Small letters, digits and underscores."),
            "pool": _("Each taker gets a code of this pool."),
            "position": _("Lower stands first."),
            "valid_days": _("After that it can't be used any more. Empty: for ever."),
            "unit_cost_minor": _("In cents. Members don't see it."),
            "face_value_minor": _("In cents."),
            "stock_total": _("Pieces in all, what is taken included. Empty: unlimited."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        made = self.instance.pk is not None
        codes = PointCurrency.objects.order_by("position", "id").values_list("code", "body")
        names = {code: in_language(body.get("name_many")) or code for code, body in codes}
        if self.instance.currency:
            names.setdefault(self.instance.currency, self.instance.currency)
        self.fields["currency"].choices = list(names.items())  # type: ignore[attr-defined]
        tiers = Tier.objects.order_by("ladder", "position").values_list("code", "body")
        shown = {code: in_language(body.get("name")) or code for code, body in tiers}
        for code in self.instance.tiers or []:
            shown.setdefault(code, code)
        self.fields["tiers"].choices = list(shown.items())  # type: ignore[attr-defined]
        for name in ("program", "code"):
            if name in self.fields and made:
                self.fields[name].disabled = True


class CodesForm(DressedForm):
    file = forms.FileField(label=_("File"), required=False, help_text=_("CSV or text, up to a million lines, UTF-8."))
    text = forms.CharField(label=_("Or paste them"), required=False, widget=forms.Textarea(attrs={"rows": 8}))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        file = given.get("file")
        if file is None and not given.get("text", "").strip():
            raise forms.ValidationError(_t("Choose a file or paste codes."))
        if file is not None and (file.size > MOST_BYTES or _lines(file) > MOST_CODES):
            raise forms.ValidationError(_t("At most a million codes at once."))
        return given

    def codes(self) -> Iterator[str]:
        """The codes as they are read: of a CSV the first column. UnicodeDecodeError for a file that isn't UTF-8."""
        file = self.cleaned_data.get("file")
        if file is None:
            yield from self.cleaned_data["text"].splitlines()
            return
        file.seek(0)
        for line in io.TextIOWrapper(file, encoding="utf-8-sig"):
            first = line.rstrip("\r\n").partition(";")[0].partition(",")[0]
            yield first.strip().strip('"')


def _lines(file: UploadedFile) -> int:  # type: ignore[type-arg]
    return 1 + sum(int(chunk.count(b"\n")) for chunk in file.chunks())
