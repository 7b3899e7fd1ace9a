"""Forms about people: joining, the profile, consents, the language."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm as AccountSignupForm
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.countries import countries_known, country_name
from members.joining import join_intent_record
from members.models import Consent, Member, User


class SignupForm(AccountSignupForm):  # type: ignore[misc]  # its base has no types
    """Joining: address, password, name, language and what one agrees to. Named in settings.ACCOUNT_FORMS."""

    field_order = ("name", "email", "password1", "language", "terms", "marketing")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(
            label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
        )
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"), choices=settings.LANGUAGES, initial=get_language() or settings.LANGUAGE_CODE
        )
        self.fields["terms"] = forms.BooleanField(
            label=format_html(
                '{} <a class="link" href="/terms/" target="_blank">{}</a>',
                _("I agree to the"),
                _("terms of the program"),
            ),
            error_messages={"required": _("You can only join when you agree to the terms.")},
        )
        self.fields["marketing"] = forms.BooleanField(
            label=_("Send me offers by e-mail"), required=False, help_text=_("You can change this at any time.")
        )
        self.fields["password1"].help_text = _("At least 10 characters, and nothing that others would guess.")
        self.order_fields(self.field_order)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            # As long as making an account takes, or the clock would tell who has one.
            User().set_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.language = self.cleaned_data["language"]
        user.save(update_fields=["name", "language"])
        join_intent_record(user=user, request=request, marketing=self.cleaned_data["marketing"])


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in its stubs alone
    """What a member tells about themselves. The e-mail is proven elsewhere."""

    class Meta:
        model = Member
        fields = ("name", "phone", "birth_date", "language")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
            "birth_date": forms.DateInput(attrs={"autocomplete": "bday", "type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {"birth_date": _("For a surprise on your birthday.")}

    country = forms.ChoiceField(label=_("Country"), required=False, widget=forms.Select({"autocomplete": "country"}))
    field_order = ("name", "phone", "birth_date", "country", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.fields["country"]
        known = str(self.instance.attributes.get("country") or "").upper()
        choices = countries_known()
        if known:
            # Rewards may be for one country: who has told theirs doesn't change it from one to the next.
            self.initial["country"], country.disabled = known, True
            country.help_text = _("Have you moved? Please contact us.")
            choices = [(known, country_name(known))]
        else:
            country.help_text = _("Some rewards are for some countries only.")
        country.choices = [*([] if known else [("", _("Choose …"))]), *choices]  # type: ignore[attr-defined]  # a ChoiceField

    def told(self) -> dict[str, Any]:
        """What is to be changed, as members.services.member_update takes it."""
        changes = dict(self.cleaned_data)
        country = changes.pop("country")
        if country and not self.fields["country"].disabled:
            changes["attributes"] = {"country": country}
        return changes


class StaffProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in its stubs alone
    """The same for staff, who are no members."""

    class Meta:
        model = User
        fields = ("name", "language")


class ConsentForm(forms.Form):
    """The consents that can be withdrawn. That to the terms ends with the membership."""

    marketing_email = forms.BooleanField(
        label=_("Send me offers by e-mail"), required=False, help_text=_("News about your points always reaches you.")
    )
    profiling = forms.BooleanField(
        label=_("Make me offers that fit what I buy"), required=False, help_text=_("We look at your orders for it.")
    )

    PURPOSES = (Consent.Purpose.MARKETING_EMAIL, Consent.Purpose.PROFILING)


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=settings.LANGUAGES)
