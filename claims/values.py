"""The fields of a claim, read by what the document says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from loyalty.definition.claims import ClaimField, ClaimType
from loyalty.payloads import text_check

MAX_TEXT = 300


def fields_read(fields: Iterable[ClaimField], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values by code. given: JSON values, null and "" for none. InvalidInput names `fields.<code>`."""
    known = {each.code: each for each in fields}
    for code in given:
        if code not in known:
            names = ", ".join(known) or _("none")
            raise InvalidInput(
                _("There is no such field."),
                field=f"fields.{code[:40]}",
                hint=_("Fields: %(names)s.") % {"names": names},
            )
    found: dict[str, Any] = {}
    for code, field in known.items():
        value = given.get(code)
        if value is None or value == "":
            if field.needed:
                raise InvalidInput(_("This field is missing."), field=f"fields.{code}")
            continue
        found[code] = _value(field, value)
    return found


def _value(field: ClaimField, value: Any) -> Any:
    where = f"fields.{field.code}"
    if field.kind in ("number", "money"):
        return _number(field, value, where)
    if not isinstance(value, str):
        raise InvalidInput(_("This must be a text."), field=where)
    text_check(value, where)
    if field.kind == "date":
        return _date(value, where)
    if field.kind == "choice" and value not in {each.code for each in field.choices}:
        codes = ", ".join(each.code for each in field.choices)
        raise InvalidInput(_("Choose one of: %(codes)s.") % {"codes": codes}, field=where)
    if len(value) > MAX_TEXT:
        raise InvalidInput(_("This text is longer than %(n)d characters.") % {"n": MAX_TEXT}, field=where)
    return value.strip()


def _number(field: ClaimField, value: Any, where: str) -> int:
    if type(value) is not int:
        wanted = _("an amount in minor units") if field.kind == "money" else _("a whole number")
        raise InvalidInput(_("This must be %(wanted)s.") % {"wanted": wanted}, field=where)
    most = 10**11 if field.most is None else field.most
    if not field.least <= value <= most:
        raise InvalidInput(
            _("This must lie between %(least)d and %(most)d.") % {"least": field.least, "most": most}, field=where
        )
    return value


def _date(value: str, where: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise InvalidInput(_("Write the date as YYYY-MM-DD."), field=where) from error


def fingerprint_of(claim_type: ClaimType, values: Mapping[str, Any]) -> str:
    """What is the same for two claims of one thing, by unique_by; "" where a value is missing or nothing is asked."""
    parts = [values.get(code) for code in claim_type.unique_by]
    if not parts or any(each is None for each in parts):
        return ""
    plain = [claim_type.code, *(_plain(each) for each in parts)]
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()


def _plain(value: Any) -> str:
    """Case, blanks and punctuation differ between two who type the same number."""
    return "".join(each for each in str(value).casefold() if each.isalnum())
