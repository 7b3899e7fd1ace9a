"""Forms made from what the document asks for: the member's and the staff's are of the same fields."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from claims.pictures import MAX_FILE
from claims.values import MAX_TEXT
from core.backoffice.base import refusal_text
from core.backoffice.words import in_language
from core.errors import DomainError
from loyalty.definition.basics import LocalText, money_digits
from loyalty.definition.claims import ClaimField, ClaimType
from loyalty.definition.translation import text_in
from loyalty.moneywords import money_words

PREFIX = "field_"
KEY = r"\A[A-Za-z0-9_-]{20,80}\Z"
PICTURES = "image/jpeg,image/png,image/webp"


def local(text: LocalText) -> str:
    """A text of the document in the reader's language."""
    return text_in(text, (get_language() or "en")[:2])


def form_field(field: ClaimField, money: str) -> forms.Field:
    """The form's field for one of the document's. money: ISO 4217, for amounts."""
    said: dict[str, Any] = {"label": local(field.name), "help_text": local(field.description), "required": field.needed}
    match field.kind:
        case "number":
            return forms.IntegerField(min_value=field.least, max_value=field.most, **said)
        case "money":
            digits = money_digits(money)
            said["label"] = f"{said['label']} ({money})"
            unit = Decimal(1).scaleb(-digits)
            most = None if field.most is None else field.most * unit
            return forms.DecimalField(
                min_value=field.least * unit, max_value=most, max_digits=14, decimal_places=digits, **said
            )
        case "date":
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **said)
        case "choice":
            choices = [(each.code, local(each.name)) for each in field.choices]
            return forms.ChoiceField(choices=[("", "–"), *choices], **said)
    return forms.CharField(max_length=MAX_TEXT, **said)


def fields_add(form: forms.Form, fields: Iterable[ClaimField], money: str) -> None:
    for each in fields:
        form.fields[PREFIX + each.code] = form_field(each, money)


def values_of(form: forms.Form, fields: Iterable[ClaimField], money: str) -> dict[str, Any]:
    """What was filled in, as the services take it."""
    found: dict[str, Any] = {}
    for each in fields:
        value = form.cleaned_data.get(PREFIX + each.code)
        if isinstance(value, Decimal):
            value = int(value.scaleb(money_digits(money)))
        elif isinstance(value, date):
            value = value.isoformat()
        if value not in (None, ""):
            found[each.code] = value
    return found


def shown_value(field: ClaimField, value: Any, money: str) -> Any:
    """A kept value as the form's field takes it."""
    if value is None:
        return None
    if field.kind == "money":
        return Decimal(value).scaleb(-money_digits(money))
    return value


def told_values(claim_type: ClaimType | None, values: dict[str, Any], money: str) -> list[tuple[str, Any]]:
    """(name, value) for reading, in the document's order; codes where the document has no such field any more."""
    fields = {each.code: each for each in claim_type.fields} if claim_type is not None else {}
    order = [*(code for code in fields if code in values), *(code for code in values if code not in fields)]
    return [
        (local(fields[code].name) if code in fields else code, _told(fields.get(code), values[code], money))
        for code in order
    ]


def _told(field: ClaimField | None, value: Any, money: str) -> Any:
    if field is None:
        return value
    if field.kind == "choice":
        return next((local(each.name) for each in field.choices if each.code == value), value)
    if field.kind == "money":
        return money_words(int(value), money)
    if field.kind == "date":
        return date.fromisoformat(value)
    return value


def refusal_place(form: forms.Form, error: DomainError) -> None:
    """Put a refusal beside the field that it is about, or above the form."""
    name = (error.field or "").replace("fields.", PREFIX, 1)
    form.add_error(name if name in form.fields else None, refusal_text(error))


class ClaimForm(forms.Form):
    """What a member sends. key: made with the page, so that sending the form twice makes one claim."""

    key = forms.RegexField(KEY, widget=forms.HiddenInput)

    def __init__(self, claim_type: ClaimType, money: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.claim_type, self.money = claim_type, money
        self.own = [each for each in claim_type.fields if each.by == "member"]
        for proof in claim_type.proofs:
            made = _PROOFS[proof.kind]()
            made.required = proof.needed
            made.widget.is_required = proof.needed
            self.fields[proof.kind] = made
        fields_add(self, self.own, money)

    def values(self) -> dict[str, Any]:
        return values_of(self, self.own, self.money)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for kind in ("photo", "receipt"):
            file = cleaned.get(kind)
            if file is not None and file.size > MAX_FILE:
                self.add_error(kind, _("The file is larger than %(n)d MB.") % {"n": MAX_FILE // 1024**2})
        return cleaned


def _link() -> forms.Field:
    return forms.CharField(
        label=gettext_lazy("Link"), max_length=500,
        widget=forms.URLInput(attrs={"inputmode": "url", "autocomplete": "url", "placeholder": "https://"}),
    )  # fmt: skip


def _text() -> forms.Field:
    return forms.CharField(label=gettext_lazy("Your words"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))


def _photo() -> forms.Field:
    return forms.FileField(
        label=gettext_lazy("Photo"),
        help_text=gettext_lazy(
            "JPEG, PNG or WebP, 10 MB at most. Hidden details, such as where it was taken, are removed from it."
        ),
        widget=forms.FileInput(attrs={"accept": PICTURES, "capture": "environment"}),
    )


def _receipt() -> forms.Field:
    return forms.FileField(
        label=gettext_lazy("Receipt"),
        help_text=gettext_lazy(
            "A photo or a PDF, 10 MB at most. Hidden details are removed from a photo; a PDF is kept as it is."
        ),
        widget=forms.FileInput(attrs={"accept": f"{PICTURES},application/pdf"}),
    )


_PROOFS = {"link": _link, "text": _text, "photo": _photo, "receipt": _receipt}


def reason_texts(reasons: Iterable[LocalText]) -> list[str]:
    return [in_language(each) for each in reasons]
