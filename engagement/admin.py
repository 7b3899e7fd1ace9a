"""How the forms of a program's draft call what stands in the section `messages`, and what a message looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from core import clock
from engagement.acts import LETTERS
from engagement.messages.definition import SECTION, Messages
from engagement.messages.wording import said_for_show, wording_of
from loyalty.admin.forms.references import Choices, codes, draft_reference_register
from loyalty.admin.forms.words import words_register
from loyalty.admin.previews import Letter, section_preview
from loyalty.admin.sections import section_title
from loyalty.definition.document import Document

FIELDS: dict[tuple[str, str], Any] = {
    ("Messages", "items"): _("Messages"),
    ("MessageTemplate", "purpose"): _("What it is for"),
    ("SendMessage", "template"): _("Message of the program"),
}
HELP: dict[tuple[str, str], Any] = {
    ("MessageTemplate", "name"): _("For you and your team."),
    ("MessageTemplate", "purpose"): _("An offer needs the member’s consent. What they did or have may always be told."),
    ("MessageTemplate", "text"): _(
        "{name}, {brand}, {program}, {date}, {earned}, {balance} and {tier} become what is true of the member; of one "
        "currency or ladder: {balance.stars}. An empty line begins a paragraph."
    ),
    ("SendMessage", "template"): _("Its messages stand in the program’s section. Or write one here, as an offer."),
}
CHOICES: dict[tuple[str, Any], Any] = {
    ("purpose", "marketing"): _("an offer"),
    ("purpose", "service"): _("about what the member did or has"),
}


def _messages(whole: Mapping[str, Any]) -> Choices:
    section = whole.get("sections", {}).get(SECTION, {})
    return codes(section, "items") if isinstance(section, Mapping) else []


def _letters(section: Messages, document: Document, code: str, name: str) -> list[Letter]:
    """The message in each language that it is written in; none of an unknown code."""
    found = next((each for each in section.items if each.code == code), None)
    if found is None:
        return []
    day = clock.now().astimezone(ZoneInfo(document.program.time_zone)).date()
    said = said_for_show(document, name=name, day=day)
    wordings = {language: wording_of(found, document, said, language) for language in ("en", "nl")}
    return [Letter(LETTERS[each.purpose], language, each.subject, each.text) for language, each in wordings.items()]


words_register(fields=FIELDS, help_texts=HELP, choices=CHOICES)
draft_reference_register("SendMessage", "template", _messages)
section_preview(SECTION, _letters)
section_title(SECTION, _("Messages"))
