"""The rows of a draft and the plain values of the document's lists: each kind of row once, both ways without loss.

Currencies, ladders with their tiers and rules have tables of their own; every further list of the document stands in
DraftPart under the list's name, so that a list that joins the document is kept without anything being added here.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from loyalty.definition.lists import document_lists
from loyalty.models import DraftPart, EarningRule, Ladder, PointCurrency, Program, Tier

Plain = dict[str, Any]
Row = PointCurrency | Ladder | EarningRule | DraftPart
# Name of the document's list → the model of its rows; any other list is of parts.
TABLES: dict[str, type[PointCurrency | Ladder | EarningRule]] = {
    "currencies": PointCurrency,
    "ladders": Ladder,
    "rules": EarningRule,
}


def rows_of(program: Program, kind: str) -> models.QuerySet[Any]:
    """The rows of one list, in its order."""
    table = TABLES.get(kind)
    if table is None:
        return DraftPart.objects.filter(program=program, kind=kind).order_by("position", "id")
    return table.objects.filter(program=program).order_by("position", "id")


def lists_plain(program: Program) -> Plain:
    """All lists of the draft; a list without pieces is there only when it has a table of its own."""
    tiers: dict[int, list[Plain]] = {}
    for tier in Tier.objects.filter(ladder__program=program).order_by("position", "id"):
        tiers.setdefault(tier.ladder_id, []).append({**tier.body, "code": tier.code})
    plain: Plain = {name: [] for name in TABLES}
    for name in TABLES:
        for row in rows_of(program, name):
            piece = row_plain(row, name)
            if isinstance(row, Ladder):
                piece["tiers"] = tiers.get(row.pk, [])
            plain[name].append(piece)
    for part in DraftPart.objects.filter(program=program).order_by("position", "id"):
        plain.setdefault(part.kind, []).append(row_plain(part, part.kind))
    return plain


def row_plain(row: Any, kind: str) -> Plain:
    """One row as plain values, a ladder without its tiers."""
    body = {**row.body, _key(kind): row.code}
    if isinstance(row, EarningRule):
        body["trigger"] = row.trigger
        if not row.enabled:
            body["enabled"] = False
    return body


def row_new(program: Program, kind: str, position: int | None = None) -> Any:
    """A row of the list, not saved yet; behind all others unless told where."""
    if position is None:
        last = rows_of(program, kind).aggregate(last=models.Max("position"))["last"]
        position = 0 if last is None else last + 1
    table = TABLES.get(kind)
    if table is None:
        return DraftPart(program=program, kind=kind, position=position)
    return table(program=program, position=position)


def row_fill(row: Any, kind: str, plain: Plain) -> None:
    """Columns and body of a row from the piece."""
    key = _key(kind)
    apart = {key}
    if isinstance(row, EarningRule):
        apart |= {"trigger", "enabled"}
        row.trigger, row.enabled = plain["trigger"], plain.get("enabled", True)
    if isinstance(row, Ladder):
        apart.add("tiers")
    row.code = plain[key]
    row.body = {name: value for name, value in plain.items() if name not in apart}


def tiers_write(ladder: Ladder, tiers: list[Plain]) -> None:
    """The ladder's tiers in the place of those it has."""
    Tier.objects.filter(ladder=ladder).delete()
    Tier.objects.bulk_create(
        [
            Tier(ladder=ladder, code=each["code"], position=rank, body={k: v for k, v in each.items() if k != "code"})
            for rank, each in enumerate(tiers)
        ]
    )


def lists_write(program: Program, plain: Plain) -> None:
    """A row per piece, in the document's order, in the place of all that there are."""
    Tier.objects.filter(ladder__program=program).delete()
    for model in (EarningRule, Ladder, PointCurrency, DraftPart):
        model._default_manager.filter(program=program).delete()
    for kind in document_lists():
        rows = []
        for position, piece in enumerate(plain.get(kind, [])):
            row = row_new(program, kind, position)
            row_fill(row, kind, piece)
            rows.append(row)
        if rows:
            type(rows[0])._default_manager.bulk_create(rows)
    for ladder, piece in zip(rows_of(program, "ladders"), plain.get("ladders", []), strict=True):
        tiers_write(ladder, piece["tiers"])


def _key(kind: str) -> str:
    shape = document_lists().get(kind)
    return shape.key if shape is not None else "code"
