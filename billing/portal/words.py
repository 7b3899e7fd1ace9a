"""How members read plans and subscriptions: prices, trials, discounts, states, refusals."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from billing.models import PlanPrice, Subscription
from billing.plans import definition_of
from billing.section import EVERY_WORDS, Intro, Trial
from billing.standing import State
from core.errors import DomainError
from loyalty.definition.basics import LocalText
from loyalty.definition.translation import number_text, text_in
from loyalty.moneywords import money_words

# What these say is for the brand's team; members only need to know that it isn't about them.
TEAMS_OWN = frozenset({"stripe_not_connected", "stripe_key_refused", "stripe_key_not_accepted"})


CARDS = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "jcb": "JCB", "unionpay": "UnionPay"}


class Badge(NamedTuple):
    word: str
    tone: str


def local(text: LocalText) -> str:
    """A text of the document in the reader's language."""
    return text_in(text, (get_language() or "en")[:2])


def every_words(amount: str, every: str) -> str:
    """€19 a month; an amount that is paid once stays as it is."""
    phrases = {
        "week": _("%(amount)s a week"),
        "month": _("%(amount)s a month"),
        "quarter": _("%(amount)s every three months"),
        "year": _("%(amount)s a year"),
    }
    return phrases[every] % {"amount": amount} if every else _("%(amount)s once") % {"amount": amount}


def price_words(price: PlanPrice, quantity: int = 1) -> str:
    return every_words(money_words(price.amount_minor * quantity, price.currency), price.every)


def period_words(every: str) -> str:
    """By what a choice of prices is named."""
    phrases = {"week": _("By the week"), "month": _("By the month"), "quarter": _("Every three months"),
               "year": _("By the year"), "": _("Once")}  # fmt: skip
    return phrases[every]


def meter_words(price: PlanPrice) -> str:
    """Deliveries: 2 included a month, then €1.50 each."""
    words = {
        "name": local(definition_of(price.plan).name), "amount": money_words(price.amount_minor, price.currency),
        "n": price.included, "every": _(EVERY_WORDS[price.every]),
    }  # fmt: skip
    if price.included:
        return _("%(name)s: %(n)d included %(every)s, then %(amount)s each") % words
    return _("%(name)s: %(amount)s each") % words


def intro_minor(intro: Intro, price: PlanPrice) -> int:
    """What is paid while the discount holds, rounded as Stripe rounds: half a cent up."""
    if intro.percent is not None:
        off = (price.amount_minor * int(intro.percent * 100) + 5000) // 10000
    elif intro.money_currency == price.currency:
        off = intro.amount_minor or 0
    else:
        off = 0
    return max(0, price.amount_minor - off)


def intro_words(intro: Intro, price: PlanPrice) -> str:
    """What a price is at first; empty where this discount takes nothing off it."""
    reduced = intro_minor(intro, price)
    if reduced == price.amount_minor:
        return ""
    amount = money_words(reduced, price.currency)
    if intro.duration == "forever":
        return _("for you %(amount)s, for as long as you stay") % {"amount": every_words(amount, price.every)}
    if intro.duration == "repeating" and intro.months:
        return ngettext(
            "%(amount)s in the first month", "%(amount)s in the first %(n)d months", intro.months
        ) % {"amount": every_words(amount, price.every), "n": intro.months}  # fmt: skip
    return _("first payment %(amount)s") % {"amount": amount}


def off_words(intro: Intro) -> str:
    """Half off your next payment."""
    if intro.percent is not None:
        much = f"{number_text(intro.percent)}\u00a0%"
    else:
        much = money_words(intro.amount_minor or 0, intro.money_currency or "")
    if intro.duration == "forever":
        return _("%(much)s off, for as long as you stay") % {"much": much}
    if intro.duration == "repeating" and intro.months:
        return ngettext(
            "%(much)s off for a month", "%(much)s off for %(n)d months", intro.months
        ) % {"much": much, "n": intro.months}  # fmt: skip
    return _("%(much)s off your next payment") % {"much": much}


def trial_words(trial: Trial) -> str:
    return ngettext("%(n)d day for free", "%(n)d days for free", trial.days) % {"n": trial.days}


def trial_end_words(trial: Trial) -> str:
    """What happens after the trial, by what is asked for and set."""
    if trial.card:
        return _("We ask for a card now and charge it only when the trial ends. Leave before that and you pay nothing.")
    if trial.at_end == "cancel":
        return _("No card needed. Without one, it just ends with the trial.")
    if trial.at_end == "pause":
        return _("No card needed. Without one, it pauses after the trial until you give one.")
    return _("No card needed now. When the trial ends you get an invoice.")


def card_words(row: Subscription) -> str:
    """Visa ending in 4242; empty where no card is known."""
    if not row.card_last4:
        return ""
    brand = CARDS.get(row.card_brand, row.card_brand.replace("_", " ").capitalize())
    return _("%(brand)s ending in %(digits)s") % {"brand": brand or _("Card"), "digits": row.card_last4}


def state_badge(state: State) -> Badge:
    words = {
        "free": Badge(_("Free"), "good"),
        "pending": Badge(_("Waiting for the payment"), "warn"),
        "trialing": Badge(_("Trial"), "good"),
        "active": Badge(_("Active"), "good"),
        "paused": Badge(_("Paused"), "warn"),
        "past_due": Badge(_("Payment is late"), "bad"),
        "suspended": Badge(_("On hold"), "bad"),
        "ended": Badge(_("Ended"), ""),
        "one_time": Badge(_("Paid"), "good"),
        "duplicate": Badge(_("Ended"), ""),
    }
    return words[state]


def refusal_words(error: DomainError) -> str:
    """A refusal as a member reads it: what is the matter, and what to do. Stripe's own sentences stay out of it."""
    if error.context.get("code_said") == "account_invalid":
        return _(
            "This was paid through an account that isn’t ours any more, so nothing was changed. Contact us about it."
        )
    if error.code in TEAMS_OWN:
        return _(
            "Payments can’t be taken just now. It’s not you or your card, and nothing was charged. Try again later."
        )
    if error.code in ("stripe_refused", "stripe_object_missing"):
        return _("The payment service didn’t accept this, so nothing was changed. Try again, or contact us.")
    if error.code == "already_subscribed" and str(error.detail) == str(error.title):
        return _("You have a plan of this kind already. Change it instead of joining a second one.")
    if error.code == "price_not_offered" and str(error.detail) == str(error.title):
        return _("Choose one of the prices.")
    if error.code == "price_not_offered":
        return str(error.detail)
    if error.code == "busy":
        return _("We’re busy with this already. Nothing was changed; try again in a moment.")
    return " ".join(filter(None, [str(error.detail), str(error.hint)]))
