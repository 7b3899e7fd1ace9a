"""The forms of currencies, ladders and tiers."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from loyalty.admin.slots import CodeField, SlotForm, slot_get, slot_put

ENGLISH, DUTCH = _("in English"), _("in Dutch")
CODE_HELP = _("Small letters, digits and underscores. Stays as it is once published: entries and partners refer to it.")


def keep_current(field: forms.ChoiceField, value: Any) -> None:
    """A value that a newer release wrote and this form doesn't know stays a choice, so that saving keeps it."""
    known = {key for key, _title in field.widget.choices}
    if value not in (None, "") and value not in known:
        field.choices = [*field.choices, (value, str(value))]  # type: ignore[misc]


class PieceForm(SlotForm):
    """The top of a piece: its code can be chosen once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.MultipleChoiceField):
                keep_current(field, self.initial.get(name))
        if self.body.get("code") and "code" in self.fields:
            self.fields["code"].disabled = True
            self.fields["code"].help_text = ""


class CurrencyForm(PieceForm):
    name_one_en = forms.CharField(label=_("Name of one"), max_length=60, help_text=_("As in “1 point”."))
    name_one_nl = forms.CharField(label=_("Name of one, in Dutch"), max_length=60, required=False)
    name_many_en = forms.CharField(label=_("Name of many"), max_length=60, help_text=_("As in “25 points”."))
    name_many_nl = forms.CharField(label=_("Name of many, in Dutch"), max_length=60, required=False)
    code = CodeField(label=_("Code"), help_text=CODE_HELP)
    symbol = forms.CharField(label=_("Symbol"), max_length=8, required=False)
    kind = forms.ChoiceField(
        label=_("What they are for"),
        initial="both",
        choices=[
            ("both", _("spending and tiers")),
            ("spendable", _("spending only")),
            ("qualifying", _("tiers only, can't be spent")),
        ],
    )
    scale = forms.TypedChoiceField(
        label=_("Digits after the decimal sign"), coerce=int, initial=0, choices=[(n, str(n)) for n in range(5)]
    )
    value_minor_per_point = forms.DecimalField(
        label=_("Value of one, in cents"),
        required=False,
        min_value=0,
        help_text=_("What one costs you when it is spent. Used for figures; members don't see it."),
    )
    pending_days = forms.IntegerField(
        label=_("Days until they can be used"),
        initial=0,
        min_value=0,
        max_value=3650,
        help_text=_("For example your return period. 0: at once."),
    )
    expiry_kind = forms.ChoiceField(
        label=_("Expiry"), initial="never", choices=[("never", _("never expire")), ("after", _("expire after a time"))]
    )
    expiry_n = forms.IntegerField(label=_("After"), required=False, min_value=1, max_value=36500)
    expiry_unit = forms.ChoiceField(
        label=_("Unit"),
        required=False,
        initial="months",
        choices=[("days", _("days")), ("months", _("months")), ("years", _("years"))],
    )
    expiry_round_up = forms.ChoiceField(
        label=_("Rounded up to the end of"),
        required=False,
        initial="none",
        choices=[
            ("none", _("nothing, to the day")),
            ("month", _("the month")),
            ("quarter", _("the quarter")),
            ("half_year", _("the half-year")),
            ("year", _("the year")),
        ],
    )
    refund_policy = forms.ChoiceField(
        label=_("When goods are returned"),
        initial="within_balance",
        choices=[
            ("only_pending", _("take back only what is still pending")),
            ("within_balance", _("take back as far as the balance goes")),
            ("into_debt", _("take back all; what is spent becomes a debt")),
        ],
    )
    restore_kind = forms.ChoiceField(
        label=_("When a reward is canceled after its points expired"),
        initial="lost",
        choices=[("lost", _("the points stay expired")), ("regrant", _("give them again for some days"))],
    )
    restore_days = forms.IntegerField(label=_("For how many days"), required=False, min_value=1, max_value=3650)

    slots = {
        "code": "code", "name_one_en": "name_one@en", "name_one_nl": "name_one@nl", "name_many_en": "name_many@en",
        "name_many_nl": "name_many@nl", "symbol": "symbol", "kind": "kind", "scale": "scale",
        "value_minor_per_point": "value_minor_per_point", "pending_days": "pending_days", "expiry_kind": "expiry.kind",
        "expiry_n": "expiry.n", "expiry_unit": "expiry.unit", "expiry_round_up": "expiry.round_up",
        "refund_policy": "refund_policy", "restore_kind": "restore_policy.kind", "restore_days": "restore_policy.days",
    }  # fmt: skip
    always = frozenset({"code"})
    sections = (
        (_("Name"), ("name_one_en", "name_many_en", "symbol", "name_one_nl", "name_many_nl", "code")),
        (_("What it is for"), ("kind", "scale", "value_minor_per_point")),
        (_("From when and until when"), ("pending_days", "expiry_kind", "expiry_n", "expiry_unit", "expiry_round_up")),
        (_("Going back"), ("refund_policy", "restore_kind", "restore_days")),
    )
    # field → what it shows itself for: (other field, value)
    shown_when = {
        "expiry_n": ("expiry_kind", "after"), "expiry_unit": ("expiry_kind", "after"),
        "expiry_round_up": ("expiry_kind", "after"), "restore_days": ("restore_kind", "regrant"),
    }  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("expiry_kind") == "after" and not given.get("expiry_n"):
            self.add_error("expiry_n", _t("Say after how long."))
        if given.get("restore_kind") == "regrant" and not given.get("restore_days"):
            self.add_error("restore_days", _t("Say for how many days."))
        return given

    def applied(self) -> dict[str, Any]:
        body = super().applied()
        given = self.cleaned_data
        if given["expiry_kind"] == "never" and "expiry" in body:
            body["expiry"] = {"kind": "never"}
        if given["expiry_kind"] == "after":
            expiry = {**body.get("expiry", {}), "kind": "after", "n": given["expiry_n"], "unit": given["expiry_unit"]}
            body["expiry"] = expiry
        if given["restore_kind"] == "lost" and "restore_policy" in body:
            body["restore_policy"] = {"kind": "lost"}
        if given["restore_kind"] == "regrant":
            body["restore_policy"] = {"kind": "regrant", "days": given["restore_days"]}
        return body


class LadderForm(PieceForm):
    name_en = forms.CharField(label=_("Name"), max_length=120)
    name_nl = forms.CharField(label=_("Name in Dutch"), max_length=120, required=False)
    code = CodeField(label=_("Code"), help_text=CODE_HELP)
    currency = forms.ChoiceField(label=_("Reached by points earned of"), choices=[])
    window = forms.ChoiceField(
        label=_("Counted over"),
        initial="calendar_year",
        choices=[
            ("calendar_year", _("a calendar year")),
            ("quarter", _("a quarter of a year")),
            ("month", _("a calendar month")),
            ("anniversary", _("a year from the day the member joined")),
            ("lifetime", _("a lifetime")),
        ],
    )
    valid = forms.ChoiceField(
        label=_("A tier that is reached holds until"),
        initial="end_of_next_window",
        choices=[
            ("end_of_window", _("the end of that period")),
            ("end_of_next_window", _("the end of the next period")),
        ],
    )
    downgrade = forms.ChoiceField(
        label=_("When it isn't earned again"),
        initial="one_step",
        choices=[
            ("one_step", _("one tier down")),
            ("full", _("down to what was earned")),
            ("none", _("it is kept for ever")),
        ],
    )
    slots = {
        "name_en": "name@en", "name_nl": "name@nl", "code": "code", "currency": "qualify.currency",
        "window": "window.kind", "valid": "valid", "downgrade": "downgrade",
    }  # fmt: skip
    always = frozenset({"code", "currency"})
    sections = (
        (_("Name"), ("name_en", "name_nl", "code")),
        (_("How it works"), ("currency", "window", "valid", "downgrade")),
    )
    shown_when: dict[str, tuple[str, str]] = {}

    def __init__(self, *args: Any, currencies: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = currencies  # type: ignore[attr-defined]
        keep_current(self.fields["currency"], self.initial.get("currency"))  # type: ignore[arg-type]

    def applied(self) -> dict[str, Any]:
        body = super().applied()
        body["qualify"].setdefault("kind", "points_earned")
        return body


class TierForm(SlotForm):
    name_en = forms.CharField(label=_("Name"), max_length=60)
    name_nl = forms.CharField(label=_("Name in Dutch"), max_length=60, required=False)
    code = CodeField(label=_("Code"))
    threshold = forms.IntegerField(label=_("From how many points"), min_value=0, max_value=1_000_000_000)
    color = forms.RegexField(
        r"\A#[0-9a-fA-F]{6}\Z", label=_("Colour"), required=False, help_text=_("Written as #c0a062.")
    )
    benefits_en = forms.CharField(
        label=_("Benefits"), required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("One a line.")
    )
    benefits_nl = forms.CharField(
        label=_("Benefits in Dutch"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The same lines in the same order."),
    )
    slots = {"name_en": "name@en", "name_nl": "name@nl", "code": "code", "threshold": "threshold", "color": "color"}
    always = frozenset({"code", "threshold"})
    shown_when: dict[str, tuple[str, str]] = {}

    def initial_of(self, body: dict[str, Any]) -> dict[str, Any]:
        found = super().initial_of(body)
        texts = [{"text": each} for each in body.get("benefits", [])]
        for language in ("en", "nl"):
            lines = [slot_get(each, f"text@{language}") for each in texts]
            found[f"benefits_{language}"] = "\n".join(line if isinstance(line, str) else "" for line in lines).rstrip()
        return found

    def applied(self) -> dict[str, Any]:
        body = super().applied()
        if {"benefits_en", "benefits_nl"} & set(self.changed_data):
            english = [line.strip() for line in self.cleaned_data["benefits_en"].splitlines() if line.strip()]
            dutch = [line.strip() for line in self.cleaned_data["benefits_nl"].splitlines() if line.strip()]
            old = body.get("benefits", [])
            body["benefits"] = [
                self._benefit(old[at] if at < len(old) else None, en, nl)
                for at, (en, nl) in enumerate(zip_longest(english, dutch, fillvalue=""))
            ]
        return body

    @staticmethod
    def _benefit(old: Any, english: str, dutch: str) -> Any:
        holder = {"text": old} if old is not None else {}
        slot_put(holder, "text@en", english)
        slot_put(holder, "text@nl", dutch)
        return holder["text"]

    def field_at(self, path: str) -> str | None:
        return "benefits_en" if path.startswith("benefits") else super().field_at(path)
