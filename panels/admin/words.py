"""How the forms of a program's draft call what stands in the section `panels`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty.admin.forms import layouts
from loyalty.admin.forms.words import words_register
from loyalty.admin.sections import section_title
from panels.definition import SECTION

FIELDS: dict[tuple[str, str], Any] = {
    ("PanelsSection", "items"): _("Product panels"),
    ("Panel", "product"): _("The product, in a line"),
    ("Panel", "description"): _("What members read about it"),
    ("Panel", "terms"): _("Terms"),
    ("Panel", "picture"): _("Picture"),
    ("Panel", "units"): _("Products to test"),
    ("Panel", "opens_at"): _("Members apply from"),
    ("Panel", "closes_at"): _("Members apply until"),
    ("Panel", "selects_on"): _("Members hear from you by"),
    ("Panel", "tiers"): _("Only for tiers"),
    ("Panel", "segments"): _("Only for segments"),
    ("Panel", "countries"): _("Only in these countries"),
    ("Panel", "min_age"): _("Least age"),
    ("Panel", "benefit"): _("Only with this benefit"),
    ("Panel", "asks"): _("Questions to applicants"),
    ("Panel", "questions"): _("Questions to testers"),
    ("Panel", "accept_days"): _("Days to say yes"),
    ("Panel", "ships"): _("The product is sent to them"),
    ("Panel", "travel_days"): _("Counts as received so many days after it was sent"),
    ("Panel", "answer_days"): _("Days to test and answer"),
    ("Panel", "remind_days"): _("Reminder so many days before"),
    ("Panel", "after"): _("Afterwards"),
    ("SendBack", "days"): _("Within days of receiving it"),
    ("SendBack", "how"): _("How it is sent back"),
    ("Buy", "days"): _("Within days of receiving it"),
    ("Buy", "how"): _("How it is sent back"),
    ("Buy", "reward"): _("The reward that keeps it"),
    ("Option", "name"): _("Option"),
} | {
    (kind, field): said
    for kind in ("AskText", "AskChoice", "AskChoices", "AskScale", "AskPhoto")
    for field, said in (
        ("name", _("Question")),
        ("help", _("A line below it")),
        ("needed", _("Must be answered")),
        ("options", _("Options")),
        ("long", _("Room for several lines")),
    )
}
FIELDS |= {
    ("AskText", "most"): _("Characters at most"),
    ("AskChoices", "most"): _("Options at most"),
    ("AskScale", "least"): _("Begins at"),
    ("AskScale", "most"): _("Ends at"),
    ("AskScale", "low"): _("What the lowest means"),
    ("AskScale", "high"): _("What the highest means"),
}
HELP: dict[tuple[str, str], Any] = {
    ("Panel", "units"): _("Never are more members chosen than that."),
    ("Panel", "opens_at"): _("By the clock of the program's time zone."),
    ("Panel", "picture"): _("The number of a picture that you uploaded under pictures and files."),
    ("Panel", "countries"): _("None: everywhere. By what your shop knows of the member."),
    ("Panel", "min_age"): _("By the date of birth; whoever gave none can’t apply."),
    ("Panel", "accept_days"): _("Whoever says nothing by then makes room for who stands by."),
    ("Buy", "reward"): _("Members pay its price in points to keep the product."),
}
KINDS: dict[str, Any] = {
    "Keep": _("testers keep it"),
    "SendBack": _("testers send it back"),
    "Buy": _("testers send it back, or keep it for points"),
    "AskText": _("in words"),
    "AskChoice": _("one of several options"),
    "AskChoices": _("several of the options"),
    "AskScale": _("a number on a scale"),
    "AskPhoto": _("a picture"),
}
ADDS: dict[str, Any] = {
    "asks": _("Add a question"),
    "questions": _("Add a question"),
    "options": _("Add an option"),
}
words_register(fields=FIELDS, help_texts=HELP, kinds=KINDS, adds=ADDS)
layouts.LAYOUTS["Panel"] = (
    (_("The test"), ("name", "product", "code", "description", "picture", "terms", "units")),
    (
        _("Who may apply, and when"),
        ("opens_at", "closes_at", "selects_on", "tiers", "segments", "countries", "min_age", "benefit"),
    ),
    (_("Questions"), ("asks", "questions")),
    (
        _("Sending, answering, going back"),
        ("accept_days", "ships", "travel_days", "answer_days", "remind_days", "after"),
    ),
)
section_title(SECTION, _("Product panels"))
