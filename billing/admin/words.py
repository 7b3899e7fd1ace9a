"""How the forms of a program's draft call what stands in the section `billing`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models import MembershipPlan
from billing.section import SECTION
from loyalty.admin.forms.references import Choices, reference_register
from loyalty.admin.forms.words import words_register
from loyalty.admin.sections import section_title

FIELDS: dict[tuple[str, str], Any] = {
    ("BillingSection", "plans"): _("Plans"),
    ("BillingSection", "grace_days"): _("Days of grace after a payment that failed"),
    ("BillingSection", "access_in_pause"): _("What the plan gives holds while the member pauses"),
    ("BillingSection", "clocks_in_pause"): _("While the member pauses, the clocks of points and tiers"),
    ("BillingSection", "suspend_on_dispute"): _("It is held back while a payment is disputed"),
    ("BillingSection", "refund_unused"): _("Who leaves gets the last payment back when nothing was used since"),
    ("BillingSection", "withdrawal_days"): _("Days after the first payment in which all is given back on leaving"),
    ("BillingSection", "trial_notice_days"): _("Notice so many days before a trial ends"),
    ("BillingSection", "yearly_notice_days"): _("Notice so many days before a year renews"),
    ("BillingSection", "automatic_tax"): _("Stripe works out the tax"),
    ("BillingSection", "stay_offer"): _("Money off for who is about to leave"),
    ("BillingSection", "leave_steps"): _("What is put to who is about to leave, before the last question"),
    ("BillingSection", "leave_reasons"): _("Reasons to leave"),
    ("BillingSection", "win_back"): _("Money off for who left"),
    ("BillingSection", "unused_notice_days"): _("Notice that nothing of the plan was used for so many days"),
    ("LeaveReason", "means"): _("Counted at Stripe as"),
    ("WinBack", "offer"): _("What they get"),
    ("WinBack", "after_days"): _("Written so many days after they left"),
    ("WinBack", "valid_days"): _("Good for so many days"),
    ("WinBack", "plans"): _("Only who left these plans"),
    ("WinBack", "subject"): _("Subject of the mail"),
    ("WinBack", "text"): _("Text of the mail"),
    ("BillingSection", "most_pause_months"): _("Months that a member can pause at most"),
    ("Plan", "features"): _("What the page lists"),
    ("Plan", "group"): _("Group"),
    ("Plan", "level"): _("Level"),
    ("Plan", "charge"): _("What it costs"),
    ("Plan", "tier"): _("Its members stand at least on the tier"),
    ("Plan", "promotion_codes"): _("Promotion codes are taken on joining"),
    ("Plan", "offered"): _("Can be joined"),
    ("Plan", "box"): _("What each cycle sends"),
    ("Plan", "parts"): _("Sold together (a bundle)"),
    ("Box", "items"): _("What is in the box"),
    ("Box", "choices"): _("What can be had instead"),
    ("Box", "extras"): _("What can be added for money"),
    ("Box", "every"): _("A box every"),
    ("Box", "cut_off_days"): _("Closed so many days before the cycle"),
    ("Box", "first_days"): _("Days that the first box stays open"),
    ("Box", "sends_after_days"): _("Leaves so many days after the cycle begins"),
    ("Box", "closing_notice_days"): _("Notice so many days before a box closes"),
    ("Box", "most_skips"): _("Cycles ahead that can be skipped"),
    ("Box", "most_delay_days"): _("Days that a box can be sent later"),
    ("Box", "most_quantity"): _("How many of it at most"),
    ("Box", "countries"): _("Countries it is sent to"),
    ("BoxItem", "sku"): _("Article number"),
    ("BoxItem", "count"): _("How many"),
    ("BoxExtra", "sku"): _("Article number"),
    ("BoxExtra", "prices"): _("Prices"),
    ("BoxPrice", "amount_minor"): _("Amount"),
    ("BoxPrice", "money_currency"): _("Currency"),
    ("PlanTier", "ladder"): _("Ladder"),
    ("PlanTier", "tier"): _("Tier"),
    ("OneFee", "prices"): _("Prices"),
    ("OneFee", "valid_months"): _("For how many months"),
    ("OneFee", "valid_days"): _("Or for how many days"),
    ("Recurring", "prices"): _("Prices"),
    ("Recurring", "trial"): _("Trial"),
    ("Recurring", "intro"): _("Money off for who joins"),
    ("Amount", "amount_minor"): _("Amount"),
    ("Amount", "money_currency"): _("Currency"),
    ("Rate", "amount_minor"): _("Amount"),
    ("Rate", "money_currency"): _("Currency"),
    ("Rate", "every"): _("Paid every"),
    ("Amount", "countries"): _("For members in"),
    ("Rate", "countries"): _("For members in"),
    ("AddOn", "prices"): _("Prices"),
    ("AddOn", "to"): _("Can be added to the plans"),
    ("AddOn", "most"): _("How many at most"),
    ("AddOn", "segment"): _("Who has it is in the segment"),
    ("Metered", "prices"): _("Prices of one use"),
    ("Metered", "benefit"): _("Uses of the benefit"),
    ("Metered", "included"): _("Uses of a period that cost nothing"),
    ("Metered", "to"): _("Belongs to the plans"),
    ("Trial", "card"): _("A card is asked for"),
    ("Trial", "at_end"): _("Who has given no card by its end"),
    ("Intro", "percent"): _("Per cent"),
    ("Intro", "amount_minor"): _("Or an amount"),
    ("Intro", "money_currency"): _("Currency of the amount"),
    ("Intro", "duration"): _("For how long"),
    ("Intro", "months"): _("Months, when it repeats"),
}
HELP: dict[tuple[str, str], Any] = {
    ("Plan", "group"): _("Of one group a member has one plan at a time."),
    ("Plan", "level"): _("Higher is more: moving there is an upgrade, charged at once."),
    ("Plan", "offered"): _("Who has it keeps it."),
    ("Plan", "parts"): _("Codes of plans and add-ons. Who has the bundle has what each gives, for this plan’s price."),
    ("Rate", "amount_minor"): _("Another amount is for new members: who pays the old one goes on paying it."),
    ("Amount", "countries"): _("None: for everybody who has no price of their own country."),
    ("Rate", "countries"): _("None: for everybody who has no price of their own country."),
    ("OneFee", "valid_months"): _("Left out: for life."),
    ("Box", "every"): _("Left out: one for each payment. Otherwise so often within what was paid for."),
    ("Box", "first_days"): _("It is paid on joining, before it could be changed."),
    ("Box", "closing_notice_days"): _("0: nobody is told. Members can turn it off for themselves."),
    ("Box", "countries"): _("None: anywhere."),
    ("BoxExtra", "prices"): _("Once, on the member’s next invoice."),
    ("Metered", "to"): _("Codes of plans. None: all that are paid again and again."),
    ("AddOn", "to"): _("Codes of plans. None: all that are paid again and again."),
    ("AddOn", "segment"): _("As long as they have it; rules and benefits can ask for it."),
    ("Trial", "days"): _("Once per person."),
    ("BillingSection", "stay_offer"): _("Offered once; leaving is always one click away."),
    ("BillingSection", "leave_steps"): _("Leaving is one click away on every step."),
    ("BillingSection", "leave_reasons"): _("None: the product’s own eight reasons."),
    ("BillingSection", "win_back"): _("Goes to who allowed offers by e-mail, once a year at most, and is used once."),
    ("BillingSection", "unused_notice_days"): _("To who pays, once for each charge at most. 0: nobody is told."),
    ("WinBack", "plans"): _("None: all plans that are paid for."),
    ("WinBack", "text"): _("Left out: the product’s own words. What they get, and until when, is added."),
    ("BillingSection", "automatic_tax"): _("An address is asked for on joining."),
}
KINDS: dict[str, Any] = {
    "Free": _("nothing"),
    "OneFee": _("one fee"),
    "Recurring": _("a price that comes back"),
    "AddOn": _("a price on top of a plan"),
    "Metered": _("a price for each use, paid afterwards"),
}
CHOICES: dict[tuple[str, Any], Any] = {
    ("clocks_in_pause", "freeze"): _("stand still"),
    ("clocks_in_pause", "run"): _("run on"),
    ("every", "week"): _("week"),
    ("every", "month"): _("month"),
    ("every", "quarter"): _("quarter"),
    ("every", "year"): _("year"),
    ("at_end", "cancel"): _("leaves"),
    ("at_end", "invoice"): _("gets an invoice"),
    ("at_end", "pause"): _("is paused until there is a card"),
    ("duration", "once"): _("the first payment"),
    ("duration", "repeating"): _("some months"),
    ("duration", "forever"): _("for ever"),
    ("leave_steps", "reason"): _("the question why"),
    ("leave_steps", "pause"): _("pause or skip"),
    ("leave_steps", "offer"): _("the offer"),
    ("means", "too_expensive"): _("too expensive"),
    ("means", "unused"): _("not used"),
    ("means", "missing_features"): _("something is missing"),
    ("means", "switched"): _("went elsewhere"),
    ("means", "hard_to_use"): _("hard to use"),
    ("means", "service"): _("the service"),
    ("means", "quality"): _("the quality"),
    ("means", "other"): _("something else"),
}
ADDS: dict[str, Any] = {
    "plans": _("Add a plan"),
    "leave_reasons": _("Add a reason"),
    "features": _("Add a line"),
    "choices": _("Add a choice"),
    "extras": _("Add an extra"),
    "parts": _("Add a part"),
    "countries": _("Add a country"),
}

words_register(fields=FIELDS, help_texts=HELP, kinds=KINDS, choices=CHOICES, adds=ADDS)
section_title(SECTION, _("Plans and billing"))


def _plan_groups(program: int) -> Choices:
    """Those that its plans are of, the usual one first."""
    usual = "membership"
    known = set(MembershipPlan.objects.filter(program=program).values_list("group", flat=True)) - {usual}
    return [(usual, gettext("%(group)s (the usual one)") % {"group": usual}), *((each, each) for each in sorted(known))]


# Not those in which rules are weighed against each other, which a field of that name offers elsewhere.
reference_register("group", _plan_groups, owner="Plan")
