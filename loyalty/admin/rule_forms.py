"""The forms of an earning rule: the rule itself, who and when, rows of conditions, effects and limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from loyalty.admin.conditions import value_read, value_text
from loyalty.admin.piece_forms import CODE_HELP, PieceForm, keep_current
from loyalty.admin.slots import CodeField, SlotForm, plain

OTHER = "_other"
HOUR = r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z"
LOCAL_TIME = r"\A\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\Z"
Choices = list[tuple[str, Any]]


class RuleForm(PieceForm):
    name_en = forms.CharField(label=_("Name"), max_length=120, help_text=_("For you and your team."))
    name_nl = forms.CharField(label=_("Name in Dutch"), max_length=120, required=False)
    code = CodeField(label=_("Code"), help_text=CODE_HELP)
    description_en = forms.CharField(
        label=_("What members read"),
        max_length=600,
        required=False,
        help_text=_("The reason beside their points. Left empty, it is made from what the rule gives."),
    )
    description_nl = forms.CharField(label=_("What members read in Dutch"), max_length=600, required=False)
    trigger = forms.ChoiceField(label=_("When this happens"), choices=[])
    trigger_other = forms.RegexField(
        r"\A[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z",
        label=_("Your own type of event"),
        required=False,
        max_length=80,
        help_text=_("As you send it: noun.past_tense, such as class.attended."),
    )
    enabled = forms.BooleanField(label=_("Switched on"), required=False, initial=True)
    starts_at = forms.RegexField(
        LOCAL_TIME, label=_("Runs from"), required=False, widget=forms.TextInput(attrs={"type": "datetime-local"})
    )
    ends_at = forms.RegexField(
        LOCAL_TIME,
        label=_("Runs until"),
        required=False,
        widget=forms.TextInput(attrs={"type": "datetime-local"}),
        help_text=_("By the clock of the program's time zone. Empty: always."),
    )
    priority = forms.IntegerField(
        label=_("Priority"), initial=0, min_value=-100_000, max_value=100_000, help_text=_("Higher goes first.")
    )
    group = CodeField(
        label=_("Stacking group"), initial="base", help_text=_("Rules of one group are weighed against each other.")
    )
    stop = forms.BooleanField(
        label=_("When it fires, no rule after it in its group does"), required=False, initial=False
    )
    caps = forms.MultipleChoiceField(label=_("Shared limits"), required=False, choices=[])

    slots = {
        "name_en": "name@en", "name_nl": "name@nl", "code": "code", "description_en": "description@en",
        "description_nl": "description@nl", "trigger": "trigger", "enabled": "enabled",
        "starts_at": "schedule.starts_at", "ends_at": "schedule.ends_at", "priority": "priority", "group": "group",
        "stop": "stop", "caps": "caps",
    }  # fmt: skip
    always = frozenset({"code"})
    sections = (
        (_("Rule"), ("name_en", "name_nl", "description_en", "description_nl", "code", "enabled")),
        (_("When"), ("trigger", "trigger_other", "starts_at", "ends_at")),
    )
    advanced = ("priority", "group", "stop", "caps")
    shown_when = {"trigger_other": ("trigger", OTHER)}

    def __init__(self, *args: Any, triggers: Choices, caps: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trigger"].choices = [*triggers, (OTHER, _("another type of event …"))]  # type: ignore[attr-defined]
        keep_current(self.fields["trigger"], self.initial.get("trigger"))  # type: ignore[arg-type]
        self.fields["caps"].choices = caps  # type: ignore[attr-defined]
        if not caps:
            del self.fields["caps"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("trigger") == OTHER and not given.get("trigger_other"):
            self.add_error("trigger_other", _t("Name the type of event."))
        return given

    def applied(self) -> dict[str, Any]:
        body = super().applied()
        if self.cleaned_data["trigger"] == OTHER:
            body["trigger"] = self.cleaned_data["trigger_other"]
        if body.get("schedule") == {}:
            del body["schedule"]
        return body


class WhenForm(SlotForm):
    """What joins the rows, the tiers and the time. Its body is {"match", "tiers", "time"}, not a piece's."""

    match = forms.ChoiceField(
        label=_("Of the conditions below"),
        initial="all",
        choices=[("all", _("all must hold")), ("any", _("one is enough"))],
    )
    tiers = forms.MultipleChoiceField(label=_("Only members who are"), required=False, choices=[])
    weekdays = forms.MultipleChoiceField(
        label=_("Only on"),
        required=False,
        choices=[
            ("mon", _("Monday")), ("tue", _("Tuesday")), ("wed", _("Wednesday")), ("thu", _("Thursday")),
            ("fri", _("Friday")), ("sat", _("Saturday")), ("sun", _("Sunday")),
        ],
    )  # fmt: skip
    from_hour = forms.RegexField(HOUR, label=_("From"), required=False, widget=forms.TextInput(attrs={"type": "time"}))
    to_hour = forms.RegexField(HOUR, label=_("Until"), required=False, widget=forms.TextInput(attrs={"type": "time"}))
    zone = forms.ChoiceField(
        label=_("By whose clock"),
        initial="program",
        choices=[("program", _("the program's")), ("member", _("the member's own"))],
    )
    slots = {
        "match": "match", "tiers": "tiers", "weekdays": "time.weekdays", "from_hour": "time.from_hour",
        "to_hour": "time.to_hour", "zone": "time.zone",
    }  # fmt: skip

    def __init__(self, *args: Any, tiers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {key for key, _title in tiers}
        kept = [(each, each) for each in self.initial.get("tiers", []) if each not in known]
        self.fields["tiers"].choices = [*tiers, *kept]  # type: ignore[attr-defined]

    def clean_tiers(self) -> list[str]:
        tiers: list[str] = self.cleaned_data["tiers"]
        if len({each.partition(":")[0] for each in tiers}) > 1:
            raise forms.ValidationError(_t("Choose tiers of one ladder."))
        return tiers

    def tier_test(self, before: dict[str, Any] | None) -> dict[str, Any] | None:
        """The test of tiers as chosen; the one there was when nothing was changed."""
        if "tiers" not in self.changed_data:
            return before
        tiers = self.cleaned_data["tiers"]
        if not tiers:
            return None
        return {"kind": "tier", "ladder": tiers[0].partition(":")[0], "any_of": [t.partition(":")[2] for t in tiers]}

    def time_test(self, before: dict[str, Any] | None) -> dict[str, Any] | None:
        if not {"weekdays", "from_hour", "to_hour", "zone"} & set(self.changed_data):
            return before
        time = self.applied().get("time", {})
        if not time.get("weekdays"):
            time.pop("weekdays", None)
        return {"kind": "time", **time} if {"weekdays", "from_hour", "to_hour"} & set(time) else None


class ConditionForm(SlotForm):
    subject = forms.ChoiceField(
        label=_("Of"), initial="attribute", choices=[("attribute", _("the event")), ("member", _("the member"))]
    )
    name = forms.CharField(
        label=_("What"),
        max_length=120,
        widget=forms.TextInput(attrs={"list": "sg-attributes"}),
        help_text=_("Of the event, such as order.channel. Of the member: language, joined_days."),
    )
    operator = forms.ChoiceField(
        label=_("Compare"),
        initial="eq",
        choices=[
            ("eq", _("is")), ("ne", _("is not")), ("gt", _("is more than")), ("ge", _("is at least")),
            ("lt", _("is less than")), ("le", _("is at most")), ("in", _("is one of")), ("not_in", _("is none of")),
            ("contains", _("contains")), ("exists", _("is given")),
        ],
    )  # fmt: skip
    value = forms.CharField(
        label=_("With"), required=False, max_length=2000, help_text=_("Several values with commas. Amounts in cents.")
    )

    def initial_of(self, body: dict[str, Any]) -> dict[str, Any]:
        if not body:
            return {}
        kind = body["kind"]
        return {
            "subject": kind,
            "name": body.get("path" if kind == "attribute" else "attribute", ""),
            "operator": body.get("operator", "eq"),
            "value": value_text(body.get("value", True)),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keep_current(self.fields["operator"], self.initial.get("operator"))  # type: ignore[arg-type]

    def applied(self) -> dict[str, Any]:
        """The test as it was when nothing was changed; otherwise built anew, other keys of the same kind kept."""
        if not self.has_changed():
            return dict(self.body)
        given = self.cleaned_data
        kept = self.body if self.body.get("kind") == given["subject"] else {}
        where = "path" if given["subject"] == "attribute" else "attribute"
        made = {**kept, "kind": given["subject"], where: given["name"].strip(), "operator": given["operator"]}
        if "value" in self.changed_data or "operator" in self.changed_data or not self.body:
            made["value"] = value_read(given["value"], given["operator"])
        return made

    def field_at(self, path: str) -> str | None:
        names = {"path": "name", "attribute": "name", "operator": "operator", "value": "value", "kind": "subject"}
        return names.get(path.partition("[")[0].partition(".")[0])


class EffectForm(SlotForm):
    kind = forms.ChoiceField(
        label=_("Gives"),
        initial="points_per_money",
        choices=[
            ("points_per_money", _("points for money spent")),
            ("points_fixed", _("a fixed number of points")),
            ("multiply", _("more of what other rules gave")),
        ],
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=[])
    points = forms.DecimalField(label=_("Points"), required=False, initial=1)
    per_minor = forms.DecimalField(
        label=_("For every (amount of money)"), required=False, initial=1, help_text=_("1 is one euro.")
    )
    factor = forms.DecimalField(
        label=_("Times"), required=False, initial=2, help_text=_("2 is double points, 1.5 half as much again.")
    )
    rules = forms.MultipleChoiceField(
        label=_("Only the points of"), required=False, choices=[], help_text=_("None chosen: of every rule.")
    )
    rounding = forms.ChoiceField(
        label=_("Rounding"), initial="floor", choices=[("floor", _("down")), ("half_up", _("to the nearest"))]
    )
    scope = forms.ChoiceField(
        label=_("Reckoned"), initial="order", choices=[("order", _("over the order")), ("line", _("line by line"))]
    )
    discount = forms.ChoiceField(
        label=_("Discount"), initial="after", choices=[("after", _("taken off first")), ("before", _("earns too"))]
    )
    tax = forms.ChoiceField(
        label=_("Tax"), initial="include", choices=[("include", _("earns")), ("exclude", _("earns nothing"))]
    )
    shipping = forms.ChoiceField(
        label=_("Shipping"), initial="exclude", choices=[("include", _("earns")), ("exclude", _("earns nothing"))]
    )
    gift_cards = forms.ChoiceField(
        label=_("Paid by gift card"), initial="exclude",
        choices=[("include", _("earns")), ("exclude", _("earns nothing"))],
    )  # fmt: skip
    paid_in_points = forms.ChoiceField(
        label=_("Paid in points"), initial="exclude",
        choices=[("include", _("earns")), ("exclude", _("earns nothing"))],
    )  # fmt: skip
    slots = {
        "kind": "kind", "currency": "currency", "points": "points", "per_minor": "per_minor", "factor": "factor",
        "rules": "rules", "rounding": "rounding", "scope": "scope", "discount": "base.discount", "tax": "base.tax",
        "shipping": "base.shipping", "gift_cards": "base.gift_cards", "paid_in_points": "base.paid_in_points",
    }  # fmt: skip
    always = frozenset({"kind", "currency"})
    # Which fields a kind has besides kind and currency; the first ones are shown, the rest under "more".
    of_kind = {
        "points_per_money": ("points", "per_minor"),
        "points_fixed": ("points",),
        "multiply": ("factor", "rules"),
    }
    more_of_kind = {
        "points_per_money": (
            "rounding", "scope", "discount", "tax", "shipping", "gift_cards", "paid_in_points",
        ),
        "multiply": ("rounding",),
    }  # fmt: skip
    needed = {"points_per_money": ("points", "per_minor"), "points_fixed": ("points",), "multiply": ("factor",)}

    def __init__(self, *args: Any, currencies: Choices, rules: Choices, digits: int, **kwargs: Any) -> None:
        self.digits = digits
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = currencies  # type: ignore[attr-defined]
        self.fields["rules"].choices = rules  # type: ignore[attr-defined]
        for name in ("kind", "currency", "rounding", "scope"):
            keep_current(self.fields[name], self.initial.get(name))  # type: ignore[arg-type]

    def initial_of(self, body: dict[str, Any]) -> dict[str, Any]:
        found = super().initial_of(body)
        for name in ("points", "factor"):
            if name in found:
                found[name] = Decimal(str(found[name]))
        if "per_minor" in found:
            found["per_minor"] = Decimal(found["per_minor"]).scaleb(-self.digits)
        return found

    def clean_per_minor(self) -> Decimal | None:
        amount: Decimal | None = self.cleaned_data["per_minor"]
        if amount is not None and (amount <= 0 or amount.scaleb(self.digits) % 1):
            raise forms.ValidationError(_t("Write an amount of money above 0."))
        return amount

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.needed.get(given.get("kind", ""), ()):
            if name not in self.errors and given.get(name) in (None, ""):
                self.add_error(name, _t("This is needed."))
        return given

    def applied(self) -> dict[str, Any]:
        kind = self.cleaned_data["kind"]
        if self.body and kind != self.body.get("kind"):
            self.body = {}
        fresh = not self.body
        body = super().applied()
        if kind not in self.of_kind:
            return body
        mine = {*self.of_kind[kind], *self.more_of_kind.get(kind, ())}
        for name in set(self.slots) - mine - self.always:
            if self.slots[name].partition(".")[0] not in {self.slots[each].partition(".")[0] for each in mine}:
                body.pop(self.slots[name].partition(".")[0], None)
        if fresh:
            for name in self.needed[kind]:
                body[self.slots[name]] = self._plain(name)
        elif "per_minor" in body and "per_minor" in self.changed_data:
            body["per_minor"] = self._plain("per_minor")
        if not body.get("base", True):
            del body["base"]
        if not body.get("rules", True):
            del body["rules"]
        return body

    def _plain(self, name: str) -> Any:
        value = self.cleaned_data[name]
        return int(value.scaleb(self.digits)) if name == "per_minor" else plain(value)


class LimitForm(SlotForm):
    PERIODS = (
        ("event", _("per event")), ("day", _("per member a day")), ("week", _("per member a week")),
        ("month", _("per member a month")), ("year", _("per member a year")), ("lifetime", _("per member in all")),
    )  # fmt: skip
    at_most = forms.DecimalField(label=_("At most"), min_value=0)
    measure = forms.ChoiceField(
        label=_("Of what"), initial="points", choices=[("points", _("points")), ("times", _("times"))]
    )
    period = forms.ChoiceField(label=_("How often"), initial="day", choices=PERIODS)
    currency = forms.ChoiceField(label=_("Which points"), required=False, choices=[])
    on_excess = forms.ChoiceField(
        label=_("What is above it"),
        initial="truncate",
        choices=[("truncate", _("is cut off")), ("reject", _("stops the whole award"))],
    )
    slots = {"at_most": "at_most", "measure": "measure", "currency": "currency", "on_excess": "on_excess"}
    always = frozenset({"at_most"})

    def __init__(self, *args: Any, currencies: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [("", _("those that the rule gives")), *currencies]  # type: ignore[attr-defined]
        for name in ("measure", "period", "currency", "on_excess"):
            keep_current(self.fields[name], self.initial.get(name))  # type: ignore[arg-type]

    def initial_of(self, body: dict[str, Any]) -> dict[str, Any]:
        found = super().initial_of(body)
        if "at_most" in found:
            found["at_most"] = Decimal(str(found["at_most"]))
        if body:
            found["period"] = body.get("period", "") if body.get("per") == "member" else body.get("per", "")
        return found

    def applied(self) -> dict[str, Any]:
        body = super().applied()
        if "period" in self.changed_data or not self.body:
            period = self.cleaned_data["period"]
            body.pop("period", None)
            body["per"] = "event" if period == "event" else "member"
            if period == "event":
                body.pop("reversal_frees", None)
            else:
                body["period"] = period
        return body

    def field_at(self, path: str) -> str | None:
        return "period" if path in ("per", "period") else super().field_at(path)
