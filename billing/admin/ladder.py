"""What who is about to leave will be shown, as the draft has it: step by step, in both languages, before it holds."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.translation import gettext as _
from msgspec import Struct

from billing.plans import billing_section
from billing.portal.forms import REASONS
from billing.section import SECTION, BillingSection
from billing.staying import Step
from billing.winback import off_words
from core.backoffice.base import ReadOnlyAdmin
from core.backoffice.words import in_language
from core.errors import DomainError
from loyalty.admin.sections import section_url
from loyalty.drafts import draft_document
from loyalty.models import Program

EDIT = "loyalty.change_program"
LANGUAGES = (("en", "English"), ("nl", "Nederlands"))


class Shown(Struct, frozen=True, kw_only=True):
    """A step as the member reads it. choices: what they choose from. stays: the button that keeps them."""

    title: str
    text: str = ""
    choices: tuple[str, ...] = ()
    stays: str = ""


class LadderPages(ReadOnlyAdmin):
    def ladder_view(self, request: HttpRequest, program: int) -> HttpResponse:
        """The ladder of a program's draft."""
        self.require(self.has_view_permission(request) and request.user.has_perm(EDIT))
        row = get_object_or_404(Program, pk=program)
        context = self.page_context(
            request, title=_("What who leaves is shown, as the draft has it"), edit_url=section_url(row, SECTION),
            problem="", ladders=[], program=row,
        )  # fmt: skip
        try:
            section = billing_section(draft_document(row))
        except (DomainError, msgspec.ValidationError) as error:
            context["problem"] = str(error)
        else:
            context["ladders"] = list(_ladders(section))
        return TemplateResponse(request, "admin/billing/ladder.html", context)


def _ladders(section: BillingSection) -> Iterator[tuple[str, str, list[Shown]]]:
    for code, name in LANGUAGES:
        with translation.override(code):
            yield code, name, [_shown(step, section) for step in ladder_steps(section)]


def ladder_steps(section: BillingSection) -> list[Step]:
    """Of whom everything can be put to: what hangs on how a subscription stands is left in."""
    can = {"reason": True, "pause": section.most_pause_months > 0, "offer": section.stay_offer is not None}
    return [*(each for each in section.leave_steps if can[each]), "confirm"]


def _shown(step: Step, section: BillingSection) -> Shown:
    match step:
        case "reason":
            own = tuple(in_language(each.name) for each in section.leave_reasons)
            return Shown(
                title=_("What makes you leave?"),
                text=_("You don’t have to say. It helps us to do better."),
                choices=own or tuple(str(words) for _code, words in REASONS),
            )
        case "pause":
            return Shown(
                title=_("Or a break?"),
                text=_("Leave out a payment or pause for a while, and it goes on by itself afterwards."),
                stays=_("Skip or pause instead"),
            )
        case "offer":
            offer = section.stay_offer
            return Shown(
                title=_("Something for you, if you stay"),
                text=off_words(offer) if offer is not None else "",
                stays=_("Take it and stay"),
            )
        case "confirm":
            return Shown(title=_("Leave?"), text=_("What goes, until when it holds, and what is paid back."))
