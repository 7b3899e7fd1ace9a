"""How the forms of a program's draft call what stands in the section `benefits`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from loyalty.admin.forms.references import Choices, reference_register
from loyalty.admin.forms.words import words_register
from loyalty.admin.sections import section_title
from loyalty.definition.translation import text_in
from rewards.benefits.definition import SECTION
from rewards.benefits.models import Benefit

FIELDS: dict[tuple[str, str], Any] = {
    ("BenefitsSection", "benefits"): _("Benefits"),
    ("BenefitsSection", "discounts"): _("Of several discounts on a cart"),
    ("Benefit", "gives"): _("What it gives"),
    ("Benefit", "given_to"): _("Who gets it"),
    ("Benefit", "schedule"): _("Given"),
    ("Benefit", "allowance"): _("How often it may be used"),
    ("Benefit", "moments"): _("Dates in the calendar"),
    ("Discount", "percent"): _("Per cent"),
    ("Discount", "amount_minor"): _("Or an amount"),
    ("Discount", "where"): _("Only articles of which"),
    ("Discount", "at_least_minor"): _("From an amount of"),
    ("Discount", "combines"): _("May stand beside other discounts"),
    ("FreeShipping", "at_least_minor"): _("From an amount of"),
    ("EarlyAccess", "link"): _("Where it is"),
    ("Content", "link"): _("Where it is"),
    ("Recognition", "title"): _("Title"),
    ("PartnerCode", "partner"): _("Partner"),
    ("PartnerCode", "pool"): _("Pool with the partner’s codes"),
    ("PartnerCode", "link"): _("Where the code is used"),
    ("Beta", "flag"): _("Name of the feature, as your product knows it"),
    ("Allowance", "uses"): _("How often"),
    ("Allowance", "period"): _("In each"),
    ("Moment", "starts_at"): _("Begins"),
    ("Moment", "ends_at"): _("Ends"),
    ("Moment", "repeats"): _("Again each"),
    ("Moment", "times"): _("So many times in all"),
    ("Moment", "place"): _("Place"),
    ("Moment", "link"): _("Link"),
}
HELP: dict[tuple[str, str], Any] = {
    ("Benefit", "given_to"): _("Any one of these is enough. Nobody named: every member."),
    ("Benefit", "allowance"): _("Without one, uses are only noted."),
    ("Discount", "at_least_minor"): _("What those articles must come to, tax included."),
    ("PartnerCode", "pool"): _(
        "Import the codes there; we mail you when few are left. Each member sees the codes that they took, and nobody"
        " else’s."
    ),
    ("EarlyAccess", "link"): _("Its dates are those of the calendar: in from the start of each until its end."),
    ("Moment", "starts_at"): _("By the clock of the program's time zone."),
    ("Moment", "repeats"): _("Empty: once."),
    ("Moment", "times"): _("The first included. Empty: on and on."),
}
KINDS: dict[str, Any] = {
    "Discount": _("a discount"),
    "FreeShipping": _("free shipping"),
    "EarlyAccess": _("early access"),
    "Bonus": _("a bonus of your own"),
    "Content": _("content for members only"),
    "Recognition": _("recognition"),
    "Beta": _("a new feature before others"),
    "Invitation": _("invitations to events"),
    "PartnerCode": _("a partner’s code"),
}
CHOICES: dict[tuple[str, Any], Any] = {
    ("discounts", "best"): _("the one that saves most"),
    ("discounts", "combined"): _("each that may stand beside others"),
}
ADDS: dict[str, Any] = {
    "given_to": _("Add somebody who gets it"),
    "moments": _("Add a date"),
}


def _benefits(program: int) -> Choices:
    language = (get_language() or "en")[:2]
    rows = Benefit.objects.filter(program=program).order_by("position", "pk")
    return [(each.code, text_in(each.body.get("name") or each.code, language)) for each in rows]


words_register(fields=FIELDS, help_texts=HELP, kinds=KINDS, choices=CHOICES, adds=ADDS)
reference_register("benefit", _benefits)
section_title(SECTION, _("Benefits"))
