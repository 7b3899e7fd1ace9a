"""Balances and tiers are read by two statements each."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0028_backfills_canceled")]
    operations = [
        migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
        for name in ("0032_balances.sql", "0033_tiers_read.sql")
    ]
