"""VAT numbers as they are written: of each country of the EU, Northern Ireland, the United Kingdom, Switzerland and
Norway. Pure: whether a company has the number isn't asked of anybody here.

The forms are those that the EU's own look-up (VIES) and the tax offices of the other three publish.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from core.errors import InvalidInput

# What follows the two letters, and one that is written right.
FORMS: dict[str, tuple[str, str]] = {
    "AT": (r"U\d{8}", "ATU12345678"),
    "BE": (r"[01]\d{9}", "BE0123456789"),
    "BG": (r"\d{9,10}", "BG123456789"),
    "CH": (r"E\d{9}(MWST|TVA|IVA)", "CHE123456789MWST"),
    "CY": (r"\d{8}[A-Z]", "CY12345678X"),
    "CZ": (r"\d{8,10}", "CZ12345678"),
    "DE": (r"\d{9}", "DE123456789"),
    "DK": (r"\d{8}", "DK12345678"),
    "EE": (r"\d{9}", "EE123456789"),
    "EL": (r"\d{9}", "EL123456789"),
    "ES": (r"[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z]", "ESX1234567X"),
    "FI": (r"\d{8}", "FI12345678"),
    "FR": (r"[A-HJ-NP-Z0-9]{2}\d{9}", "FR12345678901"),
    "GB": (r"\d{9}|\d{12}|(GD|HA)\d{3}", "GB123456789"),
    "HR": (r"\d{11}", "HR12345678901"),
    "HU": (r"\d{8}", "HU12345678"),
    "IE": (r"\d{7}[A-W][A-I]?|\d[A-Z+*]\d{5}[A-W]", "IE1234567WA"),
    "IT": (r"\d{11}", "IT12345678901"),
    "LT": (r"\d{9}|\d{12}", "LT123456789"),
    "LU": (r"\d{8}", "LU12345678"),
    "LV": (r"\d{11}", "LV12345678901"),
    "MT": (r"\d{8}", "MT12345678"),
    "NL": (r"\d{9}B\d{2}", "NL123456789B01"),
    "NO": (r"\d{9}MVA", "NO123456789MVA"),
    "PL": (r"\d{10}", "PL1234567890"),
    "PT": (r"\d{9}", "PT123456789"),
    "RO": (r"\d{2,10}", "RO1234567890"),
    "SE": (r"\d{10}01", "SE123456789001"),
    "SI": (r"\d{8}", "SI12345678"),
    "SK": (r"\d{10}", "SK1234567890"),
    "XI": (r"\d{9}|\d{12}|(GD|HA)\d{3}", "XI123456789"),
}
# Stripe's names; all others are the EU's.
KINDS = {"CH": "ch_vat", "GB": "gb_vat", "NO": "no_vat"}


def vat_read(typed: str) -> str:
    """Without spaces, points and dashes, in capitals; empty where nothing was typed. InvalidInput with an example."""
    number = re.sub(r"[\s.\-]", "", typed).upper()
    # Greece's numbers begin with the letters of its own language.
    number = f"EL{number[2:]}" if number.startswith("GR") else number
    if not number:
        return ""
    form, example = FORMS.get(number[:2], ("", ""))
    if not form:
        raise InvalidInput(
            _("Begin with the letters of a country in the EU, or with GB, CH or NO, such as NL123456789B01."),
            field="vat_id",
        )
    if re.fullmatch(form, number[2:], re.ASCII) is None:
        raise InvalidInput(
            _("This isn’t a whole VAT number: one that begins with %(letters)s looks like %(example)s.")
            % {"letters": number[:2], "example": example},
            field="vat_id",
        )
    return number


def vat_told(number: str) -> dict[str, str]:
    """As Stripe takes it: each country by its kind, in the form that its invoices have there."""
    country = number[:2]
    if country == "CH":
        number = f"CHE-{number[3:6]}.{number[6:9]}.{number[9:12]} {number[12:]}"
    elif country == "NO":
        number = number[2:]
    return {"type": KINDS.get(country, "eu_vat"), "value": number}
