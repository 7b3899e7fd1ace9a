"""Places are working data of the brand, not part of a program: made by hand, or many at once from a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from claims.models import Place
from claims.rotating import secret_new
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput

FIELDS = (
    "code",
    "name",
    "kind",
    "address",
    "latitude",
    "longitude",
    "radius_m",
    "active",
    "starts_at",
    "ends_at",
    "tags",
)
MAX_TAGS, MAX_TAG, MAX_ROWS = 20, 40, 10_000
COLUMNS = ("code", "name", "kind", "address", "latitude", "longitude", "radius_m", "tags")
NEEDED = ("code", "name", "latitude", "longitude")


def place_save(*, place: Place | None, fields: Mapping[str, Any], actor: Actor) -> Place:
    """Make a place or change one. InvalidInput names the field; a code can't be given twice."""
    with transaction.atomic():
        row = place or Place(secret=secret_new())
        before = {name: getattr(row, name) for name in FIELDS}
        for name in FIELDS:
            if name in fields:
                setattr(row, name, fields[name])
        row.tags = tags_read(row.tags)
        if row.starts_at and row.ends_at and row.ends_at <= row.starts_at:
            raise InvalidInput(_("It ends before it begins."), field="ends_at")
        _valid(row)
        row.save()
        changed = {
            name: [str(before[name]), str(getattr(row, name))] for name in FIELDS if before[name] != getattr(row, name)
        }
        action = "place.change" if place else "place.create"
        audit_record(actor=actor.name, action=action, object_type="place", object_id=row.pk, changes=changed)
    return row


def place_secret_renew(*, place: Place, actor: Actor) -> Place:
    """A new secret: every code that was ever on the place's screens is worth nothing from now on."""
    with transaction.atomic():
        row = Place.objects.select_for_update().get(pk=place.pk)
        row.secret = secret_new()
        row.save(update_fields=["secret"])
        audit_record(actor=actor.name, action="place.renew", object_type="place", object_id=row.pk)
    return row


def tags_read(given: Any) -> list[str]:
    """Tags, each once, from a list or a text with commas."""
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, list | tuple) or not all(isinstance(each, str) for each in parts):
        raise InvalidInput(_("Tags are texts with commas between them."), field="tags")
    tags = list(dict.fromkeys(each.strip() for each in parts if each.strip()))
    if len(tags) > MAX_TAGS or any(len(each) > MAX_TAG for each in tags):
        raise InvalidInput(
            _("At most %(n)d tags of at most %(m)d characters.") % {"n": MAX_TAGS, "m": MAX_TAG}, field="tags"
        )
    return tags


def _valid(row: Place) -> None:
    try:
        row.full_clean(exclude=["secret"])
    except ValidationError as error:
        told = error.message_dict
        field = next(iter(told))
        where = {"__all__": "radius_m" if "radius" in str(told) else "latitude"}.get(field, field)
        raise InvalidInput(" ".join(told[field]), field=where) from error


class ImportReport(msgspec.Struct):
    """What became of a file. refused: (line, what was wrong)."""

    made: int = 0
    changed: int = 0
    refused: list[tuple[int, str]] = msgspec.field(default_factory=list)


def places_import(*, text: str, actor: Actor) -> ImportReport:
    """Places from CSV, matched by code; a bad line is told and left out, the others count.

    Columns: code, name, latitude, longitude; kind, address, radius_m and tags (with ; between them) as you like.
    InvalidInput when the file as a whole can't be read.
    """
    report = ImportReport()
    for line, row in _rows(text):
        known = Place.objects.filter(code=row.get("code", "")).first()
        try:
            place_save(place=known, fields=_row_fields(row), actor=actor)
        except InvalidInput as error:
            report.refused.append((line, f"{error.field}: {error.detail}"))
        else:
            report.changed, report.made = report.changed + bool(known), report.made + (not known)
    return report


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    first = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text.replace("\x00", "")), delimiter=";" if ";" in first and "," not in first else ","
    )
    names = [str(name).strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in NEEDED if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    if missing or unknown:
        raise InvalidInput(
            _("The first line must name the columns: %(names)s.") % {"names": ", ".join(COLUMNS)},
            field="file",
            hint=_("Missing or unknown: %(names)s.") % {"names": ", ".join([*missing, *unknown])[:200]},
        )
    reader.fieldnames = names
    for count, row in enumerate(reader):
        if count >= MAX_ROWS:
            raise InvalidInput(_("The file has more than %(n)d lines.") % {"n": MAX_ROWS}, field="file")
        yield reader.line_num, {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}


def _row_fields(row: Mapping[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: row[name] for name in ("code", "name", "address") if name in row}
    for name in ("latitude", "longitude"):
        try:
            fields[name] = Decimal(row.get(name, "").replace(",", ".")).quantize(Decimal("0.000001"))
        except InvalidOperation as error:
            raise InvalidInput(_("This is not a number."), field=name) from error
    if row.get("radius_m"):
        if not row["radius_m"].isdecimal() or len(row["radius_m"]) > 6:
            raise InvalidInput(_("This is not a number."), field="radius_m")
        fields["radius_m"] = int(row["radius_m"])
    if row.get("kind"):
        fields["kind"] = row["kind"]
    if row.get("tags"):
        fields["tags"] = row["tags"].split(";")
    return fields
