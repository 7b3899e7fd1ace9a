"""What a member wants to know before taking a reward: what it is worth, from which order on, how long, where."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.countries import countries_known
from loyalty.moneywords import money_words
from rewards.kinds.shapes import DiscountCode, GiftCard, Physical, StoreCredit, Supplied
from rewards.section import RewardPiece

Facts = list[tuple[str, str]]


def facts_of(piece: RewardPiece, money: str) -> Facts:
    """Name and value of each. money: the program's, where an amount doesn't say its own."""
    kind, found = piece.kind, Facts()
    own = getattr(kind, "money_currency", None) or money
    match kind:
        case DiscountCode():
            worth = f"{kind.percent}%" if kind.percent is not None else money_words(kind.amount_minor or 0, own)
            found.append((_("Discount"), worth))
            if kind.minimum_minor:
                found.append((_("From an order of"), money_words(kind.minimum_minor, own)))
        case GiftCard() | StoreCredit():
            found.append((_("Worth"), money_words(kind.amount_minor, own)))
        case Supplied() if kind.amount_minor:
            found.append((_("Worth"), money_words(kind.amount_minor, own)))
        case Physical():
            found.append((_("Delivery"), _("sent to your address")))
    if piece.countries:
        found.append((_("Only in"), ", ".join(name for _code, name in countries_known(piece.countries))))
    if piece.valid_months:
        months = ngettext("%(n)d month", "%(n)d months", piece.valid_months) % {"n": piece.valid_months}
        found.append((_("To be used within"), months))
    return found
