"""What members set about bringing friends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.backoffice.base import refusal_text
from core.errors import DomainError
from referrals.codes import MAX_NAME


class ShareForm(forms.Form):
    """The name that friends read and, where the program lets members choose, the code."""

    display_name = forms.CharField(
        label=_("The name that your friends see"),
        required=False,
        max_length=MAX_NAME,
        help_text=_("Leave it empty and they only read that a friend invites them."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    code = forms.CharField(
        label=_("Your own code"),
        max_length=40,
        help_text=_("4 to 24 letters and digits. Links that you shared before go on working."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, own_codes: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not own_codes:
            del self.fields["code"]

    def refuse(self, error: DomainError) -> None:
        """Put a refusal beside the field that it is about, or above the form."""
        self.add_error(error.field if error.field in self.fields else None, refusal_text(error))
