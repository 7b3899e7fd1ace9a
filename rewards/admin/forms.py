"""Forms of the rewards' pages in the admin."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.backoffice.forms import DressedForm

MOST_CODES = 1_000_000
MOST_BYTES = 64 * 1024 * 1024


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
