"""Balances and whose they are, read in one call."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0022_book_or_fail")]
    operations = [migrations.RunSQL((SQL / "0027_balances.sql").read_text(), migrations.RunSQL.noop)]
