"""Forms that several rooms' pages use, in unfold's dress."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold import widgets

_WIDGETS: list[tuple[type[forms.Field], Any]] = [
    (forms.SplitDateTimeField, widgets.UnfoldAdminSplitDateTimeWidget),
    (forms.DateTimeField, widgets.UnfoldAdminTextInputWidget),
    (forms.DateField, widgets.UnfoldAdminSingleDateWidget),
    (forms.DecimalField, widgets.UnfoldAdminDecimalFieldWidget),
    (forms.IntegerField, widgets.UnfoldAdminIntegerFieldWidget),
    (forms.EmailField, widgets.UnfoldAdminEmailInputWidget),
    (forms.FileField, widgets.UnfoldAdminFileFieldWidget),
    (forms.MultipleChoiceField, widgets.UnfoldAdminCheckboxSelectMultipleWidget),
    (forms.ModelChoiceField, widgets.UnfoldAdminSelectWidget),
    (forms.ChoiceField, widgets.UnfoldAdminSelectWidget),
    (forms.BooleanField, widgets.UnfoldBooleanWidget),
    (forms.CharField, widgets.UnfoldAdminTextInputWidget),
]


def dress(field: forms.Field) -> None:
    """Give a field unfold's widget for its kind, keeping its attributes and choices."""
    if isinstance(field.widget, forms.HiddenInput):
        return
    if isinstance(field.widget, forms.PasswordInput):
        # What was typed is never written back into the page.
        field.widget = widgets.UnfoldAdminPasswordWidget(attrs=dict(field.widget.attrs))
        return
    if isinstance(field.widget, forms.Textarea):
        field.widget = widgets.UnfoldAdminTextareaWidget(attrs=dict(field.widget.attrs))
        return
    for kind, widget in _WIDGETS:
        if isinstance(field, kind):
            attrs = dict(field.widget.attrs)
            choices = getattr(field, "choices", None)
            made = widget(attrs=attrs)
            if getattr(field.widget, "input_type", "") in ("time", "datetime-local"):
                made.input_type = field.widget.input_type
            made.is_required = field.required
            field.widget = made
            if choices is not None:
                field.choices = choices  # type: ignore[attr-defined]  # a field with choices
            return


class DressedForm(forms.Form):
    """A form whose fields look like the rest of the admin, and tell a screen reader about their errors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            dress(field)


class ReasonForm(DressedForm):
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Kept in the audit trail."))
