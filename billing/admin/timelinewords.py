"""The timeline of a subscription in words: what each of its lines says to staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from billing.admin.acts import ACTS
from billing.models import Subscription, SubscriptionChange
from core.backoffice.columns import actor_names
from core.backoffice.words import DASH
from loyalty.admin.amounts import money

Details = dict[str, Any]

PLAIN: dict[str, Any] = {
    "duplicated": gettext_lazy("A second one beside the first: canceled and paid back"),
    "trial_refused": gettext_lazy("A second trial: ended again, nothing was charged"),
    "cap_near": gettext_lazy("Told that their limit for uses is near"),
    "cap_reached": gettext_lazy("Told that their limit for uses is reached"),
    "kept": gettext_lazy("Goes on after all"),
    "resumed": gettext_lazy("Goes on after the pause"),
    "recovered": gettext_lazy("What was late is paid"),
    "converted": gettext_lazy("The trial became a paid subscription"),
    "disputed": gettext_lazy("A payment is disputed at the bank"),
    "dispute_closed": gettext_lazy("The dispute is over"),
    "access_began": gettext_lazy("What the plan gives holds"),
    "access_ended": gettext_lazy("What the plan gives doesn’t hold any more"),
    "keep_asked": gettext_lazy("Asked to stay after all"),
    "change_withdrawn": gettext_lazy("Took the change of plan back"),
    "offer_taken": gettext_lazy("Took the offer and stays"),
    "box_address_asked": gettext_lazy("Asked where the box is to be sent"),
    "box_closing_told": gettext_lazy("Told that the box closes soon"),
    "unused_told": gettext_lazy("Told that nothing of the plan was used"),
    "win_back": gettext_lazy("Written to with an offer to come back"),
    "send_now_asked": gettext_lazy("Asked for the next box at once"),
    "refund_promised": gettext_lazy("With the leaving, a payment is given back"),
}
STEPS: dict[str, Any] = {
    "reason": gettext_lazy("the question why"),
    "pause": gettext_lazy("pause or skip"),
    "offer": gettext_lazy("the offer"),
    "confirm": gettext_lazy("the last question"),
}
REASONS: dict[str, Any] = {
    "too_expensive": gettext_lazy("too expensive"),
    "unused": gettext_lazy("not used"),
    "missing_features": gettext_lazy("something is missing"),
    "switched": gettext_lazy("went elsewhere"),
    "hard_to_use": gettext_lazy("hard to use"),
    "service": gettext_lazy("the service"),
    "quality": gettext_lazy("the quality"),
    "other": gettext_lazy("something else"),
    "staff": gettext_lazy("ended by the team"),
}


class TimelineRow(Struct, frozen=True, kw_only=True):
    """A line as it is shown. said: what the member or staff wrote with it."""

    at: datetime
    words: str
    who: str
    said: str = ""


def timeline_rows(
    row: Subscription, *, people: bool, kinds: frozenset[str] = frozenset(), since: datetime | None = None
) -> list[TimelineRow]:
    """Newest first. people: whether the reader may see what members wrote. kinds, since: only these, only from then."""
    found = SubscriptionChange.objects.filter(subscription=row)
    if kinds:
        found = found.filter(kind__in=kinds)
    if since is not None:
        found = found.filter(at__gte=since)
    changes = list(found.order_by("-at", "-pk"))
    names = actor_names(each.actor for each in changes)
    return [
        TimelineRow(
            at=each.at,
            words=words_of(each),
            who=_who(each.actor, names),
            said=str(each.details.get("comment") or "") if people else "",
        )
        for each in changes
    ]


def words_of(change: SubscriptionChange) -> str:
    """What happened, in the reader's language; a kind that nobody has words for stands for itself."""
    told = _TOLD.get(change.kind)
    if told is not None:
        return told(change.details)
    return str(PLAIN.get(change.kind, change.kind))


def _who(actor: str, names: dict[str, str]) -> str:
    if actor in names:
        return names[actor]
    if actor.startswith("member:"):
        return _("the member")
    return _("Stripe") if actor == "system:billing" else actor


# --- kinds that say more ---------------------------------------------------------------------------------------------
def day(text: str | None) -> str:
    """An ISO time as a day of the reader's."""
    return date_format(timezone.localtime(datetime.fromisoformat(text)), "SHORT_DATE_FORMAT") if text else DASH


def moment(text: str) -> str:
    """The same with its time."""
    return date_format(timezone.localtime(datetime.fromisoformat(text)), "SHORT_DATETIME_FORMAT")


def _billing(code: str) -> str:
    return str(dict(Subscription.Billing.choices).get(code, code))


def _sum(details: Details, of: str = "total_minor") -> str:
    invoice = details.get("invoice") or {}
    return money(int(invoice.get(of) or 0), str(invoice.get("currency") or ""))


def _started(details: Details) -> str:
    return _("Joined, with a trial") if details.get("trial") else _("Joined")


def _ended(details: Details) -> str:
    if "by" in details:
        return _("Ended: the plan %(plan)s took its place") % {"plan": details["by"]}
    because = {
        "customer_deleted": _("the customer was deleted at Stripe"),
        "refunded": _("the payment was given back"),
        "dispute_lost": _("the dispute was lost"),
    }.get(str(details.get("because", "")))
    return _("Ended: %(why)s") % {"why": because} if because else _("Ended")


def _asked_to_leave(details: Details) -> str:
    why = str(REASONS.get(str(details.get("reason")), details.get("reason") or DASH))
    text = _("Asked to leave at once") if details.get("when") == "now" else _("Asked to leave at the period’s end")
    return f"{text} ({why})"


def _failed(details: Details) -> str:
    words = {"n": details.get("attempts") or 1, "date": day(details.get("next_attempt_at"))}
    if details.get("next_attempt_at"):
        return _("The card was tried in vain (%(n)s); tried again on %(date)s") % words
    return _("The card was tried in vain (%(n)s)") % words


def _change_asked(details: Details) -> str:
    words = {"plan": details.get("to_plan", ""), "date": day(details.get("begins_at"))}
    if details.get("when") == "now":
        return _("Asked for the plan %(plan)s at once") % words
    return _("Asked for the plan %(plan)s from %(date)s") % words


def _cap_set(details: Details) -> str:
    words = {
        "meter": details.get("meter", ""),
        "sum": money(details.get("cap_minor"), str(details.get("currency") or "")),
    }
    if details.get("cap_minor") is None:
        return _("Took the limit off %(meter)s") % words
    return _("Set a limit of %(sum)s for %(meter)s") % words


def _by_staff(details: Details) -> str:
    act = ACTS.get(str(details.get("act")))
    return f"{act.title if act else details.get('act', '')}: {details.get('reason', '')}"


_TOLD: dict[str, Callable[[Details], str]] = {
    "started": _started,
    "ended": _ended,
    "canceled": lambda told: _("Ends on %(date)s") % {"date": day(told.get("ends_at"))},
    "paused": lambda told: (
        _("Paused until %(date)s") % {"date": day(told["resumes_at"])} if told.get("resumes_at") else _("Paused")
    ),
    "moved": lambda told: f"{_billing(str(told.get('before')))} → {_billing(str(told.get('after')))}",
    "changed": lambda told: (
        _("Plan %(before)s → %(after)s") % {"before": told.get("from_plan"), "after": told.get("to_plan")}
    ),
    "paid": lambda told: _("Paid %(sum)s") % {"sum": _sum(told)},
    "refunded": lambda told: (
        _("Paid back %(back)s of %(sum)s") % {"back": _sum(told, "refunded_minor"), "sum": _sum(told)}
    ),
    "payment_failed": _failed,
    "trial_ending": lambda told: _("Told that the trial ends on %(date)s") % {"date": day(told.get("on"))},
    "renewal_near": lambda told: _("Told that the year renews on %(date)s") % {"date": day(told.get("on"))},
    "cancel_asked": _asked_to_leave,
    "skip_asked": lambda told: _("Asked to skip until %(date)s") % {"date": day(told.get("resumes_at"))},
    "pause_asked": lambda told: _("Asked to pause until %(date)s") % {"date": day(told.get("resumes_at"))},
    "resume_asked": lambda told: (
        _("Asked to go on, charged at once") if told.get("charged") else _("Asked to go on as if nothing had been")
    ),
    "change_asked": _change_asked,
    "cancel_step": lambda told: (
        _("On the way out, saw: %(step)s") % {"step": STEPS.get(str(told.get("step")), told.get("step"))}
    ),
    "cap_set": _cap_set,
    "add_on_asked": lambda told: (
        _("Asked for %(n)s × %(add_on)s") % {"n": told.get("quantity"), "add_on": told.get("add_on")}
    ),
    "add_on_changed": lambda told: (
        _("%(add_on)s: %(before)s → %(after)s")
        % {"add_on": told.get("add_on"), "before": told.get("before"), "after": told.get("after")}
    ),
    "credit_settled": lambda told: (
        _("What was to be credited is paid back: %(sum)s")
        % {"sum": money(told.get("amount_minor"), str(told.get("currency") or ""))}
        if told.get("amount_minor")
        else _("Nothing was left to be credited")
    ),
    "bought_again": lambda told: (
        _("Bought again: it holds until %(date)s") % {"date": day(told.get("until"))}
        if told.get("until")
        else _("Bought again")
    ),
    "period_given": lambda told: _("The period from %(date)s costs nothing") % {"date": day(told.get("from"))},
    "quantity_asked": lambda told: (
        _("Asked for %(after)s boxes instead of %(before)s")
        % {"before": told.get("before"), "after": told.get("after")}
    ),
    "staff_act": _by_staff,
}
