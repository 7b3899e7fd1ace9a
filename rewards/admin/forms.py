"""Forms of the rewards' pages in the admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.backoffice.forms import DressedForm
from rewards.poolfiles import codes_of

# Pasted lines up to so many are brought in while one waits; everything else by a worker.
AT_ONCE = 2_000


class CodesForm(DressedForm):
    file = forms.FileField(label=_("File"), required=False, help_text=_("CSV or text, up to a million lines, UTF-8."))
    text = forms.CharField(label=_("Or paste them"), required=False, widget=forms.Textarea(attrs={"rows": 8}))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("file") is None and not given.get("text", "").strip() and not self.errors:
            raise forms.ValidationError(_t("Choose a file or paste codes."))
        return given

    @property
    def filename(self) -> str:
        file = self.cleaned_data.get("file")
        return str(file.name) if file is not None else _t("pasted codes")

    @property
    def at_once(self) -> bool:
        return self.cleaned_data.get("file") is None and self.cleaned_data["text"].count("\n") < AT_ONCE

    def codes(self) -> Iterator[str]:
        """The codes as they are read. UnreadableFile while they are, for a file that isn't text in UTF-8."""
        file = self.cleaned_data.get("file")
        if file is None:
            yield from self.cleaned_data["text"].splitlines()
            return
        file.seek(0)
        yield from codes_of(file.file)
