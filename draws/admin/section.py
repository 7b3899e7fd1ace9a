"""How the form of a program's draft calls what stands in the section `sweepstakes`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.backoffice.words import in_language
from draws.definition import SECTION
from loyalty.admin.forms.references import Choices, reference_register
from loyalty.admin.forms.words import words_register
from loyalty.admin.sections import section_title
from loyalty.models import Program

FIELDS: dict[tuple[str, str], Any] = {
    ("Sweepstakes", "items"): _("Sweepstakes"),
    ("Sweepstake", "terms"): _("Terms"),
    ("Sweepstake", "opens_at"): _("Opens"),
    ("Sweepstake", "closes_at"): _("Closes"),
    ("Sweepstake", "prizes"): _("Prizes"),
    ("Sweepstake", "alternates"): _("How many stand by"),
    ("Sweepstake", "free_entries"): _("Entries for nothing, each member"),
    ("Sweepstake", "entries_at_most"): _("Entries of one member at most"),
    ("Sweepstake", "countries"): _("Only in these countries"),
    ("Sweepstake", "min_age"): _("From an age of"),
    ("Sweepstake", "once_per_person"): _("Nobody is drawn twice"),
    ("Sweepstake", "draw"): _("Drawn"),
    ("Sweepstake", "answer_days"): _("Days to accept a prize"),
    ("Sweepstake", "outside"): _("Bound to a public value"),
    ("Outside", "source"): _("Which value"),
    ("Outside", "announced_at"): _("Announced"),
    ("Prize", "quantity"): _("How many win it"),
    ("Prize", "effects"): _("What it gives by itself"),
}
HELP: dict[tuple[str, str], Any] = {
    ("Sweepstake", "opens_at"): _(
        "By the clock of the program's time zone. Once it is open, only its words can be changed."
    ),
    ("Sweepstake", "alternates"): _("They are drawn after the winners, and stand in for who doesn't answer."),
    ("Sweepstake", "free_entries"): _("0: none. In many countries taking part must be possible without buying."),
    ("Sweepstake", "entries_at_most"): _("However they were got. Empty: as many as they like."),
    ("Sweepstake", "countries"): _("None: everywhere."),
    ("Sweepstake", "answer_days"): _("After that the next who stands by gets it. Empty: prizes needn't be accepted."),
    ("Prize", "effects"): _("Nothing: your team hands it over."),
    ("Sweepstake", "outside"): _(
        "With it nobody can know before the closing whom the draw will find, not even who runs the server."
    ),
    ("Outside", "source"): _("So exactly that there is only one, such as one pulse of a public beacon by its time."),
    ("Outside", "announced_at"): _("An hour after the closing, or later. Your team enters it then, and draws."),
    ("Sweepstake", "min_age"): _("By the date of birth of the profile. Empty: any."),
}
CHOICES: dict[tuple[str, Any], Any] = {
    ("draw", "at_close"): _("by itself, as soon as it is closed"),
    ("draw", "by_staff"): _("by your team"),
}
ADDS: dict[str, Any] = {"prizes": _("Add a prize")}


def _sweepstakes(program: int) -> Choices:
    """Those of the draft: what is written there is published with whatever names it."""
    row = Program.objects.filter(pk=program).first()
    plain = row.sections.get(SECTION, {}) if row is not None else {}
    pieces = [each for each in plain.get("items", []) if isinstance(each, dict) and each.get("code")]
    return [(str(each["code"]), in_language(each.get("name")) or str(each["code"])) for each in pieces]


words_register(fields=FIELDS, help_texts=HELP, choices=CHOICES, adds=ADDS)
reference_register("sweepstake", _sweepstakes)
section_title(SECTION, _("Sweepstakes"))
