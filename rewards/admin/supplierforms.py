"""Forms of the suppliers' pages in the admin. A key is typed in and never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from core.backoffice.forms import DressedForm, dress
from core.backoffice.words import in_language
from loyalty.models import PointCurrency
from rewards.suppliers.models import SupplierConnection, SupplierProduct
from rewards.suppliers.pricing import minor_of, shown
from rewards.suppliers.registry import kinds


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in its stubs alone
    """rates: one a line, `EUR 100`. countries: two letters each, with spaces or commas between."""

    supplier = forms.ChoiceField(label=_("Supplier"), widget=widgets.UnfoldAdminSelectWidget)
    currency = forms.ChoiceField(label=_("Paid in"), widget=widgets.UnfoldAdminSelectWidget)
    rates = forms.CharField(
        label=_("Points for one whole unit of money"),
        widget=widgets.UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("One a line, such as: EUR 100. What is sold in another currency isn’t offered."),
    )
    countries = forms.CharField(
        label=_("Countries"),
        required=False,
        widget=widgets.UnfoldAdminTextInputWidget,
        help_text=_("Such as: NL, BE. Empty: everywhere."),
    )
    secret = forms.CharField(
        label=_("Key"),
        required=False,
        max_length=500,
        widget=widgets.UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text=_("Kept sealed and never shown again. A new address needs the key again."),
    )

    class Meta:
        model = SupplierConnection
        fields = (
            "program", "code", "name", "supplier", "base_url", "secret", "currency", "rates", "rounding", "round_to",
            "countries", "low_balance_minor",
        )  # fmt: skip
        help_texts = {
            "code": _("Stays as it is: the program’s document names the supplier by it."),
            "base_url": _("Where its API is, with https."),
            "low_balance_minor": _("In cents of the account at the supplier. The team is told."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "program" not in self.fields:
            return  # of one who may only look
        self.fields["supplier"].choices = [(each.name, each.title) for each in kinds().values()]  # type: ignore[attr-defined]  # a field with choices
        codes = PointCurrency.objects.order_by("position", "id").values_list("code", "body")
        names = {code: in_language(body.get("name_many")) or code for code, body in codes}
        self.fields["currency"].choices = list(names.items())  # type: ignore[attr-defined]  # a field with choices
        if self.instance.pk is not None:
            self.initial["rates"] = "\n".join(f"{each} {rate}" for each, rate in self.instance.rates.items())
            self.initial["countries"] = ", ".join(self.instance.countries)
            for name in ("program", "code", "supplier"):
                self.fields[name].disabled = True
        else:
            self.fields["secret"].required = True

    def clean_rates(self) -> dict[str, str]:
        """What a line says; the service says what of it can't be."""
        read = {}
        for line in self.cleaned_data["rates"].splitlines():
            words = line.replace("=", " ").replace(":", " ").split()
            if words:
                read[words[0].upper()] = " ".join(words[1:]).replace(",", ".")
        return read

    def clean_countries(self) -> list[str]:
        told: str = self.cleaned_data["countries"]
        return told.replace(",", " ").upper().split()


class SecretForm(DressedForm):
    secret = forms.CharField(
        label=_("New key"),
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("It is tried first; if the supplier refuses it, the old one stays."),
    )


class AmountField(forms.CharField):
    """An amount as people write it, in minor units afterwards, between two bounds."""

    def __init__(self, *, currency: str, least: int, most: int, step: int, **kwargs: Any) -> None:
        self.currency, self.least, self.most = currency, least, most
        bounds = {"least": shown(least, currency), "most": shown(most, currency), "step": shown(step, currency)}
        super().__init__(
            label=_("Amount in %(currency)s") % {"currency": currency},
            help_text=_("From %(least)s to %(most)s, in steps of %(step)s.") % bounds,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            max_length=24,
            **kwargs,
        )

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        try:
            amount = minor_of(text, self.currency)
        except ValueError as error:
            said = _t("“%(text)s” is no amount in %(currency)s. Write it as %(example)s.")
            example = shown(self.least, self.currency).removesuffix(f" {self.currency}")
            values = {"text": text, "currency": self.currency, "example": example}
            raise forms.ValidationError(said % values) from error
        if not self.least <= amount <= self.most:
            raise forms.ValidationError(self.help_text)
        return amount


class OfferForm(DressedForm):
    """amount: one of the denominations, or any that the range has."""

    name = forms.CharField(
        label=_("Name"), required=False, max_length=120, help_text=_("Empty: the product’s name and the amount.")
    )
    price = forms.IntegerField(
        label=_("Price in points"),
        required=False,
        min_value=1,
        max_value=10**12,
        help_text=_("Empty: by the supplier’s rate, and it follows the rate."),
    )

    field_order = ("value_minor", "price", "name")

    def __init__(self, product: SupplierProduct, *args: Any, **kwargs: Any) -> None:
        amount: forms.Field
        if product.values:
            choices = [(each, shown(each, product.money_currency)) for each in product.values]
            amount = forms.TypedChoiceField(label=_("Amount"), choices=choices, coerce=int)
        else:
            amount = AmountField(
                currency=product.money_currency,
                least=product.least_minor,
                most=product.most_minor,
                step=product.step_minor,
            )
        super().__init__(*args, **kwargs)
        dress(amount)
        self.fields["value_minor"] = amount
        self.order_fields(self.field_order)


class SpanForm(DressedForm):
    days = forms.IntegerField(
        label=_("How many days back"), min_value=1, max_value=92, initial=8, help_text=_("At most 92.")
    )
