"""Booking that fails where a member has moved, for a transaction that is sent whole."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0021_points_keep")]
    operations = [migrations.RunSQL((SQL / "0026_book_or_fail.sql").read_text(), migrations.RunSQL.noop)]
