"""The choice, at publishing, for each counter that a version brings: to start at zero, or with what is stored; and the
page on which such a count is called off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core.backoffice.base import BrandAdmin, actor_of, add_refusal
from core.backoffice.forms import DressedForm, dress
from core.errors import DomainError
from loyalty.backfills.canceling import backfill_cancel
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


def cancel_page(admin: BrandAdmin, request: HttpRequest, program: Program) -> HttpResponse:
    """Whoever asks may publish. Everything that the program is counting just now is called off together."""
    runs = [each for each in backfills_open(program) if each.canceled_at is None]
    back = admin.url("change", program.pk)
    if request.method == "POST" and runs:
        try:
            for run in runs:
                backfill_cancel(run=run, actor=actor_of(request))
        except DomainError as error:
            add_refusal(request, error)
        else:
            messages.success(request, _("Canceled. What was counted is taken back in the background."))
        return HttpResponseRedirect(back)
    counters = ", ".join(code for run in runs for code in run.counters)
    told = _(
        "%(counters)s: what was counted so far is taken back, and these counters go on as if they had started at zero. "
        "Points that rules gave meanwhile stay; tiers follow at the member’s next event. It can’t be begun again."
    )
    context = admin.page_context(
        request,
        title=_("Cancel counting from before"),
        obj=program,
        form=DressedForm(),
        intro=told % {"counters": counters} if runs else _("Nothing is being counted from before just now."),
        submit=_("Cancel the count") if runs else "",
        danger=True,
        cancel_url=back,
        cancel_word=_("Let it go on") if runs else _("Back"),
    )
    return TemplateResponse(request, "admin/backoffice/form_page.html", context)
