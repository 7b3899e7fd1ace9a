"""Forms of the imports: the file, and what its columns are."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.backoffice.forms import DressedForm, dress
from loyalty.admin.forms.attributes import attribute_name
from loyalty.imports.fields import OWN, fields_of
from loyalty.imports.mapping import dates_guess, mapping_guess
from loyalty.imports.rows import Sheet
from loyalty.models import ImportJob, Program

OWN_TEXT, OWN_NUMBER = "own:text", "own:number"
CONSTANTS = ("type", "order.currency")

# What a row says besides what the event carries.
NAMES = {
    "id": _("number of the event"),
    "type": _("type of event"),
    "occurred_at": _("when it happened"),
    "member": _("member: our id, your number or e-mail"),
    "member.external_id": _("member: your own number"),
    "member.email": _("member: e-mail"),
    "program": _("program"),
}
OF_MEMBER = {
    "external_id": _("your own number"),
    "email": _("e-mail"),
    "name": _("name"),
    "phone": _("phone"),
    "language": _("language"),
}


def _programs() -> list[Program]:
    return list(Program.objects.filter(archived_at__isnull=True).order_by("name"))


def _money(slug: str) -> str:
    """What orders of the program are paid in; of the only one where none is named."""
    found = [each for each in _programs() if slug in ("", each.slug)]
    said = {str(each.settings.get("program", {}).get("money_currency", "EUR")) for each in found}
    return said.pop() if len(said) == 1 else ""


class UploadForm(DressedForm):
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV with a line of titles, or one JSON object on each line; UTF-8, not packed."),
    )
    kind = forms.ChoiceField(label=_("What is in it"), choices=ImportJob.Kind.choices)
    source = forms.RegexField(
        r"\A[a-z0-9][a-z0-9._-]{0,59}\Z",
        label=_("Source"),
        initial="import",
        help_text=_("Which system it comes from. An id counts once for each source, however often it is sent."),
    )
    program = forms.ChoiceField(label=_("Program"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programs = [(each.slug, each.title) for each in _programs()]
        self.fields["program"].choices = [("", _("as the rows say")), *programs]  # type: ignore[attr-defined]  # a field with choices

    @property
    def format(self) -> str:
        """By the file's name: everything but CSV is taken for lines of JSON."""
        name = str(self.cleaned_data["file"].name).lower()
        return ImportJob.Format.CSV if name.endswith((".csv", ".txt", ".tsv")) else ImportJob.Format.NDJSON


class ColumnsForm(DressedForm):
    """A choice for each column, what all rows have in common, and how money and days are written."""

    money = forms.ChoiceField(
        label=_("How amounts are written"),
        choices=[
            ("minor", _("whole cents: 1250")),
            ("decimal_point", _("with a point: 12.50")),
            ("decimal_comma", _("with a comma: 12,50")),
        ],
    )
    dates = forms.ChoiceField(
        label=_("How days are written"),
        choices=[("iso", "2026-01-31 14:05"), ("dmy", "31-01-2026 14:05"), ("mdy", "01/31/2026 14:05")],
    )
    time_zone = forms.ChoiceField(label=_("Time zone of times that name none"))

    def __init__(self, job: ImportJob, sheet: Sheet, sample: list[list[str]], zone: str, *args: Any) -> None:
        self.kind, self.titles = job.kind, sheet.titles
        told = job.mapping or mapping_guess(sheet.titles, kind=job.kind, sample=sample)
        super().__init__(*args, initial=self._initial(told, zone, sample))
        self.fields["time_zone"].choices = [(each, each) for each in sorted(available_timezones())]  # type: ignore[attr-defined]  # a field with choices
        order: list[str] = []
        for at, title in enumerate(sheet.titles):
            shown = ", ".join(row[at][:40] for row in sample[:3] if at < len(row) and row[at].strip())
            field = forms.ChoiceField(label=title or f"({at + 1})", required=False, choices=self._choices())
            field.help_text = shown
            self._add(f"column-{at}", field, order)
        if job.kind == ImportJob.Kind.EVENTS:
            labels = {"type": _("Type of all events"), "order.currency": _("Currency of all orders")}
            helps = {"type": _("Where no column says it: order.paid, review.posted, or a type of your own.")}
            for name in CONSTANTS:
                constant = forms.CharField(
                    label=labels[name], required=False, max_length=80, help_text=helps.get(name, "")
                )
                self._add(f"constant-{name}", constant, order)
            if not any(self.initial.get(name) == "order.currency" for name in order):
                self.initial.setdefault("constant-order.currency", _money(job.program))
        self.order_fields([*order, "money", "dates", "time_zone"])

    def _add(self, name: str, field: forms.Field, order: list[str]) -> None:
        dress(field)
        self.fields[name] = field
        order.append(name)

    def _choices(self) -> list[tuple[str, Any]]:
        own = [(OWN_TEXT, _("a field of its own: text")), (OWN_NUMBER, _("a field of its own: number"))]
        words = NAMES | (OF_MEMBER if self.kind == ImportJob.Kind.MEMBERS else {})
        fields = [(name, f"{words.get(name, attribute_name(name))} ({name})") for name in fields_of(self.kind)]
        return [("", _("not used")), *fields, *(own if self.kind == ImportJob.Kind.EVENTS else [])]

    def _days_of(self, told: dict[str, Any], sample: list[list[str]]) -> str:
        """How the days are written: as told, or as the first rows look."""
        titles = told.get("fields", {})
        at = next((self.titles.index(title) for field, title in titles.items() if field == "occurred_at"), None)
        return str(told.get("dates") or dates_guess(row[at] for row in sample if at is not None and at < len(row)))

    def _initial(self, told: dict[str, Any], zone: str, sample: list[list[str]]) -> dict[str, Any]:
        found: dict[str, Any] = {
            "money": told.get("money", "minor"),
            "dates": self._days_of(told, sample),
            "time_zone": told.get("time_zone", zone),
        }
        by_title: dict[str, str] = {}
        for field, title in told.get("fields", {}).items():
            # An order's number may be the event's id too: the column shows as the number.
            if title not in by_title or field != "id":
                number = field in told.get("numbers", ())
                by_title[title] = (OWN_NUMBER if number else OWN_TEXT) if field.startswith(OWN) else field
        found |= {f"column-{at}": by_title.get(title, "") for at, title in enumerate(self.titles)}
        return found | {f"constant-{name}": text for name, text in told.get("constants", {}).items()}

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = [given.get(f"column-{at}") for at in range(len(self.titles))]
        twice = sorted({each for each in chosen if each and not each.startswith("own:") and chosen.count(each) > 1})
        if twice:
            raise forms.ValidationError(_t("Two columns are chosen for “%(field)s”.") % {"field": twice[0]})
        return given

    def mapping(self) -> dict[str, Any]:
        """As loyalty/imports/mapping.py reads it."""
        given = self.cleaned_data
        fields: dict[str, str] = {}
        numbers: list[str] = []
        for at, title in enumerate(self.titles):
            chosen = given.get(f"column-{at}", "")
            if chosen.startswith("own:"):
                name = OWN + title.strip().lower().replace(" ", "_").replace(".", "_")
                fields[name] = title
                numbers += [name] if chosen == OWN_NUMBER else []
            elif chosen:
                fields[chosen] = title
        if self.kind == ImportJob.Kind.EVENTS and "id" not in fields and "order.number" in fields:
            fields["id"] = fields["order.number"]
        constants = {name: given[f"constant-{name}"] for name in CONSTANTS if given.get(f"constant-{name}")}
        constants = {name: text for name, text in constants.items() if name not in fields}
        return {
            "fields": fields,
            "constants": constants,
            "numbers": numbers,
            **{name: given[name] for name in ("money", "dates", "time_zone")},
        }
