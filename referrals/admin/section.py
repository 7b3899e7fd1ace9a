"""How the form of a program's draft calls what stands in the section `referrals`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty.admin.forms.layouts import layout_register
from loyalty.admin.forms.words import words_register
from loyalty.admin.sections import section_title
from referrals.definition import SECTION

FIELDS: dict[tuple[str, str], Any] = {
    ("Referrals", "enabled"): _("Members can bring friends"),
    ("Referrals", "conversion"): _("What the friend must do"),
    ("Referrals", "referrer"): _("What the one gets who brings a friend"),
    ("Referrals", "friend"): _("What the friend gets"),
    ("Referrals", "milestones"): _("Milestones"),
    ("Referrals", "hold_days"): _("Given so many days after the friend's step"),
    ("Referrals", "join_days"): _("A friend can say who brought them for so many days after joining"),
    ("Referrals", "signals"): _("What speaks against a referral"),
    ("Referrals", "flag_at"): _("Your team looks from a weight of"),
    ("Referrals", "own_codes"): _("Members may choose their code"),
    ("Referrals", "keep_traces_days"): _("Traces are kept for days"),
    ("Referrals", "share_text"): _("Goes with the link"),
    ("Referrals", "landing_text"): _("What the friend reads"),
    ("Conversion", "trigger"): _("When this happens"),
    ("Conversion", "least_minor"): _("An order of at least"),
    ("Conversion", "within_days"): _("Within so many days"),
    ("Side", "description"): _("The reason that they read"),
    ("FriendMilestone", "at"): _("After so many friends that count"),
    ("FriendMilestone", "description"): _("The reason that they read"),
    ("FriendMilestone", "effects"): _("What it gives on top"),
    ("Signals", "same_person"): _("The same phone number, or name and date of birth"),
    ("Signals", "similar_email"): _("Nearly the same e-mail"),
    ("Signals", "same_address"): _("The same postal address"),
    ("Signals", "same_card"): _("The same card"),
    ("Signals", "many_from_ip"): _("Many friends from one IP address"),
    ("Signals", "not_first_order"): _("Not the first order"),
    ("Signal", "does"): _("If so"),
    ("Signal", "weight"): _("Weight"),
    ("CrowdSignal", "does"): _("If so"),
    ("CrowdSignal", "weight"): _("Weight"),
    ("CrowdSignal", "at_least"): _("From how many friends"),
    ("CrowdSignal", "days"): _("Within so many days"),
}
HELP: dict[tuple[str, str], Any] = {
    ("Referrals", "enabled"): _("Switched off, friends who are under way still count."),
    ("Referrals", "hold_days"): _("Your return period: until then nothing is given, and a return undoes it."),
    ("Referrals", "flag_at"): _("Weights of the signals that are found are added up."),
    ("Referrals", "keep_traces_days"): _("IP addresses, cards and postal addresses, as keyed hashes only."),
    ("Conversion", "least_minor"): _("That much must be left of it after returns, too. 0: any order."),
    ("Conversion", "within_days"): _("Of being brought. Empty: whenever."),
    ("Side", "caps"): _("Shared with rules that name the same limit."),
}
CHOICES: dict[tuple[str, Any], Any] = {
    ("does", "off"): _("nothing: it isn't looked at"),
    ("does", "flag"): _("your team looks at it"),
    ("does", "block"): _("nothing is given"),
}

words_register(fields=FIELDS, help_texts=HELP, choices=CHOICES)
layout_register(
    "Referrals",
    (
        (_("Bringing friends"), ("enabled", "conversion")),
        (_("What both get"), ("referrer", "friend", "milestones")),
        (_("When it is given"), ("hold_days", "join_days")),
        (_("What members and friends read"), ("share_text", "landing_text", "own_codes")),
        (_("Abuse"), ("signals", "flag_at", "keep_traces_days")),
    ),
)
section_title(SECTION, _("Friends"))
