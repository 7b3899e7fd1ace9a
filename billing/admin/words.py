"""How the forms of a program's draft call what stands in the section `billing`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.section import SECTION
from loyalty.admin.forms.words import words_register
from loyalty.admin.sections import section_title

FIELDS: dict[tuple[str, str], Any] = {
    ("BillingSection", "plans"): _("Plans"),
    ("BillingSection", "grace_days"): _("Days of grace after a payment that failed"),
    ("BillingSection", "access_in_pause"): _("What the plan gives holds while the member pauses"),
    ("BillingSection", "clocks_in_pause"): _("While the member pauses, the clocks of points and tiers"),
    ("BillingSection", "suspend_on_dispute"): _("It is held back while a payment is disputed"),
    ("BillingSection", "refund_unused"): _("Who leaves gets the last payment back when nothing was used since"),
    ("BillingSection", "withdrawal_days"): _("Days after joining in which the first payment is given back on leaving"),
    ("BillingSection", "trial_notice_days"): _("Notice so many days before a trial ends"),
    ("BillingSection", "yearly_notice_days"): _("Notice so many days before a year renews"),
    ("BillingSection", "automatic_tax"): _("Stripe works out the tax"),
    ("BillingSection", "stay_offer"): _("Money off for who is about to leave"),
    ("BillingSection", "most_pause_months"): _("Months that a member can pause at most"),
    ("Plan", "features"): _("What the page lists"),
    ("Plan", "group"): _("Group"),
    ("Plan", "level"): _("Level"),
    ("Plan", "charge"): _("What it costs"),
    ("Plan", "tier"): _("Its members stand at least on the tier"),
    ("Plan", "promotion_codes"): _("Promotion codes are taken on joining"),
    ("Plan", "offered"): _("Can be joined"),
    ("Plan", "box"): _("What each cycle sends"),
    ("Box", "items"): _("What is in the box"),
    ("Box", "choices"): _("What can be had instead"),
    ("Box", "extras"): _("What can be added for money"),
    ("Box", "every"): _("A box every"),
    ("Box", "cut_off_days"): _("Closed so many days before the cycle"),
    ("Box", "first_days"): _("Days that the first box stays open"),
    ("Box", "sends_after_days"): _("Leaves so many days after the cycle begins"),
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
    ("Recurring", "prices"): _("Prices"),
    ("Recurring", "trial"): _("Trial"),
    ("Recurring", "intro"): _("Money off for who joins"),
    ("Amount", "amount_minor"): _("Amount"),
    ("Amount", "money_currency"): _("Currency"),
    ("Rate", "amount_minor"): _("Amount"),
    ("Rate", "money_currency"): _("Currency"),
    ("Rate", "every"): _("Paid every"),
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
    ("Rate", "amount_minor"): _("Another amount is for new members: who pays the old one goes on paying it."),
    ("OneFee", "valid_months"): _("Left out: for life."),
    ("Box", "every"): _("Left out: one for each payment. Otherwise so often within what was paid for."),
    ("Box", "first_days"): _("It is paid on joining, before it could be changed."),
    ("Box", "countries"): _("Two letters each. Left out: anywhere."),
    ("BoxExtra", "prices"): _("Once, on the member’s next invoice."),
    ("Trial", "days"): _("Once per person."),
    ("BillingSection", "stay_offer"): _("Offered once; leaving is always one click away."),
    ("BillingSection", "automatic_tax"): _("An address is asked for on joining."),
}
KINDS: dict[str, Any] = {
    "Free": _("nothing"),
    "OneFee": _("one fee"),
    "Recurring": _("a price that comes back"),
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
}
ADDS: dict[str, Any] = {
    "plans": _("Add a plan"),
    "features": _("Add a line"),
    "choices": _("Add a choice"),
    "extras": _("Add an extra"),
    "countries": _("Add a country"),
}

words_register(fields=FIELDS, help_texts=HELP, kinds=KINDS, choices=CHOICES, adds=ADDS)
section_title(SECTION, _("Plans and billing"))
