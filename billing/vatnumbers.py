"""VAT numbers of each country of the EU, Northern Ireland, the United Kingdom, Switzerland and Norway. Pure: form and
check digits are python-stdnum's; whether a company has the number isn't asked of anybody here.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from stdnum.ch import vat as swiss
from stdnum.eu import vat as european
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.gb import vat as british
from stdnum.no import mva as norwegian

from core.errors import InvalidInput

# One that is written right, by the two letters that it begins with.
EXAMPLES = {
    each[:2]: each
    for each in (
        "ATU13585627", "BE0403019261", "BG175074752", "CHE107787577MWST", "CY10259033P", "CZ25123891", "DE136695976",
        "DK13585628", "EE100931558", "EL094259216", "ESX1234567L", "FI20774740", "FR40303265045", "GB980780684",
        "HR33392005961", "HU12892312", "IE6433435F", "IT00743110157", "LT119511515", "LU15027442", "LV40003521600",
        "MT11679112", "NL123456789B13", "NO995525828MVA", "PL8567346215", "PT501964843", "RO18547290",
        "SE123456789701", "SI50223054", "SK2022749619", "XI980780684",
    )
}  # fmt: skip
# Stripe's names; all others are the EU's.
KINDS = {"CH": "ch_vat", "GB": "gb_vat", "NO": "no_vat"}


def vat_read(typed: str) -> str:
    """Without spaces, points and dashes, in capitals; empty where nothing was typed. InvalidInput with an example."""
    number = re.sub(r"[\s.\-]", "", typed).upper()
    # Greece's numbers begin with the letters of its own language.
    number = f"EL{number[2:]}" if number.startswith("GR") else number
    if not number:
        return ""
    letters = number[:2]
    if letters not in EXAMPLES:
        raise InvalidInput(
            _("Begin with the letters of a country in the EU, or with GB, CH or NO, such as NL123456789B13."),
            field="vat_id",
        )
    try:
        return _checked(letters, number)
    except InvalidChecksum as error:
        raise InvalidInput(
            _("The check digits of this VAT number don’t fit the rest: a digit or letter is wrong. Look at it again."),
            field="vat_id",
        ) from error
    except ValidationError as error:
        raise InvalidInput(
            _("This isn’t a whole VAT number: one that begins with %(letters)s looks like %(example)s.")
            % {"letters": letters, "example": EXAMPLES[letters]},
            field="vat_id",
        ) from error


def _checked(letters: str, number: str) -> str:
    """As it is written in full. stdnum's exceptions."""
    match letters:
        case "CH":
            return swiss.validate(number)
        case "GB":
            return letters + british.validate(number)
        case "NO":
            return letters + norwegian.validate(number)
        case _others:
            return european.validate(number)


def vat_told(number: str) -> dict[str, str]:
    """As Stripe takes it: each country by its kind, in the form that its invoices have there."""
    country = number[:2]
    if country == "CH":
        number = f"CHE-{number[3:6]}.{number[6:9]}.{number[9:12]} {number[12:]}"
    elif country == "NO":
        number = number[2:]
    return {"type": KINDS.get(country, "eu_vat"), "value": number}
