"""The choice, at publishing, for each counter that a version brings: to start at zero, or with what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core.backoffice.forms import DressedForm, dress
from loyalty.backfills.choosing import FreshCounter
from loyalty.definition.translation import text_in
from loyalty.models import CounterBackfill, Program

BEFORE_CODE = "counter_"


class CountersForm(DressedForm):
    """A form with one choice for each new counter."""

    def __init__(self, *args: Any, fresh: Sequence[FreshCounter] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in fresh:
            self.fields[BEFORE_CODE + each.code] = field = _choice(each)
            dress(field)

    def count_back(self) -> tuple[str, ...]:
        """Codes, of the valid form."""
        names = [name for name in self.fields if name.startswith(BEFORE_CODE)]
        return tuple(name.removeprefix(BEFORE_CODE) for name in names if self.cleaned_data[name] == "stored")


def _choice(counter: FreshCounter) -> forms.ChoiceField:
    name = text_in(counter.name, (get_language() or "en")[:2])
    choices = [("zero", _("start at zero"))]
    if counter.countable:
        reads = ngettext("reads %(n)d stored event", "reads %(n)d stored events", counter.events)
        choices.append(("stored", _("count from before: %(reads)s") % {"reads": reads % {"n": counter.events}}))
    return forms.ChoiceField(
        label=_("The new counter %(counter)s") % {"counter": name},
        required=False,
        initial="zero",
        choices=choices,
        help_text=_("Members are counted in the background; events that arrive meanwhile count once.")
        if counter.countable
        else _("It asks for what isn’t known of events that are over, such as a tier or a segment."),
    )


def backfills_open(program: Program) -> list[CounterBackfill]:
    """What is being counted just now."""
    return list(CounterBackfill.objects.filter(program=program, finished_at__isnull=True).order_by("asked_at"))
