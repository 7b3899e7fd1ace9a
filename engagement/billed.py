"""Mails about plans: before money moves, when it didn't, and when something ends. To the team when a key is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.leaving import account_left
from billing.models import Invoice, MembershipPlan, StripeConnection, Subscription, WinBackOffer
from billing.portal.words import every_words
from billing.winback import off_words, winback_terms
from core import clock
from core.outbox import Message, handler
from engagement.acts import offers_allowed
from loyalty.definition.translation import text_in
from loyalty.moneywords import money_words
from loyalty.selectors import program_now
from members.letters import letter_queue
from members.models import Member, User
from members.roles import OWNER

PAGE = "/membership/"
PLANS = "/plans/"


@handler("subscription.trial_ending")
def trial_ending(message: Message) -> None:
    """Before a trial ends: what happens then, and how to leave."""
    row = _row(message)
    if row is None or row.trial_end is None:
        return
    told = message.payload
    with translation.override(row.member.language):
        words = {"plan": str(row.plan), "date": _day(row, told["on"]), "amount": _each(row, _money(told))}
        text = (
            _("Your trial of %(plan)s ends on %(date)s. From then on it costs %(amount)s. If you don’t want that, "
              "leave before that day.") % words
            if told["has_card"]
            else _("Your trial of %(plan)s ends on %(date)s. Give a card before that day to go on.") % words
        )  # fmt: skip
        _letter(row.member, _("Your trial ends on %(date)s") % words, text)


@handler("subscription.renewal_near")
def renewal_near(message: Message) -> None:
    """Before a year renews."""
    row = _row(message)
    if row is None:
        return
    with translation.override(row.member.language):
        words = {"plan": str(row.plan), "date": _day(row, message.payload["on"]), "amount": _money(message.payload)}
        text = (
            _("%(plan)s renews for a year on %(date)s, for %(amount)s. Until then you can leave or change it.") % words
        )
        _letter(row.member, _("%(plan)s renews on %(date)s") % words, text)


@handler("invoice.payment_failed")
def payment_failed(message: Message) -> None:
    """Each time that a card is tried in vain, while it is still owed."""
    row = _row(message)
    if row is None or not row.live or row.first_failed_at is None:
        return
    with translation.override(row.member.language):
        words = {"plan": str(row.plan), "date": _day(row, row.access_until.isoformat()) if row.access_until else "",
                 "amount": _owed(message)}  # fmt: skip
        text = _("We couldn’t charge %(amount)s for %(plan)s. Give another card, and it is tried at once. If your bank "
                 "wants you to confirm the payment, pay the invoice itself.") % words  # fmt: skip
        if row.access_until is not None and row.access == Subscription.Access.HELD:
            text += " " + _("What the plan gives you holds until %(date)s.") % words
        _letter(
            row.member, _("Your payment for %(plan)s didn’t go through") % words, text,
            button=_("Pay or give another card"),
        )  # fmt: skip


@handler("subscription.canceled")
def leaving(message: Message) -> None:
    """Whoever asked for it: that it ends, and when. Not where it is over, or was taken back, before this is sent."""
    row = _row(message)
    if row is None or not row.live or not row.cancel_scheduled:
        return
    with translation.override(row.member.language):
        words = {"plan": str(row.plan), "date": _day(row, message.payload["ends_at"])}
        text = (
            _("%(plan)s ends on %(date)s and isn’t renewed. Until then all of it is yours.") % words
            if account_left(row)
            else _("%(plan)s ends on %(date)s and isn’t renewed. If you change your mind, take that back on the page "
                   "of your membership before that day.") % words
        )  # fmt: skip
        _letter(row.member, _("%(plan)s ends on %(date)s") % words, text)


@handler("subscription.ended")
def ended(message: Message) -> None:
    """Over, and how to come back. Not where another plan took its place."""
    row = _row(message)
    if row is None or "by" in message.payload:
        return
    with translation.override(row.member.language):
        words = {"plan": str(row.plan)}
        text = (
            _("%(plan)s has ended. You can come back whenever you like; your points are still yours.") % words
            if row.plan.for_sale
            else _("%(plan)s has ended. Your points are still yours.") % words
        )
        _letter(row.member, _("%(plan)s has ended") % words, text)


@handler("subscription.unused")
def unused(message: Message) -> None:
    """Paid for and not used: so that nobody pays for something they have forgotten."""
    row = _row(message)
    if row is None or not row.live or row.cancel_scheduled:
        return
    with translation.override(row.member.language):
        words = {"plan": str(row.plan), "n": message.payload["days"], "date": _next(row)}
        text = ngettext(
            "You have used nothing of %(plan)s for %(n)d day.", "You have used nothing of %(plan)s for %(n)d days.",
            words["n"],
        ) % words  # fmt: skip
        if words["date"]:
            text += " " + _("It renews on %(date)s. If you don’t need it, leave or pause before that day.") % words
        _letter(row.member, _("Are you still using %(plan)s?") % words, text)


@handler("subscription.cap_near")
@handler("subscription.cap_reached")
def cap_told(message: Message) -> None:
    """What a member uses comes near to the limit that they set themselves, or has reached it."""
    row = _row(message)
    if row is None or not row.live:
        return
    told = message.payload
    meter = MembershipPlan.objects.filter(program=row.plan.program_id, code=told["meter"]).first()
    with translation.override(row.member.language):
        words = {
            "what": str(meter or row.plan), "due": _money({**told, "amount_minor": told["due_minor"]}),
            "cap": _money({**told, "amount_minor": told["cap_minor"]}), "date": _next(row),
        }  # fmt: skip
        if message.topic == "subscription.cap_near":
            headline = _("You are near your limit for %(what)s") % words
            text = _("What you used of %(what)s comes to %(due)s so far. Your own limit is %(cap)s.") % words
        else:
            headline = _("Your limit for %(what)s is reached") % words
            text = _("What you used of %(what)s comes to %(due)s; your own limit is %(cap)s, so nothing more can be "
                     "used of it.") % words  # fmt: skip
        if words["date"]:
            text += " " + _("It counts anew from %(date)s. You can change your limit whenever you like.") % words
        _letter(row.member, headline, text, path=f"{PAGE}{row.public_id}/usage/")


@handler("subscription.trial_refused")
def trial_refused(message: Message) -> None:
    """A second trial was ended again at once."""
    rows = Subscription.objects.select_related("member", "plan")
    row = rows.filter(public_id=message.payload["subscription_id"]).first()
    if row is None or not row.member.email or row.member.status != Member.Status.ACTIVE:
        return
    with translation.override(row.member.language):
        words = {"plan": str(row.plan)}
        text = _("You had your free trial already, and a trial is had once. So the one of %(plan)s was ended at once, "
                 "and nothing was charged. You can join without a trial whenever you like.") % words  # fmt: skip
        _letter(
            row.member, _("Your trial of %(plan)s didn’t begin") % words, text, path=PLANS, button=_("See the plans")
        )


@handler("subscription.win_back")
def win_back(message: Message) -> None:
    """An offer to who left; to who allowed offers, and only while it is good."""
    row = _row(message)
    offer = WinBackOffer.objects.filter(subscription=row, redeemed_at__isnull=True).first() if row else None
    if row is None or offer is None or offer.expires_at <= clock.now() or not offers_allowed(row.member):
        return
    terms = winback_terms(offer)
    with translation.override(row.member.language):
        words = {"plan": str(row.plan), "date": _day(row, offer.expires_at.isoformat()), "off": off_words(terms.offer)}
        subject = text_in(terms.subject, row.member.language) or _("Come back to %(plan)s?") % words
        text = text_in(terms.text, row.member.language) or _("We’d like to have you back.")
        text += " " + _("Join again until %(date)s and get %(off)s. It is taken off by itself, once.") % words
        button = _("See the plans")
    letter_queue(
        kind="rule_message", to=row.member.email or "", language=row.member.language, path=PLANS, headline=subject,
        words=text, button=button,
    )  # fmt: skip


@handler("billing.attention")
def attention(message: Message) -> None:
    """To the owners: they alone can give another key, and look at the account's events."""
    account = StripeConnection.objects.filter(pk=message.payload["connection_id"]).first()
    if account is None:
        return
    for user in User.objects.filter(groups__name=OWNER, is_active=True).distinct().order_by("pk"):
        with translation.override(user.language):
            headline, text = _of_event(message) if "event_id" in message.payload else _of_key(account)
            if message.payload["what"] == "disconnected":
                headline, text = _of_goodbye(account)
        letter_queue(
            kind="plan_news", to=user.email, language=user.language, path="/admin/", headline=headline, words=text
        )


def _of_key(account: StripeConnection) -> tuple[str, str]:
    text = _(
        "Stripe refuses the key that ends in %(last4)s. Members keep what they paid for, but nobody can join "
        "or change a plan. Make a new restricted key and put it in its place."
    ) % {"last4": account.key_last4}
    return _("Stripe refuses the key"), text


def _of_goodbye(account: StripeConnection) -> tuple[str, str]:
    text = _(
        "The owner of the account %(account)s at Stripe took our access away. Members keep what they paid for, but "
        "nobody can join, and nothing is charged any more. Open an account anew, or connect one with a key."
    ) % {"account": account}
    return _("The account at Stripe was disconnected"), text


def _of_event(message: Message) -> tuple[str, str]:
    text = _(
        "The event %(event)s (%(type)s) came again, signed, and said something else than the first time. It was put "
        "in quarantine and nothing was done with it. Compare it with the one in Stripe’s dashboard, and take or drop "
        "it in the admin, under Events in quarantine."
    ) % {"event": message.payload["event_id"], "type": message.payload["type"]}
    return _("An event of Stripe’s came twice with different contents"), text


def _row(message: Message) -> Subscription | None:
    rows = Subscription.objects.select_related("member", "plan__program")
    row = rows.filter(public_id=message.payload["subscription_id"], duplicate=False).first()
    if row is None or not row.member.email or row.member.status != Member.Status.ACTIVE:
        return None
    return row


def _letter(member: Member, headline: str, words: str, *, path: str = PAGE, button: str = "") -> None:
    """button: what one can do where the letter leads; without it, that there is something to look at."""
    letter_queue(
        kind="plan_news", to=member.email or "", language=member.language, path=path, headline=headline, words=words,
        button=button,
    )  # fmt: skip


def _next(row: Subscription) -> str:
    return _day(row, row.period_end.isoformat()) if row.period_end is not None else ""


def _day(row: Subscription, text: str) -> str:
    """The day by the program's clock."""
    local = timezone.localtime(datetime.fromisoformat(text), program_now(row.plan.program_id).zone)
    return formats.date_format(local, "DATE_FORMAT")


def _each(row: Subscription, amount: str) -> str:
    """€19 a month: what comes back."""
    price = row.then_price or row.price
    return every_words(amount, price.every) if price is not None and amount else amount


def _owed(message: Message) -> str:
    """What is open of the invoice: the message says what was paid of it."""
    invoice = Invoice.objects.get(public_id=message.payload["invoice_id"])
    return money_words(invoice.due_minor - invoice.paid_minor, invoice.currency)


def _money(told: dict[str, Any]) -> str:
    return money_words(int(told["amount_minor"]), str(told["currency"])) if told["currency"] else ""
