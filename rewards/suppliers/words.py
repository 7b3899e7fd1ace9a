"""Why an order at a supplier didn't come, in words for the team; what is stored is a short code."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

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
    "unreachable": _("The supplier can’t be reached."),
    "wrong_code": _("The supplier sent a code that belongs to another order. It isn’t given out."),
}


def failure_words(code: str) -> str:
    """Empty for none; one that only the supplier knows by “the supplier doesn't accept the order”."""
    return str(FAILURES.get(code, FAILURES["refused"])) if code else ""


def answer_words(noted: str) -> str:
    """What the supplier answered last: our words for it, then its own where it said some."""
    code, mark, said = noted.partition(": ")
    if not mark or code not in FAILURES:
        return str(FAILURES[noted]) if noted in FAILURES else noted
    own = "" if said in ("", code) else f" “{said}”"
    return f"{FAILURES[code]}{own}"
