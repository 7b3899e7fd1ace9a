"""Why somebody holds a benefit, in words: BenefitGrant.causes writes `tier:club:vip`, `plan:gold`, `segment:press`."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.definition.document import Document
from loyalty.definition.translation import Teller


def causes_words(causes: Iterable[str], document: Document) -> str:
    teller = Teller(document, _, (get_language() or "en")[:2])
    return ", ".join(_cause_words(str(each), teller) for each in causes)


def _cause_words(cause: str, teller: Teller) -> str:
    match cause.split(":"):
        case ["tier", ladder, tier]:
            return _("tier %(name)s") % {"name": teller.tier(ladder, tier)}
        case ["plan", plan]:
            return _("plan %(name)s") % {"name": plan}
        case ["segment", segment]:
            return _("segment %(name)s") % {"name": segment}
        case ["everyone"]:
            return _("everyone")
        case ["staff"]:
            return _("given by hand")
    return cause
