"""What rewards promise once they can be reserved; and the catalogue as it stands, in the drafts of its programs."""

from collections import defaultdict
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


def _text(own, dutch):
    return {"en": own, "nl": dutch} if dutch else own


def _piece(row, zone):
    """The row as `sections.rewards` writes it, without what is at its default."""
    local = lambda moment: moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment else None  # noqa: E731  (one line, used twice below)
    price = {"points": row.price, "currency": row.currency}
    piece = {
        "code": row.code,
        "name": _text(row.name, row.name_nl),
        "description": _text(row.description, row.description_nl),
        "terms": row.terms,
        "emoji": row.emoji,
        "kind": {"kind": "pool_code", "pool": row.pool.name} if row.pool_id else None,
        "prices": [price],
        "tiers": list(row.tiers),
        "stock": row.stock_total,
        "limit_per_member": row.limit_per_member,
        "valid_days": row.valid_days,
        "starts_at": local(row.starts_at),
        "ends_at": local(row.ends_at),
        "position": row.position,
        "unit_cost_minor": row.unit_cost_minor,
        "face_value_minor": row.face_value_minor,
    }
    kept = {
        key: value for key, value in piece.items() if value not in (None, "", [], 0) or (key, value) == ("stock", 0)
    }
    return kept if row.active else {**kept, "offered": False}


def catalogue_into_drafts(apps, schema_editor):
    """A reward in points or for tiers that the draft doesn't have stays out: it would stand in the way of publishing."""
    rows = defaultdict(list)
    for row in apps.get_model("rewards", "Reward").objects.select_related("program", "pool").order_by("position", "id"):
        rows[row.program].append(row)
    pieces = apps.get_model("loyalty", "PointCurrency"), apps.get_model("loyalty", "Tier")
    for program, rewards in rows.items():
        currencies, tiers = (
            set(model.objects.filter(**where).values_list("code", flat=True))
            for model, where in zip(pieces, ({"program": program}, {"ladder__program": program}), strict=True)
        )
        zone = ZoneInfo(program.settings.get("program", {}).get("time_zone", "UTC"))
        items = [_piece(row, zone) for row in rewards if row.currency in currencies and tiers.issuperset(row.tiers)]
        if items and "rewards" not in program.sections:
            program.sections = {**program.sections, "rewards": {"items": items}}
            program.save(update_fields=["sections"])
    apps.get_model("rewards", "Reward").objects.filter(pool__isnull=False).update(kind="pool_code")


class Migration(migrations.Migration):
    dependencies = [("rewards", "0005_catalogue_kinds"), ("loyalty", "0018_given_before")]
    operations = [
        migrations.RunSQL((SQL / "0004_reserved.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunPython(catalogue_into_drafts, migrations.RunPython.noop),
    ]
