"""A member's tiers and whose they are, read in one call."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0026_lean_booking")]
    operations = [
        migrations.RunSQL((SQL / "0031_tiers_read.sql").read_text(), "DROP FUNCTION tiers_read(uuid, text, text)")
    ]
