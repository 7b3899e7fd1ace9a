"""The sign-up form. What is allowed is decided by tenants.signup; the form only asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.hooks import program_templates
from tenants.models import Language
from tenants.slugs import MAX_LENGTH


def _address_help() -> str:
    words = gettext("Small letters, digits and hyphens. Leave it empty and we make it from the name.")
    return format_html(
        "{} {} <b>{}</b>",
        words,
        gettext("Your pages will be at"),
        f"{gettext('your-brand')}{settings.BRAND_HOST_SUFFIX}",
    )


class SignupForm(forms.Form):
    name = forms.CharField(
        label=_("Name of your brand"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    slug = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=MAX_LENGTH,
        help_text=lazy(_address_help, str)(),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail"),
        max_length=254,
        help_text=_("You become the brand's owner. We mail you a link to confirm."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    template = forms.ChoiceField(
        label=_("Start with"),
        required=False,
        widget=forms.RadioSelect,
        help_text=_("A program that works at once. Everything in it can be changed later."),
    )
    language = forms.ChoiceField(label=_("Language of your pages"), choices=Language.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        templates = program_templates()
        if not templates:
            del self.fields["template"]
            return
        field = self.fields["template"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (choice.key, format_html("<span><b>{}</b><br>{}</span>", choice.name, choice.description))
            for choice in templates
        ]
        field.initial = templates[0].key

    def clean(self) -> dict[str, Any]:
        """Shapes of signup_request: an empty address is made from the name."""
        given = super().clean() or {}
        given["slug"] = (given.get("slug") or slugify(given.get("name", ""))[:MAX_LENGTH]).strip("-").lower()
        given.setdefault("template", "")
        return given
