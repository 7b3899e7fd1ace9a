"""The two forms of a decision."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from claims.forms import KEY, fields_add, reason_texts, shown_value, values_of
from claims.models import Claim
from claims.services import MAX_REASON, Reason
from core.backoffice.forms import dress
from core.templatetags.look import one_time_key
from loyalty.definition.claims import ClaimType


class ApproveForm(forms.Form):
    """The claim's fields, the member's filled in. key: made with the page, so that a double click decides once."""

    key = forms.RegexField(KEY, widget=forms.HiddenInput)

    def __init__(self, claim: Claim, claim_type: ClaimType | None, money: str, posted: Any = None) -> None:
        fields = claim_type.fields if claim_type is not None else ()
        initial = {f"field_{each.code}": shown_value(each, claim.fields.get(each.code), money) for each in fields}
        super().__init__(posted, initial={**initial, "key": one_time_key()}, auto_id="approve_%s")
        self.own, self.money = fields, money
        fields_add(self, fields, money)
        for field in self.fields.values():
            dress(field)

    def values(self) -> dict[str, Any]:
        return values_of(self, self.own, self.money)


class RefuseForm(forms.Form):
    """A reason at a click, or in one's own words. The member reads it."""

    key = forms.RegexField(KEY, widget=forms.HiddenInput)
    preset = forms.ChoiceField(label=gettext_lazy("Reason"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("In your own words"),
        required=False,
        max_length=MAX_REASON,
        help_text=gettext_lazy("The member reads this, as it stands here. It takes the place of the reason above."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, claim_type: ClaimType | None, posted: Any = None) -> None:
        super().__init__(posted, initial={"key": one_time_key()}, auto_id="refuse_%s")
        self.reasons = claim_type.reasons if claim_type is not None else ()
        if self.reasons:
            preset = self.fields["preset"]
            assert isinstance(preset, forms.ChoiceField)
            texts = reason_texts(self.reasons)
            preset.choices = [("", "–"), *((str(at), text) for at, text in enumerate(texts))]
        else:
            del self.fields["preset"]
        for field in self.fields.values():
            dress(field)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("reason", "").strip() and not cleaned.get("preset"):
            self.add_error("reason", _("Say why; the member reads it."))
        return cleaned

    def chosen(self) -> Reason:
        own = str(self.cleaned_data["reason"]).strip()
        return own or self.reasons[int(self.cleaned_data["preset"])]
