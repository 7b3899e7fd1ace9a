"""Functions of lots that wait for an event, live by activity or lie in a shared account; what judging reads of them."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
FILES = ("0013_lots.sql", "0014_context.sql", "0015_invariants.sql")


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0013_lots_wait_and_roll")]
    operations = [
        migrations.RunSQL("\n".join((SQL / name).read_text() for name in FILES), migrations.RunSQL.noop),
    ]
