"""What staff can do to a subscription, and the form that asks for the reason."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from billing.models import Invoice
from core.backoffice.forms import DressedForm, ReasonForm
from loyalty.admin.amounts import money
from loyalty.definition.basics import money_digits


class ActWords(Struct, frozen=True, kw_only=True):
    """title: of the page and the button. intro: what comes of it. done: what is said afterwards."""

    title: Any
    intro: Any
    done: Any
    danger: bool = False


ACTS: dict[str, ActWords] = {
    "cancel": ActWords(
        title=_("End it with the period"),
        intro=_("Nothing more is charged. What the plan gives holds until the end of what is paid for."),
        done=_("It ends with the period."),
        danger=True,
    ),
    "cancel_now": ActWords(
        title=_("End it now"),
        intro=_("It ends at once, and what is open isn’t asked for any more. Nothing is paid back by this alone."),
        done=_("It has ended."),
        danger=True,
    ),
    "keep": ActWords(
        title=_("Let it go on"),
        intro=_("It was to end; now it renews as before."),
        done=_("It goes on."),
    ),
    "pause": ActWords(
        title=_("Pause it"),
        intro=_("The cycles that begin within this time aren’t charged."),
        done=_("It is paused."),
    ),
    "skip": ActWords(
        title=_("Skip the next cycle"),
        intro=_("The next cycle isn’t charged; then it goes on by itself."),
        done=_("The next cycle is left out."),
    ),
    "resume": ActWords(
        title=_("Let it go on now"),
        intro=_("Within the time that is left out, a new period begins now and is charged now."),
        done=_("It goes on."),
    ),
    "withdraw": ActWords(
        title=_("Take the change of plan back"),
        intro=_("The plan stays as it is."),
        done=_("The plan stays as it is."),
    ),
    "give": ActWords(
        title=_("Give the next period"),
        intro=_("The next period costs nothing, then the price holds again. Once for each period."),
        done=_("The next period costs nothing."),
    ),
    "reread": ActWords(
        title=_("Read it anew"),
        intro=_("The subscription, its invoices and payments are read from Stripe; what differs here is put right."),
        done=_("It is as Stripe has it."),
    ),
}


def key_new() -> str:
    return secrets.token_urlsafe(24)


class OnceForm(ReasonForm):
    """key: makes what is sent twice one thing."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", key_new())


class PauseForm(OnceForm):
    months = forms.IntegerField(label=_("Months"), min_value=1, initial=1)
    field_order = ("months", "reason", "key")

    def __init__(self, *args: Any, most: int = 12, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["months"].help_text = _("At most %(n)d, as the program says.") % {"n": most}


class RefundForm(OnceForm):
    """amount: empty for all that is left. In whole units of money, as it is read."""

    amount = forms.DecimalField(label=_("Amount"), required=False, max_digits=12, localize=True)
    field_order = ("amount", "reason", "key")

    def __init__(self, invoice: Invoice, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.digits = money_digits(invoice.currency)
        left = money(invoice.paid_minor - invoice.refunded_minor, invoice.currency)
        self.fields["amount"].help_text = _("Empty: all that is left of it, %(left)s.") % {"left": left}

    def clean_amount(self) -> int | None:
        """In minor units; the service says what of it can't be."""
        told = self.cleaned_data["amount"]
        if told is None:
            return None
        minor = told.scaleb(self.digits)
        if minor != int(minor):
            raise forms.ValidationError(_("At most %(n)d digits after the point."), params={"n": self.digits})
        return int(minor)


def form_of(act: str, most_months: int, sent: Any) -> DressedForm:
    if act == "pause":
        return PauseForm(sent, most=most_months)
    return OnceForm(sent)
