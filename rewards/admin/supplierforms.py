"""Forms of the suppliers' pages in the admin. A key is typed in and never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from core.backoffice.forms import DressedForm, dress
from core.backoffice.words import in_language
from loyalty.admin.amounts import money
from loyalty.models import PointCurrency
from rewards.suppliers.models import SupplierConnection, SupplierProduct
from rewards.suppliers.pricing import digits_of, minor_of, plain
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
        if "low_balance_minor" in self.fields:
            self.fields["low_balance_minor"] = self._limit()

    def _limit(self) -> forms.Field:
        """What of an empty field is 0. Its currency is the account's, which the supplier told."""
        currency = self.instance.balance_currency
        field = MoneyField(
            currency=currency,
            label=_("Pause the sale when the balance is below, in %(currency)s") % {"currency": currency},
            help_text=_("Such as %(example)s. The team is told, and it goes on once there is more.")
            % {"example": plain(250 * int(10 ** digits_of(currency)), currency)},
            required=False,
            empty=0,
        )
        field.widget = widgets.UnfoldAdminTextInputWidget(attrs=field.widget.attrs)
        return field

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


class MoneyField(forms.CharField):
    """An amount as people write it, in minor units afterwards. empty: what nothing is, where it isn't required."""

    def __init__(self, *, currency: str, empty: int | None = None, **kwargs: Any) -> None:
        self.currency, self.empty = currency, empty
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(widget=widget, max_length=24, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return plain(value, self.currency) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return self.empty
        try:
            return minor_of(text, self.currency)
        except ValueError as error:
            said = _t("“%(text)s” is no amount in %(currency)s. Write it as %(example)s.")
            values = {"text": text, "currency": self.currency, "example": plain(self.example, self.currency)}
            raise forms.ValidationError(said % values) from error

    @property
    def example(self) -> int:
        return 25 * int(10 ** digits_of(self.currency))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


class AmountField(MoneyField):
    """The same between two bounds."""

    def __init__(self, *, currency: str, least: int, most: int, step: int, **kwargs: Any) -> None:
        self.least, self.most = least, most
        bounds = {"least": money(least, currency), "most": money(most, currency), "step": money(step, currency)}
        super().__init__(
            currency=currency,
            label=_("Amount in %(currency)s") % {"currency": currency},
            help_text=_("From %(least)s to %(most)s, in steps of %(step)s.") % bounds,
            **kwargs,
        )

    @property
    def example(self) -> int:
        return self.least

    def clean(self, value: Any) -> int:
        amount = int(super().clean(value))
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
            choices = [(each, money(each, product.money_currency)) for each in product.values]
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
