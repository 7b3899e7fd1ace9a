"""Balances and tiers are read as one text each."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "0034_reads_as_text.sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0031_program_titles")]
    operations = [
        migrations.RunSQL(
            SQL.read_text(),
            "DROP FUNCTION balances_told(uuid, text, text, timestamptz); DROP FUNCTION tiers_told(uuid, text, text)",
        )
    ]
