"""Functions that hold points, give them to another member, and prove both."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0009_points_on_their_way")]
    operations = [
        migrations.RunSQL(
            "\n".join(
                (SQL / name).read_text() for name in ("0010_hold.sql", "0011_transfer.sql", "0012_invariants.sql")
            ),
            migrations.RunSQL.noop,
        )
    ]
