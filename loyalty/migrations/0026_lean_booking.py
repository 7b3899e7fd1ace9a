"""Reading and booking with less of the server's time."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0025_bonds_held_by_the_booking")]
    operations = [
        migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
        for name in ("0029_book_awards.sql", "0030_context.sql")
    ]
