"""Where in the draft a problem is: in words, and the address of the very field."""

from __future__ import annotations

import re
from typing import Any

from django.urls import reverse

from loyalty.admin.forms.editor import field_path
from loyalty.admin.forms.kinds import list_one
from loyalty.admin.forms.labels import FIELDS
from loyalty.definition.lists import document_lists
from loyalty.draftrows import rows_of
from loyalty.models import Program

_NAMES = re.compile(r"[A-Za-z_]\w*")


def placed(program: Program, problems: list[dict[str, str]]) -> list[dict[str, str]]:
    """Each problem with its place in words, and the address of the field that it is about."""
    return [{**each, **_place(program, each["path"])} for each in problems]


def _place(program: Program, path: str) -> dict[str, str]:
    kind, _bracket, rest = path.partition("[")
    number, _close, inner = rest.partition("]")
    if kind not in document_lists() or not number.isdigit():
        anchor = field_path(path).replace(".", "-")
        url = f"{reverse('admin:loyalty_program_change', args=[program.pk])}#{anchor}"
        return {"url": url, "place": _field_words(path)}
    row = rows_of(program, kind)[int(number) :].first()
    if row is None:
        return {"url": "", "place": ""}
    name = {"rules": "earningrule", "currencies": "pointcurrency", "ladders": "ladder"}.get(kind, "draftpart")
    anchor = field_path(inner.lstrip(".")).replace(".", "-")
    url = f"{reverse(f'admin:loyalty_{name}_change', args=[row.pk])}#{anchor}"
    return {"url": url, "place": _joined(list_one(kind), row, _field_words(inner))}


def _joined(noun: str, row: Any, field: str) -> str:
    """“Rule “Happy hour” › Priority”."""
    piece = f"{noun[:1].upper()}{noun[1:]} “{row}”"
    return f"{piece} › {field}" if field else piece


def _field_words(path: str) -> str:
    """What the form calls the field at the path's end; nothing where the form has no word for it."""
    names = _NAMES.findall(path)
    while len(names) > 1 and names[-1] == "of" and path.endswith("]"):
        names.pop()  # one of several conditions stands under the field that has them all
    known = FIELDS.get(names[-1]) if names else None
    return str(known) if known is not None else ""
