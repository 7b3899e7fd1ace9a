"""What suppliers answer, in words for the team. Stored are a short code and the supplier's own words behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.moneywords import money_words
from rewards.suppliers.models import SupplierDifference
from rewards.suppliers.pricing import digits_of

FAILURES = {
    "address_refused": _("Its address can’t be asked: only public addresses with https are."),
    "bad_value": _("The supplier doesn’t sell this product at that amount."),
    "busy": _("The supplier has too much to do just now."),
    "by_hand": _("The points were given back by hand."),
    "failed_there": _("The supplier took the order and then couldn’t deliver it."),
    "gone_there": _("The supplier no longer knows the order that it took."),
    "key_refused": _("The supplier doesn’t accept the key any more. Give a new one on the supplier’s page."),
    "no_answer": _("The supplier gave no answer for too long. Ask it whether it has the order."),
    "no_funds": _("The balance at the supplier is too low. Add money there."),
    "no_such_product": _("The supplier no longer has this product."),
    "not_ready": _("The supplier hasn’t got the code ready yet."),
    "other_amount": _("The supplier has the order with another product or amount. Ask it which is right."),
    "out_of_stock": _("The supplier has none left of this product."),
    "overdue": _("The supplier took the order and doesn’t deliver. Ask it what is keeping it."),
    "refused": _("The supplier doesn’t accept the order."),
    "server_error": _("Something went wrong at the supplier."),
    "unreachable": _("The supplier can’t be reached."),
    "unreadable": _("The supplier’s answer can’t be read."),
    "wrong_code": _("The supplier sent a code that belongs to another order. It isn’t given out."),
}

# The same codes of a question that isn't about an order: the balance, the catalogue, the books.
_ASKED: Mapping[str, Any] = {
    **FAILURES,
    "key_refused": _("The supplier doesn’t accept the key."),
    "no_answer": _("The supplier gave no answer."),
    "refused": _("The supplier doesn’t accept what it was asked."),
}
_THERE = {"pending": _("ordered"), "delivered": _("delivered"), "failed": _("failed")}
# How the way to a supplier notes its answers: the status and the code before the words, or the name of what broke.
_NOTED = re.compile(r"\d{3}(?:: | \S* ?|\Z)|[A-Z][A-Za-z]+\Z")
_ORDER = re.compile(r"(\S+) (pending|delivered|failed) (\d+)\Z")
_AMOUNT = re.compile(r"(.+) (\d+(?:\.\d+)?) ([A-Z]{3}) \((\d+)\)\Z")


def failure_words(code: str) -> str:
    """Empty for none; one that only the supplier knows by “the supplier doesn't accept the order”."""
    return str(FAILURES.get(code, FAILURES["refused"])) if code else ""


def answer_words(noted: str) -> str:
    """What the supplier answered last: our words for it, then its own where it said some."""
    return _answer_words(noted, FAILURES)


def problem_words(noted: str) -> str:
    """The same of a question about the balance, the catalogue or the books; what we noted in words, in the reader's."""
    return _answer_words(noted, _ASKED)


def _answer_words(noted: str, words: Mapping[str, Any]) -> str:
    code, mark, said = noted.partition(": ")
    if not mark or code not in words:
        return str(words[noted]) if noted in words else gettext(noted) if noted else ""
    mark_there = _NOTED.match(said)
    own = said[mark_there.end() :] if mark_there else said
    return f"{words[code]} “{own}”" if own not in ("", code) else str(words[code])


def difference_words(each: SupplierDifference, account_currency: str) -> tuple[str, str]:
    """What stands here and what stands there. account_currency: of what the supplier charges."""
    kinds = SupplierDifference.Kind
    here = gettext(each.ours) if each.ours else ""
    if each.kind == kinds.OTHER_AMOUNT:
        return _amount_words(each.ours, account_currency), _amount_words(each.theirs, account_currency)
    if each.kind == kinds.FAILED_THERE:
        return here, answer_words(each.theirs)
    if each.kind == kinds.OVERDUE:
        return here, str(_THERE.get(each.theirs, each.theirs))
    return here, "; ".join(_order_words(one, account_currency) for one in each.theirs.split(", "))


def _order_words(noted: str, currency: str) -> str:
    """so-1 delivered 2500: the order, what has become of it and what was charged."""
    found = _ORDER.match(noted)
    if found is None:
        return noted
    return f"{found[1]}, {_THERE[found[2]]}, {money_words(int(found[3]), currency, cents=True)}"


def _amount_words(noted: str, currency: str) -> str:
    """book-eur 25.00 EUR (2400): the product, its amount and what was charged."""
    found = _AMOUNT.match(noted)
    if found is None:
        return noted
    value = money_words(int(Decimal(found[2]).scaleb(digits_of(found[3]))), found[3], cents=True)
    charged = gettext("charged %(amount)s") % {"amount": money_words(int(found[4]), currency, cents=True)}
    return f"{found[1]}, {value}, {charged}"
